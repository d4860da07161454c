import { RE2JS } from "@bufbuild/re2";
import { meter } from "./meter.ts";

/** The longest regular expression, in characters. */
const LONGEST = 500;

/** The sum of an expression's counted repetitions: `a{20}` is twenty times `a` when it is compiled. */
const MOST_REPETITIONS = 1_000;

/** Instructions that the regular expressions of one filter may have together. */
export const MOST_INSTRUCTIONS = 500;

/**
 * A compiled expression keeps a state for each character at worst, and past 10,000 of them it falls back to a way whose time grows with the
 * square of its instructions. So all are forgotten after that many characters, and a longer text is reckoned with that square.
 */
const MOST_CHARACTERS = 8_000;

/** Compiled expressions that are kept. */
const MOST_KEPT = 100;

const kept = new Map<string, RE2JS>();
let characters = 0;

/** A regular expression in RE2's syntax: how many instructions it has, or what is wrong with it. */
export function regexSize(
  pattern: string,
): { readonly ok: true; readonly size: number } | { readonly ok: false; readonly expected: string; readonly got: string } {
  if (pattern.length > LONGEST) return { ok: false, expected: `a regular expression of at most ${LONGEST} characters`, got: `${pattern.length}` };
  const repetitions = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].reduce((sum, [, from, to]) => sum + Math.max(Number(from), Number(to ?? 0)), 0);
  if (repetitions > MOST_REPETITIONS) return { ok: false, expected: `at most ${MOST_REPETITIONS} counted repetitions`, got: `${repetitions}` };
  try {
    return { ok: true, size: sizeOf(RE2JS.compile(pattern)) };
  } catch (fault) {
    return { ok: false, expected: "a regular expression in RE2's syntax", got: fault instanceof Error ? fault.message : String(fault) };
  }
}

/** What the library asks for a regular expression: whether it matches a part of a text, and every look at the text is counted. */
export const countedRegex = {
  compile: (pattern: string) => ({
    test(text: string): boolean {
      if (characters + text.length > MOST_CHARACTERS || kept.size > MOST_KEPT) forget();
      const regex = kept.get(pattern) ?? RE2JS.compile(pattern);
      const size = sizeOf(regex);
      const perCharacter = text.length <= MOST_CHARACTERS ? size + 50 : size * size;
      meter.spend(Math.ceil((text.length * perCharacter) / 4));
      kept.set(pattern, regex);
      characters += text.length;
      return regex.test(text);
    },
  }),
};

function forget(): void {
  kept.clear();
  characters = 0;
}

function sizeOf(regex: RE2JS): number {
  return regex.re2().prog.numInst();
}
