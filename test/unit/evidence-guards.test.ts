import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GUARDS } from "../evidence/guards/guards.ts";

test.each(GUARDS)("the guard '$name' can be switched off: its text stands exactly once in $file", ({ file, code, without, caughtBy }) => {
  expect(readFileSync(file, "utf8").split(code).length - 1).toBe(1);
  expect(without).not.toBe(code);
  if (caughtBy !== "simulation") expect(existsSync(caughtBy), caughtBy).toBe(true);
});
