import { mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { endLeftBehind } from "./left-behind.ts";

/** How long (milliseconds) a folder may still be held by a process that was killed: it lets go once the last of its threads has ended. */
const ENDING = 1_000;

/** What every process that works on a folder of state carries in its environment: which folder. */
const MARK = "RIVULET_STATE_OF";

/** SQLite's code for a database that another process has locked. */
const SQLITE_BUSY = 5;

/** A folder of state that is ours alone. */
export interface StateClaim {
  /** The folder, without symbolic links. */
  readonly folder: string;
  /** To be in the environment of each process that is started on this state. */
  readonly mark: Readonly<Record<string, string>>;
  /** Ends what was started with the mark and still runs, and lets go. */
  release(): Promise<void>;
}

/**
 * Claims a folder of state for this process. Where another server holds it, refuses; where one was killed, ends what it left
 * behind, for two runtimes on one state would each believe to be alone.
 *
 * The lock is SQLite's on a file of its own, so the operating system takes it back however the process ends, and two that start
 * at once cannot both get it. A runtime does not inherit it.
 */
export async function claimState(stateDir: string): Promise<StateClaim> {
  await mkdir(stateDir, { recursive: true });
  const folder = await realpath(stateDir);
  const owner = join(folder, "server.pid");
  const lock = new DatabaseSync(join(folder, "server.lock"), { timeout: ENDING });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (fault) {
    lock.close();
    if ((fault as { errcode?: number }).errcode !== SQLITE_BUSY) throw fault;
    throw new Error(
      `expected ${stateDir} to be free, got a server that uses it: process ${await ownerIn(owner)}. Stop it, or set STATE_DIR to another folder.`,
      { cause: fault },
    );
  }
  try {
    const ended = await endLeftBehind(MARK, folder);
    if (ended.length > 0) console.log(`ended what a killed server had left behind: process ${ended.join(", ")}`);
    await writeFile(owner, `${process.pid}\n`);
  } catch (fault) {
    lock.close();
    throw fault;
  }
  return {
    folder,
    mark: { [MARK]: folder },
    async release() {
      await endLeftBehind(MARK, folder);
      await rm(owner, { force: true });
      lock.close();
    },
  };
}

async function ownerIn(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch {
    return "unknown"; // it has only just begun, or is just ending
  }
}
