import { expect, test } from "vitest";
import { compiledFor, curlLines, listLines, snippets } from "../readme/first-domain.ts";

test("the page shows an aggregate, a view, a module, a spec, and how to call them", () => {
  expect(snippets().map(({ path }) => path)).toEqual([
    "src/domains/library/book.ts",
    "src/domains/library/views/books-lent.ts",
    "src/domains/library/index.ts",
    "test/unit/domains/library/library.test.ts",
    "src/domains/library/card.ts",
  ]);
  expect(listLines()).toEqual({ statement: 'import { library } from "./library/index.ts";', name: "library" });
  expect(curlLines().length).toBeGreaterThanOrEqual(7);
});

test.each(snippets().map(({ path, code }) => [path, code] as const))("the page shows %s as it is compiled and tested", (path, code) => {
  expect(code).toBe(compiledFor(path));
});
