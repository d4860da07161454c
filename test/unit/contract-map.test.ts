import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Sentence } from "../contract/sentence.ts";
import { contract } from "../contract/sentences.ts";
import { faultsOf, readTitles, type Titles } from "../contract/test-titles.ts";

const sentences = contract.flatMap(({ section, sentences }) => sentences.map((sentence): [string, Sentence] => [`${section}: ${sentence.says}`, sentence]));
const files = new Map<string, Titles>();

beforeAll(async () => {
  const named = new Set(sentences.flatMap(([, { tests = [] }]) => tests.map((entry) => entry.split(" › ")[0] as string)));
  for (const file of named) {
    const text = await readFile(join(import.meta.dirname, "../..", file), "utf8").catch(() => "");
    files.set(file, readTitles(text));
  }
});

describe("each sentence of the contract has a test over HTTP that shows it, or says what brings it", () => {
  test.each(sentences)("%s", (_, sentence) => {
    expect(faultsOf(sentence, files)).toEqual([]);
  });
});

test("the contract's sections are all there, and no sentence stands in them twice", () => {
  expect([...new Set(contract.map(({ section }) => section))]).toEqual(["Everywhere", "An event", "Streams", "The whole log", "Inbound webhooks"]);
  expect(new Set(sentences.map(([name]) => name)).size).toBe(sentences.length);
});

describe("what is wrong with a sentence is told:", () => {
  const text = `
describe("a thing", () => {
  test("is one", async () => {});
  test.each([["(", 1]])("reads %s as %i", () => {});
});
describe.each(lists)("a list of %s", () => {
  test.fails("is short", () => {});
  test("twice", () => {});
});
test(
  'ends with "it"', { timeout: 1 }, () => {});
test("twice", () => {});
test.skip("is left out", () => {});
// test("is a note", () => {});
`;
  const file = "test/http/a.test.ts";
  const known = new Map([
    [file, readTitles(text)],
    ["test/unit/b.test.ts", readTitles('test("is unit", () => {});')],
  ]);
  const faults = (tests: readonly string[] | undefined, more: Partial<Sentence> = {}): readonly string[] =>
    faultsOf({ says: "It is.", ...(tests && { tests }), ...more }, known);

  test.each([
    ["the title of a test", ["is one"]],
    ["the title of a table, as it stands", ["reads %s as %i"]],
    ["a title over lines, with quotes in it", ['ends with "it"']],
    ["a test in its describe", ["a list of %s › twice"]],
    ["a title in its describe that is there only once", ["a thing › is one"]],
  ])("nothing of %s", (_, titles) => {
    expect(faults(titles.map((title) => `${file} › ${title}`))).toEqual([]);
  });

  test.each([
    ["a title that is no longer there", [`${file} › was one`], /has no test "was one"/],
    ["the half of a title", [`${file} › is`], /has no test "is"/],
    ["a describe in the place of a test", [`${file} › a thing`], /has no test "a thing"/],
    ["a test in another describe", [`${file} › a thing › is short`], /has no test "is short" in "a thing"/],
    ["a title that is there twice", [`${file} › twice`], /has "twice" 2 times/],
    ["a test that is left out", [`${file} › is left out`], /has no test "is left out"/],
    ["a test that is only a note", [`${file} › is a note`], /has no test "is a note"/],
    ["a file that is not there", ["test/http/none.test.ts › is one"], /has no test/],
    ["no test over HTTP", ["test/unit/b.test.ts › is unit"], /over HTTP/],
    ["a test that fails, without a word of it", [`${file} › is short`], /unkept/],
  ])("%s", (_, tests, fault) => {
    expect(faults(tests).join("; ")).toMatch(fault);
  });

  test("no test and no word of what brings it, or both", () => {
    expect(faults(undefined).join()).toMatch(/expected tests or later/);
    expect(faults([]).join()).toMatch(/expected tests or later/);
    expect(faults([`${file} › is one`], { later: "scopes" }).join()).toMatch(/expected tests or later/);
    expect(faults(undefined, { later: "scopes" })).toEqual([]);
  });

  test("a word of what does not hold, when every test passes", () => {
    expect(faults([`${file} › is one`], { unkept: "it is two" }).join()).toMatch(/unkept/);
    expect(faults([`${file} › is one`, `${file} › is short`], { unkept: "it is two" })).toEqual([]);
  });
});
