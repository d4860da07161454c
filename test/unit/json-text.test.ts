import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText, readJson } from "../../src/kernel/index.ts";
import { json } from "./support/json-texts.ts";
import { accepted, onBothPaths } from "./support/read-json.ts";

test("the text is what came, without the white space outside strings, in document order", () => {
  fc.assert(
    fc.property(json, ({ loose, tight }) => {
      for (const text of [loose, tight, ` ${tight}`]) expect(accepted(text).texts).toEqual([tight]);
    }),
    { numRuns: 1000 },
  );
});

test("the value is JSON.parse's, of the document and of the text given back", () => {
  fc.assert(
    fc.property(json, ({ loose }) => {
      const { value, texts } = accepted(loose);
      deepStrictEqual(value, JSON.parse(loose));
      deepStrictEqual(JSON.parse(texts[0] ?? ""), value);
    }),
  );
});

test.each([
  "1.0",
  "1E+2",
  "-0",
  "-0.0",
  "12345678901234567890",
  "0.1e1",
  "1e-999",
  "1.7976931348623157e308",
  '"\\u0041\\/\\u00E9\\ud83d\\ude00"',
  '" { } [ ] , : "',
  '"a\\\\"',
  '"\\\\\\""',
  '{"10":1,"9":2,"a":3,"1":4}',
  '{"b":{"1":[],"0":{}},"a":[1.50,-0,[]]}',
  "[]",
  "{}",
  '""',
  "null",
])("%s comes back to the character", (written) => {
  for (const text of onBothPaths(written)) expect(accepted(text).texts).toEqual([written]);
});

test("white space goes outside strings and stays inside", () => {
  expect(accepted('\t{ "a b" :\r\n[ 1 , " \\t " , { } , [ ] ] ,\n"c":\ttrue } ').texts).toEqual(['{"a b":[1," \\t ",{},[]],"c":true}']);
});

test("the names __proto__ and constructor are names like any other, and reach no prototype", () => {
  const written = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":{"__proto__":null}}';
  for (const text of onBothPaths(written)) {
    const { value, texts } = accepted(text);
    expect(texts).toEqual([written]);
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor", "a"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  }
});

test.each(["", " ", "{", "[1,]", "{a:1}", "01", "1.", "NaN", "'a'", '"\n"', "\ufeff1", "1 2", "nul"])(
  "%j is no JSON, and the parser's reason is given",
  (text) => {
    const read = readJson(text, []);
    expect(read).toEqual({ ok: false, syntax: expect.stringMatching(/./) as string });
  },
);

test("a value made here is written without white space", () => {
  expect(jsonText({ b: [1, { c: "é" }], a: null })).toBe('{"b":[1,{"c":"é"}],"a":null}');
});
