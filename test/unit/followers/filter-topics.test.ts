import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { topicMatcher } from "../../../src/followers/filter/topics.ts";
import { TopicIndex, topicMatches } from "../../../src/kernel/index.ts";

const word = fc.constantFrom("a", "b", "c");
const pattern = fc.array(fc.oneof(word, fc.constantFrom("*", "#")), { minLength: 1, maxLength: 4 }).map((words) => words.join("."));
const type = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("."));

describe("a matcher of topics", () => {
  test.each([
    [["commerce.*"], "commerce.OrderPlaced", true],
    [["commerce.*"], "commerce.order.Placed", false],
    [["subtitle.#", "commerce.OrderPlaced"], "subtitle", true],
    [["subtitle.#", "commerce.OrderPlaced"], "commerce.OrderPlaced", true],
    [["#"], "anything.at.all", true],
    [["#.b"], "b", true],
    [["*.b"], "a.b", true],
    [[], "a", false],
    [["constructor"], "constructor", true],
    [["a"], "constructor", false],
  ])("%j of %s: %s", (patterns, type, expected) => {
    const matches = topicMatcher(patterns);
    expect([matches(type), matches(type)]).toEqual([expected, expected]);
  });

  test("means what the kernel means", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 4 }), fc.array(type, { maxLength: 6 }), (patterns, types) => {
        const matches = topicMatcher(patterns);
        for (const type of types) expect(matches(type)).toBe(patterns.some((pattern) => topicMatches(pattern, type)));
      }),
    );
  });
});

describe("an index of topics", () => {
  test("finds after each change exactly those whom a look at every pattern finds", () => {
    const change = fc.oneof(
      fc.record({ id: fc.nat(5), patterns: fc.array(pattern, { maxLength: 3 }) }),
      fc.record({ id: fc.nat(5), patterns: fc.constant(undefined) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.array(type, { minLength: 1, maxLength: 4 }), (changes, types) => {
        const index = new TopicIndex<number>();
        const model = new Map<number, readonly string[]>();
        for (const { id, patterns } of changes) {
          if (patterns === undefined) {
            index.delete(id);
            model.delete(id);
          } else {
            index.set(id, patterns);
            model.set(id, patterns);
          }
          for (const type of types) {
            const expected = [...model].filter(([, patterns]) => patterns.some((pattern) => topicMatches(pattern, type))).map(([id]) => id);
            expect([...index.matching(type)].sort()).toEqual(expected.sort());
          }
        }
      }),
    );
  });

  test("gives the same set again while nothing changes, and another after a change", () => {
    const index = new TopicIndex<string>();
    index.set("x", ["a.*"]);
    const found = index.matching("a.b");
    expect(index.matching("a.b")).toBe(found);
    index.set("y", ["b"]);
    expect(index.matching("a.b")).toEqual(found);
    expect(index.matching("a.b")).not.toBe(found);
  });

  test("keeps no more than a thousand types", () => {
    const index = new TopicIndex<string>();
    index.set("x", ["#"]);
    const first = index.matching("t0");
    for (let i = 1; i <= 999; i++) index.matching(`t${i}`);
    expect(index.matching("t0")).toBe(first);
    index.matching("t1000");
    expect(index.matching("t0")).not.toBe(first);
    expect(index.matching("t0")).toEqual(first);
  });
});
