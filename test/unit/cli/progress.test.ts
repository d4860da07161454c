import { expect, onTestFinished, test, vi } from "vitest";
import { progress } from "../../../src/cli/progress.ts";

function linesOf(total: number, steps: readonly number[]): readonly unknown[] {
  const said = vi.spyOn(console, "log").mockReturnValue();
  onTestFinished(() => said.mockRestore());
  const shown = progress(total, "sent");
  for (const count of steps) shown.step(count);
  shown.stop();
  return said.mock.calls.flat();
}

test("where no terminal is, progress is ten lines, the last one with all of it", () => {
  expect(
    linesOf(
      25,
      Array.from({ length: 25 }, () => 1),
    ),
  ).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 25].map((done) => `${done}/25 sent`));
});

test("many steps at once are one line, and none is none", () => {
  expect(linesOf(1_050, [...Array.from({ length: 10 }, () => 100), 50, 0])).toEqual(
    [200, 300, 400, 500, 600, 700, 800, 900, 1_000, 1_050].map((done) => `${done}/1050 sent`),
  );
});

test("all at once is one line", () => {
  expect(linesOf(11, [11])).toEqual(["11/11 sent"]);
});
