import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../src/local/root.ts";

const README = join(ROOT, "README.md");

/** Puts text into README between the marks of this name, in the place of what stood there, as the formatter has it. */
export async function keepSection(name: string, text: string): Promise<void> {
  await writeFile(README, withSection(await readFile(README, "utf8"), name, text));
  await promisify(execFile)(join(ROOT, "node_modules/.bin/oxfmt"), [README]);
}

function withSection(readme: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`expected README to have ${begin} and ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${text}\n\n${readme.slice(to)}`;
}
