/** Characters of the log that may wait for whoever reads this process's output. */
const MOST_WAITING = 1_000_000;

/** Where lines go: a part of a Writable. */
export interface Lines {
  readonly writableLength: number;
  write(text: string): unknown;
}

/**
 * Passes on what the worker logs, warnings and errors to the one, all else to the other. Whoever started this process may never read
 * its output: what would fill the memory then is left out, and counted in the next line that there is room for.
 */
export function workerLog(out: Lines, errors: Lines): (log: { readonly level: string; readonly message: string }) => void {
  const leftOut = new Map<Lines, number>();
  return ({ level, message }) => {
    const lines = level === "error" || level === "warn" ? errors : out;
    const missing = leftOut.get(lines) ?? 0;
    if (lines.writableLength > MOST_WAITING) {
      leftOut.set(lines, missing + 1);
      return;
    }
    if (missing > 0) lines.write(`(${missing} lines are left out here: nobody read them)\n`);
    leftOut.delete(lines);
    lines.write(`${message}\n`);
  };
}
