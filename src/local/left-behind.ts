import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

/** How long (milliseconds) killed processes may take to be gone. */
const PATIENCE = 10_000;

/**
 * Ends every process that carries this variable in its environment, and returns when they are gone, with the ports they held.
 *
 * A runtime does not end with a parent that was killed: it goes on serving, and writing. It is known by what it was started
 * with and not by a remembered pid, which may be another's by now, and which nobody could note of a runtime that had only just
 * begun, or that was restarted after a crash.
 */
export async function endLeftBehind(name: string, value: string): Promise<readonly number[]> {
  const found = await carriersOf(`${name}=${value}`);
  for (const pid of found) kill(pid);
  const deadline = Date.now() + PATIENCE;
  while (found.some(isRunning)) {
    if (Date.now() > deadline) throw new Error(`expected the processes ${found.join(", ")} of an earlier run to end, got some that still run.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (fault) {
    // It has ended by itself.
    if ((fault as NodeJS.ErrnoException).code !== "ESRCH") throw fault;
  }
}

async function carriersOf(entry: string): Promise<readonly number[]> {
  const found = process.platform === "linux" ? fromProc(entry) : process.platform === "win32" ? [] : await fromPs(entry);
  return found.filter((pid) => pid !== process.pid);
}

function fromProc(entry: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => environmentOf(name).includes(entry))
    .map(Number);
}

/** Empty where the process is gone, is going, or is another user's. */
function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** Where there is no /proc, as on macOS: `ps` prints the environment behind the command. */
async function fromPs(entry: string): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-axEww", "-o", "pid=,command="], { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split("\n")
    .filter((line) => `${line} `.includes(` ${entry} `))
    .map((line) => Number.parseInt(line, 10));
}

/** A process that is killed loses its environment first, then its files and ports, thread by thread; what is then left is only for its parent to read. */
function isRunning(pid: number): boolean {
  try {
    if (process.platform === "linux")
      return readdirSync(`/proc/${pid}/task`).length > 1 || !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
