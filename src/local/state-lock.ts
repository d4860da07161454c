import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Owner {
  readonly pid: number;
  /** The runtime's processes: they outlive a parent that was killed, and would go on writing. */
  readonly runtime: readonly number[];
}

/** A folder of state that is ours alone. */
export interface StateClaim {
  /** Notes which runtime processes serve, so that a later start can end them should this process be killed. */
  serving(): Promise<void>;
  released(): Promise<void>;
}

/**
 * Claims a folder of state for this process. Where another server holds it, refuses; where one was killed, ends the runtime
 * that it left behind, for two runtimes on one state would each believe to be alone.
 */
export async function claimState(stateDir: string): Promise<StateClaim> {
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, "server.json");
  const before = await readOwner(file);
  if (before && isServer(before.pid))
    throw new Error(`expected ${stateDir} to be free, got a server that uses it: process ${before.pid}. Stop it, or set STATE_DIR.`);
  for (const pid of before?.runtime ?? []) if (commandOf(pid).includes("workerd")) await end(pid);
  await writeFile(file, JSON.stringify({ pid: process.pid, runtime: [] } satisfies Owner));
  return {
    async serving() {
      await writeFile(file, JSON.stringify({ pid: process.pid, runtime: childrenOf(process.pid) } satisfies Owner));
    },
    released: () => rm(file, { force: true }),
  };
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Owner;
  } catch {
    return undefined; // none, or one that was cut off while written: nobody to mind
  }
}

function isServer(pid: number): boolean {
  return pid !== process.pid && commandOf(pid).includes("src/local/");
}

async function end(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  while (commandOf(pid) !== "") await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A process's command line; empty where it is gone, or where the system has no /proc. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((child) => {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${child}/stat`, "utf8")) ?? [];
        return Number(parent) === pid;
      });
  } catch {
    return [];
  }
}
