import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasTooManyValues, MAX_JSON_VALUES, readJson } from "../../src/kernel/index.ts";

const numbers = (count: number): string => `[${"1,".repeat(count - 1)}1]`;

describe("a text with more values than are taken", () => {
  test.each([
    ["in one array", numbers(MAX_JSON_VALUES)],
    ["in empty arrays", `[${"[],".repeat(MAX_JSON_VALUES)}[]]`],
    ["in empty objects", `[${"{},".repeat(MAX_JSON_VALUES)}{}]`],
    ["as members of an object", `{${Array.from({ length: MAX_JSON_VALUES }, (_, n) => `"${n}":1`).join(",")}}`],
    ["beside long strings with quotes and backslashes", `["${String.raw`\"\\`.repeat(1_000_000)}",${numbers(MAX_JSON_VALUES).slice(1)}`],
  ])("%s is refused, and nothing is made of it", (_, text) => {
    expect(hasTooManyValues(text)).toBe(true);
    expect(readJson(text, [])).toEqual({ ok: false, fault: { path: "", message: "has more than 1000000 values" } });
  });
});

describe("a text with as many as are taken", () => {
  test.each([
    ["in one array", numbers(MAX_JSON_VALUES - 1)],
    ["and more commas in a string than that", `["${",".repeat(3_000_000)}","${"[{".repeat(1_000_000)}"]`],
    ["and a string that ends in backslashes", String.raw`["${"\\\\".repeat(1_000_000)}",1,"\\\"${",".repeat(2_000_000)}"]`],
  ])("%s is read", (_, text) => {
    expect(hasTooManyValues(text)).toBe(false);
    expect(readJson(text, []).ok).toBe(true);
  });

  test("of any kind, is found to be so whatever its strings hold", () => {
    // Behind so long a text that it is looked at; what comes by chance has few values.
    const long = "x".repeat(2 * MAX_JSON_VALUES);
    const isRefused = (text: string): boolean => hasTooManyValues(`["${long}",${text}]`);
    fc.assert(fc.property(fc.json(), (text) => !isRefused(text)));
  });
});

test("a string without an end ends with its text", () => {
  expect(hasTooManyValues(`${"x".repeat(2 * MAX_JSON_VALUES)}"${",".repeat(2 * MAX_JSON_VALUES)}`)).toBe(false);
  expect(hasTooManyValues(`"${"\\".repeat(3 * MAX_JSON_VALUES)}`)).toBe(false);
});
