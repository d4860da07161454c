import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that runs; one that has ended and waits to be reaped is none. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** Every process that runs now. */
export function processes(): readonly Process[] {
  return process.platform === "linux" ? fromProc() : fromPs();
}

/** The processes that one started, those that these started, and so on. */
export function descendantsOf(pid: number): readonly number[] {
  const all = processes();
  const found: number[] = [];
  const visit = (parent: number): void => {
    for (const child of all.filter((candidate) => candidate.parent === parent)) {
      found.push(child.pid);
      visit(child.pid);
    }
  };
  visit(pid);
  return found;
}

/** The processes that have a file under the folder open: the runtimes on a state, whoever started them. */
export function usersOf(folder: string): readonly number[] {
  if (process.platform !== "linux") return usersByLsof(folder);
  return processes()
    .map(({ pid }) => pid)
    .filter((pid) => openFiles(pid).some((file) => file.startsWith(`${folder}/`)));
}

export function isRunning(pid: number): boolean {
  return processes().some((found) => found.pid === pid);
}

function openFiles(pid: number): readonly string[] {
  return quietly([], () => readdirSync(`/proc/${pid}/fd`).map((fd) => quietly("", () => readlinkSync(`/proc/${pid}/fd/${fd}`))));
}

function fromProc(): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => quietly([], () => fromLine(Number(name), readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) /s, ""))));
}

function fromPs(): readonly Process[] {
  const lines = execFileSync("ps", ["-axo", "pid=,stat=,ppid=,pgid="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [pid, ...rest] = line.trim().split(/\s+/);
    return fromLine(Number(pid), rest.join(" "));
  });
}

/** From "state parent group …". */
function fromLine(pid: number, line: string): readonly Process[] {
  const [state = "", parent, group] = line.split(" ");
  return /^[ZX]/.test(state) ? [] : [{ pid, parent: Number(parent), group: Number(group) }];
}

function usersByLsof(folder: string): readonly number[] {
  return quietly([], () => execFileSync("lsof", ["-t", "+D", folder], { encoding: "utf8" }).trim().split("\n").map(Number));
}

/** Processes come and go while one looks at them. */
function quietly<Value>(otherwise: Value, look: () => Value): Value {
  try {
    return look();
  } catch {
    return otherwise;
  }
}
