import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const readme = readFileSync("README.md", "utf8");
const blocks = [...readme.matchAll(/<!-- file: (\S+) -->\n+```ts\n([\s\S]*?)```/g)];

test("README shows code from files", () => {
  expect(blocks.map(([, file]) => file)).toContain("test/readme/cart.ts");
});

test.each(blocks.map(([, file, code]) => [file as string, code as string]))("README shows %s as it is", (file, code) => {
  expect(code).toBe(readFileSync(file, "utf8"));
});

test("every test file that README names is there", () => {
  const named = [...readme.matchAll(/`(test\/[^`\s]+)`/g)].map(([, path]) => path as string);
  expect(named.length).toBeGreaterThan(5);
  for (const path of named) expect(() => readFileSync(path), path).not.toThrow(/ENOENT/);
});

const headings = [...readme.replaceAll(/```[\s\S]*?```/g, "").matchAll(/^##+ (.+)$/gm)].map(([, heading]) => heading as string);
/** The name that a forge gives a heading: small letters, dashes for blanks, without other signs. */
const anchorOf = (heading: string): string =>
  `#${heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-")}`;
const targets = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target as string);

test("every link in README leads to a heading or a file", () => {
  const anchors = new Set(headings.map(anchorOf));
  expect(targets.filter((target) => (target.startsWith("#") ? !anchors.has(target) : !existsSync(target)))).toEqual([]);
});

test("README's contents name every heading but the first commands and themselves", () => {
  const [, contents = ""] = /\n## What is where\n([\s\S]*?)\n## /.exec(readme) ?? [];
  const named = [...contents.matchAll(/\[([^\]]+)\]\(#/g)].map(([, name]) => name as string);
  expect(named.toSorted()).toEqual(headings.filter((heading) => !["Two commands", "What is where"].includes(heading)).toSorted());
});
