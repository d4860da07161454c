import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

interface Said {
  readonly code: string;
  /** What stands behind the code, to the end of its line. */
  readonly rest: string;
}

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

/** Every call of `reject` with a code, as it stands in the code. */
const said = files.flatMap((file): readonly Said[] =>
  [...readFileSync(`src/${file}`, "utf8").matchAll(/\breject\("([^"]+)"([^\n]*)/g)].map(([, code = "", rest = ""]) => ({ code, rest })),
);
const literals = said.flatMap(({ code, rest }) => {
  const [, text] = /^, (?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)\)/.exec(rest)?.filter((part) => part !== undefined) ?? [];
  return text === undefined ? [] : [{ code, text }];
});

describe("a rejection of ours", () => {
  test("has a detail of its own, in the place of its code in words", () => {
    expect(said.length).toBeGreaterThan(60);
    expect(said.filter(({ rest }) => !rest.startsWith(", ")).map(({ code }) => code)).toEqual([]);
  });

  test("says it in a sentence", () => {
    expect(literals.length).toBeGreaterThan(60);
    for (const { code, text } of literals) {
      // Or with a sentence that came from elsewhere.
      expect(text, code).toMatch(/^([A-Z]|\$\{).*(\.|: \$\{error\})$/);
      expect(text.split(" ").length, code).toBeGreaterThan(3);
      expect(text, code).not.toMatch(/\b(aggregate|decider|fold|projector|object)\b/i);
    }
  });

  test("of a value that somebody else has is said the same way", () => {
    const codes = files.flatMap((file) => [...readFileSync(`src/${file}`, "utf8").matchAll(/^ +taken: "(\w+)",$/gm)].map(([, code]) => code));
    expect(codes).toEqual([]);
  });
});
