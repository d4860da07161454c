import { readFileSync } from "node:fs";
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
