import { readdirSync, readFileSync } from "node:fs";

/**
 * Processor time (microseconds) that the processes started by this one have taken so far: the runtime's. Unlike what the clock says
 * it hardly changes when others use the machine too. Undefined where the system does not tell (it is read from Linux's /proc).
 */
export function processorTime(): number | undefined {
  try {
    return children().reduce((sum, pid) => sum + timeOf(pid), 0);
  } catch {
    return undefined;
  }
}

function children(): readonly string[] {
  return readdirSync("/proc/self/task").flatMap((thread) => {
    const text = readFileSync(`/proc/self/task/${thread}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ");
  });
}

/** The first number of a thread's `schedstat` is the nanoseconds that it ran. */
function timeOf(pid: string): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [ran = "0"] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return sum + Number(ran) / 1000;
  }, 0);
}
