import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stopped } from "./refusal.ts";

/** What a generator is about to do; paths are the project's, texts need no formatting. */
export interface Plan {
  readonly creates: Readonly<Record<string, string>>;
  readonly edits: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
  /** What to do next, a line each. */
  readonly next: readonly string[];
}

/** Checks a plan and formats its texts as the project's own formatter does, which refuses what is no code. */
export function ready(root: string, plan: Plan): Plan {
  const there = Object.keys(plan.creates).filter((path) => existsSync(join(root, path)));
  if (there.length > 0) throw stopped("refused", `expected no file of that name yet, but there ${there.length === 1 ? "is" : "are"} ${there.join(", ")}`);
  const formatted = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, format(root, path, text)]));
  return { ...plan, creates: formatted(plan.creates), edits: formatted(plan.edits) };
}

function format(root: string, path: string, text: string): string {
  const formatter = join(root, "node_modules/oxfmt/bin/oxfmt");
  if (!existsSync(formatter)) throw stopped("refused", "expected the formatter oxfmt in node_modules, got none. Run npm ci.");
  const { status, stdout, stderr } = spawnSync(process.execPath, [formatter, "--stdin-filepath", path], { cwd: root, input: text, encoding: "utf8" });
  if (status !== 0 || stdout === "") throw stopped("refused", `expected ${path} to be code after the change, but the formatter says:\n${stderr.trim()}`);
  return stdout;
}

/** Writes all of a plan or, where a write fails, takes back what was written. */
export async function carryOut(root: string, { creates, edits }: Plan): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const [path, text] of Object.entries(creates)) {
      const file = join(root, path);
      await mkdir(dirname(file), { recursive: true });
      // `wx`: a file that came into being since it was looked for is not overwritten either.
      await writeFile(file, text, { flag: "wx" });
      undo.push(() => rm(file, { force: true }));
    }
    for (const [path, text] of Object.entries(edits)) {
      const file = join(root, path);
      const before = await readFile(file, "utf8");
      undo.push(() => writeFile(file, before));
      await writeFile(file, text);
    }
  } catch (fault) {
    for (const step of undo.toReversed()) await step();
    throw stopped("refused", `expected to write every file, got ${(fault as Error).message}; what was written is taken back`);
  }
}

/** A plan as `--dry-run` prints it: new files whole, of the others the lines that change. */
export async function described(root: string, { creates, edits }: Plan): Promise<string> {
  const whole = Object.entries(creates).map(([path, text]) => `would write ${path}:\n\n${text}`);
  const changed = Object.entries(edits).map(async ([path, text]) => {
    const before = (await readFile(join(root, path), "utf8")).split("\n");
    const after = text.split("\n");
    const gone = without(before, after).map((line) => `- ${line}`);
    const come = without(after, before).map((line) => `+ ${line}`);
    return `would change ${path}:\n\n${[...gone, ...come].join("\n")}\n`;
  });
  return [...whole, ...(await Promise.all(changed))].join("\n");
}

/** The lines of one text that another has not, or not as often. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
