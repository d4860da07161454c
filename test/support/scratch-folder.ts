import { access, constants, mkdtemp, realpath, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk in memory, where there is one. */
const IN_MEMORY = "/dev/shm";
/** Bytes that must be free there: containers are often given next to nothing. */
const ENOUGH = 4 * 1024 ** 3;

/**
 * A new folder for a server's state; in memory where there is room and `TMPDIR` says nothing else. What a killed process has written
 * stands there as it does on a disk; what a power cut would take is not tried either way, and flushing thousands of small databases is
 * most of what such a test would wait for.
 */
export async function scratchFolder(prefix: string): Promise<string> {
  const root = process.env["TMPDIR"] === undefined && (await hasRoom()) ? IN_MEMORY : tmpdir();
  return realpath(await mkdtemp(join(root, prefix)));
}

async function hasRoom(): Promise<boolean> {
  try {
    await access(IN_MEMORY, constants.W_OK);
    const { bavail, bsize } = await statfs(IN_MEMORY);
    return bavail * bsize >= ENOUGH;
  } catch {
    return false;
  }
}
