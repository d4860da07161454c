import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compiledFor, HANDLERS_PAGE, snippets } from "../readme/first-domain.ts";

test("the page of handlers shows an aggregate, a handler that sends commands, one that asks a port, and their spec", () => {
  expect(snippets(HANDLERS_PAGE).map(({ path }) => path)).toEqual([
    "src/domains/library/handlers/loans.ts",
    "src/domains/library/reader.ts",
    "src/domains/library/handlers/congratulations.ts",
    "test/unit/domains/library/handlers.test.ts",
  ]);
});

test.each(snippets(HANDLERS_PAGE).map(({ path, code }) => [path, code] as const))("it shows %s as it is compiled and tested", (path, code) => {
  expect(code).toBe(compiledFor(path));
});

test("the page of the first domain leads there", () => {
  expect(readFileSync("src/domains/README.md", "utf8")).toContain("](handlers.md)");
});
