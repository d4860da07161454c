import { expect, test } from "vitest";
import { workerLog } from "../../src/local/worker-log.ts";

class Output {
  readonly lines: string[] = [];
  writableLength = 0;

  write(text: string): void {
    this.lines.push(text);
    this.writableLength += text.length;
  }
}

test("what the worker logs goes out, warnings and errors apart", () => {
  const [out, errors] = [new Output(), new Output()];
  const log = workerLog(out, errors);
  for (const level of ["log", "info", "debug", "warn", "error"]) log({ level, message: level });
  expect([out.lines, errors.lines]).toEqual([
    ["log\n", "info\n", "debug\n"],
    ["warn\n", "error\n"],
  ]);
});

test("what nobody reads does not fill the memory: it is left out and counted, and another output has nothing of it", () => {
  const [out, errors] = [new Output(), new Output()];
  const log = workerLog(out, errors);
  for (let n = 0; n < 20_000; n++) log({ level: "log", message: "x".repeat(99) });
  expect(out.lines).toHaveLength(10_001);
  log({ level: "error", message: "seen" });
  expect(errors.lines).toEqual(["seen\n"]);
  out.writableLength = 0;
  log({ level: "log", message: "again" });
  log({ level: "log", message: "and again" });
  expect(out.lines.slice(10_001)).toEqual(["(9999 lines are left out here: nobody read them)\n", "again\n", "and again\n"]);
});
