import { describe, expect, test } from "vitest";
import { QueueLine } from "../../durable-objects/aggregate/queue-line.ts";

const START = Date.parse("2026-01-01T00:00:00.000Z");
const at = (ms: number): string => new Date(START + ms).toISOString();
/** A log whose newest event was recorded then. */
const log = (position: number, ms: number) => ({ position, recorded: at(ms) });

function sent(): QueueLine {
  const line = new QueueLine();
  line.sent();
  return line;
}

describe("what was sent and is not in the log", () => {
  test("waits for as long as the log was recorded before it, while the log moves", () => {
    const line = sent();
    expect(line.ahead(at(5_000), log(1, 2_000), START + 6_000)).toBe(3_000);
    expect(line.hasWaited).toBe(true);
    expect(line.ahead(at(5_000), log(2, 4_000), START + 7_000)).toBe(1_000);
  });

  test("counts as lost where the log stands where it stood, or took nothing for a minute before", () => {
    const line = sent();
    line.ahead(at(5_000), log(1, 2_000), START + 6_000);
    expect(line.ahead(at(5_000), log(1, 2_000), START + 7_000)).toBeUndefined();
    expect(sent().ahead(at(70_000), log(1, 2_000), START + 61_999)).toBe(68_000);
    expect(sent().ahead(at(70_000), log(1, 2_000), START + 62_000)).toBeUndefined();
  });

  test("is looked at anew once more was sent: the log need not have moved since the last look", () => {
    const line = sent();
    line.ahead(at(5_000), log(1, 2_000), START + 6_000);
    line.sent();
    expect(line.hasWaited).toBe(false);
    expect(line.ahead(at(8_000), log(1, 2_000), START + 9_000)).toBe(6_000);
  });

  test("may have been overtaken by a second, and no more", () => {
    expect(sent().behind(at(5_000), log(1, 5_999), START + 6_000)).toBe(-999);
    expect(sent().behind(at(5_000), log(1, 6_000), START + 6_000)).toBeUndefined();
    expect(sent().ahead(at(5_000), log(1, 5_000), START + 6_000)).toBeUndefined();
  });

  test("is not in line where the queue did not take it, nobody knows what it took, or how far the log is", () => {
    expect(new QueueLine().ahead(at(5_000), log(1, 2_000), START + 6_000)).toBeUndefined();
    expect(sent().ahead(at(5_000), undefined, START + 6_000)).toBeUndefined();
    const line = sent();
    line.lost();
    expect(line.ahead(at(5_000), log(1, 2_000), START + 6_000)).toBeUndefined();
  });
});
