import type { Sentence } from "./sentence.ts";

/** A test as its file has it: its title as it stands in the source, before anything is put into it. */
interface Title {
  readonly title: string;
  readonly within: string | undefined;
  readonly isExpectedToFail: boolean;
}

/** The tests of a file that run. */
export type Titles = readonly Title[];

/** `test("…",`, `test.fails("…",`, or the end of a table and the title after it: `])("…",`. */
const CALL = /(?:\b(?<name>test|describe|timed)(?<kinds>(?:\.\w+)*)|\))\(\s*(?<quote>["'`])(?<title>(?:\\.|(?!\k<quote>).)*)\k<quote>\s*,/gs;
/** The call whose table a title comes after. */
const TABLE = /\b(test|describe)((?:\.\w+)*)\.each\b/g;
const NOT_RUN = /\.(?:skip|todo)\b/;

/** Reads a file's tests from its text; comments that begin a line do not count. */
export function readTitles(source: string): Titles {
  const text = source.replaceAll(/^\s*\/\/.*$/gm, "");
  const titles: Title[] = [];
  let within: string | undefined;
  let end = -1;
  for (const { index, groups = {} } of text.matchAll(CALL)) {
    const [, name, kinds = ""] = groups["name"] ? ["", groups["name"], groups["kinds"]] : ([...text.slice(0, index).matchAll(TABLE)].at(-1) ?? []);
    if (name === undefined) continue;
    if (index > end) within = undefined;
    const title = unescaped(groups["title"] as string);
    if (name === "describe") {
      within = title;
      end = endOfBlock(text, index);
    } else if (!NOT_RUN.test(kinds)) titles.push({ title, within, isExpectedToFail: kinds.includes(".fails") });
  }
  return titles;
}

/** Where the formatter closes a block that begins on this line: the next line of no indent that begins with `}`. */
function endOfBlock(text: string, from: number): number {
  const end = text.indexOf("\n}", from);
  return end < 0 ? text.length : end;
}

const unescaped = (literal: string): string => literal.replaceAll(/\\(.)/gs, "$1");

/** What is wrong with what a sentence says of its tests, given the titles of the files that it names; nothing where all is well. */
export function faultsOf({ says, tests = [], unkept, later }: Sentence, files: ReadonlyMap<string, Titles>): readonly string[] {
  if (tests.length > 0 === (later !== undefined)) return [`"${says}": expected tests or later, got ${tests.length > 0 ? "both" : "neither"}`];
  if (later !== undefined) return [];
  const faults: string[] = [];
  let hasFailing = false;
  for (const entry of tests) {
    const [file = "", ...parts] = entry.split(" › ");
    const [title = "", within] = parts.toReversed();
    const found = (files.get(file) ?? []).filter((test) => test.title === title && (within === undefined || test.within === within));
    hasFailing ||= found.some(({ isExpectedToFail }) => isExpectedToFail);
    if (found.length === 0) faults.push(`${file} has no test "${title}"${within === undefined ? "" : ` in "${within}"`}`);
    if (found.length > 1) faults.push(`${file} has "${title}" ${found.length} times: say in which describe`);
  }
  if (!tests.some((entry) => /^test\/(?:http|local)\//.test(entry))) faults.push(`"${says}": expected a test over HTTP`);
  if (hasFailing !== (unkept !== undefined)) faults.push(`"${says}": expected unkept exactly where a test is expected to fail`);
  return faults;
}
