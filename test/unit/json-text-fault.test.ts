import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathText } from "../../src/kernel/index.ts";
import { json } from "./support/json-texts.ts";
import { accepted, onBothPaths, refused } from "./support/read-json.ts";

const event = (data: string): string => `{"events":[{"data":1},{"data":{"price":${data}}}]}`;

describe("a lone surrogate is refused with the path", () => {
  const LONE = ["\\ud800", "\\uD800", "\\udbff", "\\uDBFF", "\\udc00", "\\uDC00", "\\udfff", "\\uDFFF", "\\uD8aB", "\ud800", "\udfff"];
  const strings = [...LONE, ...LONE.map((half) => `a${half}b`), "\\ude00\\ud83d", "\\ud83d\\ud83d\\ude00", "\\ud83d\\ude00\\ude00", "\\\\\\ud83d"];

  test.each(strings)("in a string: %j", (half) => {
    for (const text of onBothPaths(event(`"${half}"`))) expect(refused(text)).toEqual({ path: "events[1].data.price", message: "contains a lone surrogate" });
    for (const text of onBothPaths(`"${half}"`)) expect(refused(text).path).toBe("");
  });

  test.each(strings)("in a name: %j", (half) => {
    for (const text of onBothPaths(event(`{"${half}":1}`))) {
      const { path, message } = refused(text);
      expect(path.startsWith("events[1].data.price.")).toBe(true);
      expect(message).toBe("has a name with a lone surrogate");
    }
  });

  test.each(["\\ud83d\\ude00", "\\uD83D\\uDE00", "\\ud83d\\uDE00", "\u{1f600}", "\\\\ud800", "\\\\\\\\udfff", "ud800", "\\ud800\\udc00", "\\udbff\\udfff"])(
    "but not a pair, nor what only looks like one: %s",
    (whole) => {
      const written = event(`{"${whole}":"${whole}"}`);
      for (const text of onBothPaths(written)) expect(accepted(text).texts).toEqual([written]);
    },
  );
});

describe("a name that stands twice in its object is refused with the path", () => {
  test.each([
    ["in the document", '{"a":1,"a":1}', "a"],
    ["not side by side", '{"a":1,"b":2,"a":3}', "a"],
    ["spelt in another way", '{"a":1,"\\u0061":2}', "a"],
    ["in an event's data", event('{"x":[0,{"y":1,"y":2}]}'), "events[1].data.price.x[1].y"],
    ["__proto__", '{"__proto__":1,"__proto__":2}', "__proto__"],
    ["like an index", '{"0":1,"0":2}', "0"],
    ["empty", '{"a":{"":1,"":2}}', "a."],
  ])("%s", (_, written, path) => {
    for (const text of onBothPaths(written)) expect(refused(text)).toEqual({ path, message: "stands twice in its object" });
  });

  test("wherever a member of generated JSON is repeated", () => {
    fc.assert(
      fc.property(json, json, json, (one, between, other) => {
        const { path } = refused(`[{"twice":${one.loose},"x":${between.loose},"twice":${other.loose}}]`);
        expect(path).toBe("[0].twice");
      }),
    );
  });

  test.each(['[{"a":1},{"a":1}]', '{"a":{"a":{"a":1}}}', '{"a":1,"A":2}', '{"é":1,"e\u0301":2}', '{"1":1,"01":2}'])("but not in %s", (written) => {
    for (const text of onBothPaths(written)) expect(accepted(text).texts).toEqual([written]);
  });
});

describe("a number beyond a double is refused with the path", () => {
  test.each(["1e999", "-1e999", "1E+309", "1.8e308", "9".repeat(400), `-${"9".repeat(400)}.0`])("%s", (number) => {
    for (const text of onBothPaths(event(number)))
      expect(refused(text)).toEqual({ path: "events[1].data.price", message: "is a number beyond the range of a double" });
    for (const text of onBothPaths(`[1,${number}]`)) expect(refused(text).path).toBe("[1]");
  });

  test.each(["1e308", "-1.7976931348623157e308", "1e-999", "9".repeat(300)])("but not %s", (number) => {
    for (const text of onBothPaths(number)) expect(accepted(text).texts).toEqual([number]);
  });
});

describe("a path", () => {
  test.each([
    [[], ""],
    [["events", 3, "data", "price"], "events[3].data.price"],
    [[0, 1, "a"], "[0][1].a"],
    [["a"], "a"],
  ])("%j reads %s", (path, text) => {
    expect(pathText(path)).toBe(text);
  });

  test("is cut after 200 characters", () => {
    expect(pathText(["x".repeat(200)])).toBe("x".repeat(200));
    expect(pathText(["x".repeat(201)])).toBe(`${"x".repeat(200)}…`);
    expect(pathText(Array.from({ length: 100_000 }, () => 7))).toHaveLength(201);
  });

  test("is text that any JSON parser takes, though the name it tells of is not", () => {
    expect(refused('{"a\\ud800":1}').path.isWellFormed()).toBe(true);
  });

  test("is not cut through a character", () => {
    expect(pathText([`${"x".repeat(199)}\u{1f600}`]).isWellFormed()).toBe(true);
  });
});
