import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TOPIC_PATTERN, topicMatches } from "../../src/kernel/index.ts";

describe("RabbitMQ's tutorial five", () => {
  test.each([
    ["*.orange.*", "quick.orange.rabbit", true],
    ["*.*.rabbit", "quick.orange.rabbit", true],
    ["lazy.#", "quick.orange.rabbit", false],
    ["*.orange.*", "lazy.orange.elephant", true],
    ["lazy.#", "lazy.orange.elephant", true],
    ["*.orange.*", "quick.orange.fox", true],
    ["*.*.rabbit", "quick.orange.fox", false],
    ["*.orange.*", "lazy.brown.fox", false],
    ["lazy.#", "lazy.brown.fox", true],
    ["*.*.rabbit", "lazy.pink.rabbit", true],
    ["lazy.#", "lazy.pink.rabbit", true],
    ["*.orange.*", "quick.brown.fox", false],
    ["*.*.rabbit", "quick.brown.fox", false],
    ["lazy.#", "quick.brown.fox", false],
    ["*.orange.*", "orange", false],
    ["*.*.rabbit", "quick.orange.new.rabbit", false],
    ["*.orange.*", "quick.orange.new.rabbit", false],
    ["lazy.#", "lazy.orange.new.rabbit", true],
    ["lazy.#", "lazy", true],
    ["#", "lazy.orange.new.rabbit", true],
  ])("%s of %s: %s", (pattern, topic, matches) => {
    expect(topicMatches(pattern, topic)).toBe(matches);
  });
});

describe("the bindings of RabbitMQ's own test suite", () => {
  const BINDINGS = [
    "a.b.c",
    "a.*.c",
    "a.#.b",
    "a.b.b.c",
    "#",
    "#.#",
    "#.b",
    "*.*",
    "a.*",
    "*.b.c",
    "a.#",
    "a.#.#",
    "b.b.c",
    "a.b.b",
    "a.b",
    "b.c",
    "*.*.*",
    "vodka.martini",
    "*.#",
    "#.*.#",
    "*.#.#",
    "#.#.#",
    "*",
    "#.b.#",
  ];
  const always = new Set(["#", "#.#", "*.#", "#.*.#", "*.#.#", "#.#.#"]);

  test.each([
    ["a.b.c", ["a.b.c", "a.*.c", "*.b.c", "a.#", "a.#.#", "*.*.*", "#.b.#"]],
    ["a.b", ["a.#.b", "#.b", "*.*", "a.*", "a.#", "a.#.#", "a.b", "#.b.#"]],
    ["a.b.b", ["a.#.b", "#.b", "a.#", "a.#.#", "a.b.b", "*.*.*", "#.b.#"]],
    ["b.c.c", ["*.*.*", "#.b.#"]],
    ["a.a.a.a.a", ["a.#", "a.#.#"]],
    ["vodka.gin", ["*.*"]],
    ["vodka.martini", ["*.*", "vodka.martini"]],
    ["b.b.c", ["*.b.c", "b.b.c", "*.*.*", "#.b.#"]],
    ["nothing.here.at.all", []],
    ["oneword", ["*"]],
  ])("%s goes to the right ones", (topic, some) => {
    const expected = BINDINGS.filter((binding) => always.has(binding) || some.includes(binding));
    expect(BINDINGS.filter((binding) => topicMatches(binding, topic))).toEqual(expected);
  });
});

describe("words", () => {
  test.each([
    ["a", "A", false],
    ["a.b", "a.bb", false],
    ["a.*", "a", false],
    ["*", "a.b", false],
    ["a.#.z", "a.z", true],
    ["a.#.z", "a.b.c.z", true],
    ["a.#.z", "a.b.c", false],
    ["#.z", "z", true],
    ["commerce.*", "commerce.OrderPlaced", true],
    ["subtitle.#", "subtitle", true],
    ["a.+", "a.b", false],
    ["a.constructor", "a.constructor", true],
  ])("%s of %s: %s", (pattern, topic, matches) => {
    expect(topicMatches(pattern, topic)).toBe(matches);
  });

  test("match as in the simple, recursive definition", () => {
    const words = (...list: string[]): fc.Arbitrary<string[]> => fc.array(fc.constantFrom(...list), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(words("a", "b", "*", "#", "#"), words("a", "b", "c"), (pattern, topic) => {
        return topicMatches(pattern.join("."), topic.join(".")) === defined(pattern, topic);
      }),
      { numRuns: 2000 },
    );
  });
});

function defined(pattern: readonly string[], words: readonly string[]): boolean {
  const [part, ...rest] = pattern;
  if (part === undefined) return words.length === 0;
  if (part === "#") return defined(rest, words) || (words.length > 0 && defined(pattern, words.slice(1)));
  return words.length > 0 && (part === "*" || part === words[0]) && defined(rest, words.slice(1));
}

describe("a long pattern costs little", () => {
  /** Ends a run that would never end; what is meant to pass takes milliseconds. */
  const ending = (run: () => unknown): unknown => runInNewContext("run()", { run }, { timeout: 10_000 });
  const topic = Array.from({ length: 200 }, () => "a").join(".");
  const hashes = (between: string): string => Array.from({ length: 100 }, () => between).join(".");

  test.each([
    ["100 # in a row", hashes("#"), true],
    ["100 # that must find a word that is not there", `${hashes("#")}.b`, false],
    ["100 # with words between", `${hashes("#.a")}.b`, false],
    ["100 # with stars between", hashes("#.*"), true],
    ["100 # with one star too many", `${hashes("#.*.*")}.#.*`, false],
  ])("%s against 200 words", (_, pattern, matches) => {
    expect(ending(() => topicMatches(pattern, topic))).toBe(matches);
  });

  test("and so does telling whether it is one", () => {
    expect(ending(() => TOPIC_PATTERN.test(`${"a".repeat(50_000)}.${hashes("#.*")} `))).toBe(false);
  });
});

describe("a topic pattern", () => {
  test.each(["#", "*", "a", "a.b", "a.*", "a.#", "*.#.b", "#.#", "subtitle.#", "notes.NoteAdded", "com.example-1.x_y", "é.b"])("%s is one", (text) => {
    expect(text).toMatch(TOPIC_PATTERN);
  });

  test.each(["", ".", "a.", ".a", "a..b", "a*", "*a", "a.b*", "**", "##", "#a", "a b", "a. b", "a\n"])("%j is none", (text) => {
    expect(text).not.toMatch(TOPIC_PATTERN);
  });
});
