import { describe, expect, test } from "vitest";
import { MAX_JSON_DEPTH, readJson } from "../../src/kernel/index.ts";
import { accepted, onBothPaths, refused } from "./support/read-json.ts";

const PICK = ["events", "*", "data"];

const arrays = (depth: number, inside = ""): string => "[".repeat(depth) + inside + "]".repeat(depth);
const objects = (depth: number, inside = "1"): string => '{"a":'.repeat(depth) + inside + "}".repeat(depth);
const event = (data: string): string => `{"events":[{"data":1},{"type":"x","data":${data}}]}`;

test("the limit is 64", () => {
  expect(MAX_JSON_DEPTH).toBe(64);
});

describe("64 levels are accepted", () => {
  test.each([
    ["of arrays", arrays(64)],
    ["of arrays around a number", arrays(64, "1")],
    ["of objects", objects(64)],
    ["of objects, the last one empty", objects(63, "{}")],
    ["of both", objects(32, arrays(32))],
    ["beside others", `[${arrays(63)},${objects(63)},${arrays(63, "null")}]`],
  ])("%s", (_, written) => {
    for (const text of onBothPaths(written)) expect(accepted(text).texts).toEqual([written]);
  });

  test("in an event's data, whatever lies around it", () => {
    for (const text of onBothPaths(event(objects(64)))) expect(accepted(text, PICK).texts).toEqual(["1", objects(64)]);
  });
});

describe("65 levels are refused with the path", () => {
  test.each([
    ["of arrays", arrays(65), "[0]".repeat(64)],
    ["of arrays around a number", arrays(65, "1"), "[0]".repeat(64)],
    ["of objects", objects(65), `a${".a".repeat(63)}`],
    ["of objects, the last one empty", objects(64, "{}"), `a${".a".repeat(63)}`],
    ["of both", objects(32, arrays(33)), `a${".a".repeat(31)}${"[0]".repeat(32)}`],
    ["beside others", `[1,${arrays(63)},${arrays(64)}]`, `[2]${"[0]".repeat(63)}`],
  ])("%s", (_, written, path) => {
    for (const text of onBothPaths(written)) expect(refused(text)).toEqual({ path, message: "is nested more than 64 deep" });
  });

  test("in an event's data", () => {
    for (const text of onBothPaths(event(objects(65)))) expect(refused(text, PICK).path).toBe(`events[1].data${".a".repeat(64)}`);
  });

  test("the first place that is too deep is the one named", () => {
    expect(refused(`{"x":${objects(64)},"y":${objects(64)}}`).path).toBe(`x${".a".repeat(63)}`);
  });
});

describe("absurd depth is refused without a crash", () => {
  test.each([
    ["arrays", arrays(200_000)],
    ["arrays with white space", "[ ".repeat(200_000) + "]".repeat(200_000)],
    ["objects", objects(200_000)],
    ["arrays in an event", event(arrays(200_000))],
    ["arrays beside an event", `{"x":${arrays(200_000)},"events":[]}`],
  ])("200,000 %s", (_, text) => {
    expect(refused(text, PICK).message).toBe("is nested more than 64 deep");
  });

  test("200,000 brackets that never close are no JSON", () => {
    expect(readJson("[".repeat(200_000), [])).toHaveProperty("syntax");
  });
});

test("a path through 65 long names is cut", () => {
  expect(refused(`${'{"abcdefghij":'.repeat(65)}1${"}".repeat(65)}`).path).toBe(`${"abcdefghij.".repeat(19).slice(0, 200)}…`);
});
