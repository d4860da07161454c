import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJson } from "../../src/kernel/index.ts";
import { arrayOf, gap, json, members, objectOf, type Written } from "./support/json-texts.ts";
import { accepted, onBothPaths } from "./support/read-json.ts";

const PICK = ["events", "*", "data"];

const elementNames = fc.constantFrom('"data"', '"d\\u0061ta"', '"type"', '"events"', '"1"', '"0"', '"__proto__"', '"constructor"');
const otherNames = fc.constantFrom('"data"', '"x"', '"7"', '"3"', '"Events"', '"__proto__"');

/** An element of `events`, and the text of its data, where it has any. */
const element: fc.Arbitrary<{ readonly written: Written; readonly data?: string }> = fc.oneof(
  { weight: 3, arbitrary: members(elementNames, json).map((list) => ({ written: objectOf(list), ...dataOf(list) })) },
  { weight: 1, arbitrary: json.filter(({ tight }) => !tight.startsWith("{")).map((written) => ({ written })) },
);

function dataOf(list: readonly { readonly name: string; readonly value: Written }[]): { readonly data?: string } {
  const found = list.find(({ name }) => JSON.parse(name) === "data");
  return found === undefined ? {} : { data: found.value.tight };
}

/** A document with `events` somewhere among other members. */
const document = fc
  .record({ elements: fc.array(element, { maxLength: 5 }), others: members(otherNames, json), at: fc.nat(), gap })
  .map(({ elements, others, at, gap }) => {
    const events = {
      name: '"events"',
      value: arrayOf(
        elements.map(({ written }) => written),
        gap,
      ),
      gaps: [gap, gap, gap, gap],
    } as const;
    const list = others.toSpliced(at % (others.length + 1), 0, events);
    return { written: objectOf(list), datas: elements.flatMap(({ data }) => (data === undefined ? [] : [data])) };
  });

test("each event's data comes out to the character, in document order", () => {
  fc.assert(
    fc.property(document, ({ written, datas }) => {
      for (const text of [written.loose, written.tight, ` ${written.tight}`]) expect(accepted(text, PICK).texts).toEqual(datas);
    }),
    { numRuns: 1000 },
  );
});

/** Texts that JSON.stringify would write as they are, which alone take the fast path, and any others. */
const mayBeExact = fc
  .tuple(
    fc.oneof(
      json,
      document.map(({ written }) => written),
    ),
    fc.boolean(),
  )
  .map(([{ tight }, isExact]) => (isExact ? JSON.stringify(JSON.parse(tight)) : tight));
const defect = fc.constantFrom('"\\ud800"', '"\\uDFFF"', '{"a":1,"a":2}', "1e999", "[".repeat(70) + "]".repeat(70), '{"\\udc00":1}');
const wrong = fc.tuple(mayBeExact, defect).map(([text, part]) => `{"events":[${text},{"data":${part}}]}`);

test("with and without a leading blank the answer is the same", () => {
  fc.assert(
    fc.property(fc.oneof(mayBeExact, wrong), fc.constantFrom([], ["events"], ["events", "*"], PICK, ["*"], ["a"]), (text, pick) => {
      const [fast, slow] = onBothPaths(text).map((each) => {
        const read = readJson(each, pick);
        return read.ok ? { value: read.value, texts: read.texts() } : read;
      });
      deepStrictEqual(fast, slow);
    }),
    { numRuns: 1000 },
  );
});

describe("nothing is picked", () => {
  test.each([
    ["where elements lack it", '{"events":[{"type":"a"},{},{"Data":1}]}'],
    ["where elements are no objects", '{"events":[1,null,"data",[{"data":1}],[1]]}'],
    ["where events is an object", '{"events":{"data":1,"0":{"data":2}}}'],
    ["where events is null", '{"events":null}'],
    ["where events is a text", '{"events":"data"}'],
    ["where there are no events", '{"data":1,"x":{"events":[{"data":1}]}}'],
    ["where the document is an array", '[{"events":[{"data":1}]}]'],
    ["where the document is a scalar", "7"],
    ["of an empty list", '{"events":[]}'],
    ["through a prototype", '{"__proto__":{"events":[{"data":1}]}}'],
    ["of an inherited name", '{"events":[{"__proto__":{"data":1}}]}'],
  ])("%s", (_, written) => {
    for (const text of onBothPaths(written)) expect(accepted(text, PICK).texts).toEqual([]);
  });

  test.each([
    ["{}", "constructor"],
    ["{}", "__proto__"],
    ["[1]", "length"],
    ["[1]", "0"],
    ['"a"', "length"],
  ])("of %s by the name %s, which it only inherits or counts by", (written, name) => {
    for (const text of onBothPaths(written)) expect(accepted(text, [name]).texts).toEqual([]);
  });

  test("where events is an object with a member named *", () => {
    for (const text of onBothPaths('{"events":{"*":{"data":1}}}')) expect(accepted(text, PICK).texts).toEqual([]);
  });
});

test("what lies inside a picked part is not picked again", () => {
  const written = '{"events":[{"data":{"events":[{"data":1}],"data":2}},{"type":"x"},{"data":null}]}';
  for (const text of onBothPaths(written)) expect(accepted(text, PICK).texts).toEqual(['{"events":[{"data":1}],"data":2}', "null"]);
});
