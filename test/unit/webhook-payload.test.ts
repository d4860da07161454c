import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonText, readJson } from "../../src/kernel/index.ts";
import { firstValue, type Payload, readPayload, textAt, valueAt } from "../../src/webhooks/payload.ts";

const FORM = "application/x-www-form-urlencoded";
const read = (body: string | Uint8Array, type: string | undefined, form?: "payload" | "fields" | "payload or fields") =>
  readPayload({ headers: new Headers(type === undefined ? {} : { "content-type": type }), body: Uint8Array.from(Buffer.from(body)) }, form);
const payloadOf = (text: string): Payload => ({ text: text as JsonText, value: JSON.parse(text) });

describe("a payload is", () => {
  test.each(["application/json", "application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"])("JSON as %s", (type) => {
    expect(read(' { "n": 1.0 } ', type)).toMatchObject({ text: '{"n":1.0}', value: { n: 1 } });
  });

  test.each(["text/plain", "application/xml", undefined, "application/jsonp", "json", "application/+json", FORM])("415 as %s", (type) => {
    expect(read("{}", type)).toMatchObject({ status: 415 });
  });

  test.each([
    ["payload", "payload=%7B%22a%22%3A1.0%7D&b=2", '{"a":1.0}'],
    ["payload or fields", "b=2&payload=%5B1e2%5D", "[1e2]"],
    ["payload or fields", "b=2&a=1", '{"b":"2","a":"1"}'],
    ["fields", "payload=%7B%7D&10=x&2=y+z&2=%F0%9F%98%80", '{"payload":"{}","10":"x","2":["y z","😀"]}'],
    ["fields", "", "{}"],
    ["fields", "a&%22=%5C", '{"a":"","\\"":"\\\\"}'],
  ] as const)("of a form as %s: %s is %s", (form, body, text) => {
    expect(read(body, FORM, form)).toMatchObject({ text });
  });

  test("any fields as JSON, each name once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 6 }), (fields) => {
        const params = new URLSearchParams(fields);
        const payload = read(params.toString(), FORM, "fields") as Payload;
        const names = [...new Set(params.keys())];
        expect(Object.keys(payload.value as object).sort()).toEqual(names.sort());
        for (const name of names) expect([(payload.value as Record<string, unknown>)[name]].flat()).toEqual(params.getAll(name));
      }),
    );
  });

  test.each([
    [Uint8Array.from([0x22, 0xff, 0x22]), 400, "invalid_encoding"],
    ["{", 400, "invalid_json"],
    ["", 400, "invalid_json"],
    ['{"a":1,"a":2}', 422, "invalid_data"],
    ['"\\ud800"', 422, "invalid_data"],
    ["[".repeat(65) + "]".repeat(65), 422, "invalid_data"],
  ])("refused: %s", (body, status, code) => {
    expect(read(body, "application/json")).toMatchObject({ status, code });
  });
});

describe("the value at a path", () => {
  test("is any number to the digit, wherever it stands", () => {
    const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?$/).filter((text) => Number.isFinite(Number(text)));
    const step = fc.oneof(fc.string({ maxLength: 3 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(number, fc.array(step, { maxLength: 5 }), (digits, path) => {
        // Built from the inside: a number is a place in a list, behind others.
        const text = path.reduceRight<string>(
          (inner, step) => (typeof step === "number" ? `[${"7,".repeat(step)}${inner},8]` : `{"_other":[9],${JSON.stringify(step)}:${inner}}`),
          digits,
        );
        const read = readJson(text, []);
        fc.pre(read.ok);
        expect(valueAt(payloadOf(text), path.map(String))).toEqual({ text: digits });
      }),
    );
  });

  test("is text, true and false as they read", () => {
    const payload = payloadOf('{"a":"x\\u00e9 y","b":true,"c":{"d":false}}');
    expect([firstValue(payload, "a"), firstValue(payload, "b"), firstValue(payload, "c.d")]).toEqual(["xé y", "true", "false"]);
  });

  test("is the first of several that is one", () => {
    const payload = payloadOf('{"a":null,"b":{},"c":[],"d":"","e":0,"f":"late"}');
    expect(firstValue(payload, "x", "a", "b", "c", "d", "e", "f")).toBe("0");
    expect(firstValue(payload, "x", "a")).toBeUndefined();
    expect([textAt(payload, "e"), textAt(payload, "f"), textAt(payload, "b.f")]).toEqual([undefined, "late", undefined]);
  });

  test("is never what an object or a list has by nature", () => {
    for (const path of ["constructor", "toString", "__proto__", "a.length", "a.-1", "a.01", "a.1e0", "a. 0"])
      expect(firstValue(payloadOf('{"a":["x","y"]}'), path)).toBeUndefined();
  });
});
