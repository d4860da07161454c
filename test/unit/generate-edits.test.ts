import { describe, expect, test } from "vitest";
import { type Addition, withAdditions, withImport, withReExport } from "../../src/cli/generate/source-edit.ts";

const toEvolve = (entry: string): Addition => ({ to: "evolve", openings: [/^ {2}evolve: \{/], entry });
const edit = (text: string, ...additions: readonly Addition[]): string => withAdditions("a.ts", text, additions);

describe("an addition to a block", () => {
  test("stands at its end, whatever blocks are in it", () => {
    const text = "x({\n  evolve: {\n    A: () => {\n      b();\n    },\n  },\n  decide: {\n  },\n});\n";
    expect(edit(text, toEvolve("    B: c,"))).toBe("x({\n  evolve: {\n    A: () => {\n      b();\n    },\n    B: c,\n  },\n  decide: {\n  },\n});\n");
  });

  test("opens a block of one line", () => {
    expect(edit("x({\n  evolve: { A: f({ n: 1 }), C: g },\n});\n", toEvolve("    B: c,"))).toBe(
      "x({\n  evolve: {\nA: f({ n: 1 }), C: g,\n    B: c,\n},\n});\n",
    );
  });

  test("fills an empty block", () => {
    expect(edit("x({\n  evolve: {},\n});\n", toEvolve("    B: c,"))).toBe("x({\n  evolve: {\n    B: c,\n},\n});\n");
  });

  test.each([
    ["is not there", "x({});\n"],
    ["is there twice", "x({\n  evolve: {},\n});\ny({\n  evolve: {},\n});\n"],
    ["never ends", "x({\n  evolve: {\n"],
  ])("whose block %s is told, to be made by hand", (_, text) => {
    expect(() => edit(text, toEvolve("    B: c,"))).toThrow(
      "expected a.ts to have evolve once, as a generated file has them. Nothing was changed; add by hand\n  to evolve:\n        B: c,",
    );
  });

  test("is told with all others where one of them cannot be made", () => {
    const decide: Addition = { to: "decide", openings: [/^ {2}decide: \{/], entry: "    D: d," };
    expect(() => edit("x({\n  evolve: {},\n});\n", toEvolve("    B: c,"), decide)).toThrow(
      /have decide once[\s\S]*to evolve:[\s\S]*B: c,[\s\S]*to decide:[\s\S]*D: d,/,
    );
  });
});

describe("an import", () => {
  test("stands in the order of paths", () => {
    expect(withImport('import { a } from "./a.ts";\nimport { c } from "./c.ts";\n\nx();\n', 'import { b } from "./b.ts";')).toBe(
      'import { a } from "./a.ts";\nimport { b } from "./b.ts";\nimport { c } from "./c.ts";\n\nx();\n',
    );
  });

  test("of the last path stands last, and the first one at the top", () => {
    expect(withImport('import { k } from "../k.ts";\nimport { a } from "./a.ts";\n\nx();\n', 'import { b } from "./b.ts";')).toBe(
      'import { k } from "../k.ts";\nimport { a } from "./a.ts";\nimport { b } from "./b.ts";\n\nx();\n',
    );
    expect(withImport("x();\n", 'import { b } from "./b.ts";')).toBe('import { b } from "./b.ts";\nx();\n');
  });
});

test("an export stands beside the others, or after the imports", () => {
  expect(withReExport('import { a } from "./a.ts";\n\nexport { a } from "./a.ts";\n\nx();\n', "export b;")).toBe(
    'import { a } from "./a.ts";\n\nexport { a } from "./a.ts";\nexport b;\n\nx();\n',
  );
  expect(withReExport('import { a } from "./a.ts";\n\nx();\n', "export b;")).toBe('import { a } from "./a.ts";\n\nexport b;\n\nx();\n');
});
