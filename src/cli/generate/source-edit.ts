import { stopped } from "./refusal.ts";

/** A line to add at the end of a block of code. */
export interface Addition {
  /** The block in words: `the events`. */
  readonly to: string;
  /** What the line looks like that opens the block; exactly one line must. The first of them that does counts. */
  readonly openings: readonly RegExp[];
  readonly entry: string;
}

/** A file's text with additions, or a stop that says what to add by hand: where a block is not found once, nothing is changed. */
export function withAdditions(path: string, text: string, additions: readonly Addition[]): string {
  let edited: string | undefined = text;
  const missing: string[] = [];
  for (const addition of additions) {
    const next: string | undefined = added(edited, addition);
    if (next === undefined) missing.push(addition.to);
    else edited = next;
  }
  if (missing.length === 0) return edited;
  const lines = additions.map(({ to, entry }) => `  to ${to}:\n${entry.replace(/^/gm, "    ")}`);
  throw stopped(
    "refused",
    `expected ${path} to have ${missing.join(" and ")} once, as a generated file has them. Nothing was changed; add by hand\n${lines.join("\n")}`,
  );
}

function added(text: string, { openings, entry }: Addition): string | undefined {
  const lines = text.split("\n");
  const [at, ...others] =
    openings.map((opening) => lines.flatMap((line, index) => (opening.test(line) ? [index] : []))).find((found) => found.length > 0) ?? [];
  if (at === undefined || others.length > 0) return undefined;
  const line = lines[at] as string;
  if (/[{[]$/.test(line)) {
    // The formatter closes a block at the indent of the line that opened it.
    const indent = /^ */.exec(line)?.[0] ?? "";
    const end = lines.findIndex((other, index) => index > at && other.startsWith(indent) && /^[}\]]/.test(other.slice(indent.length)));
    return end === -1 ? undefined : lines.toSpliced(end, 0, entry).join("\n");
  }
  const parts = /^(.*?\{)\s*(.*?),?\s*(\}\)?[,;]?)$/.exec(line);
  if (parts === null) return undefined;
  const [, head, body, tail] = parts as unknown as readonly [string, string, string, string];
  return lines.toSpliced(at, 1, head, ...(body === "" ? [] : [`${body},`]), entry, tail).join("\n");
}

/** A file's text with an import after its last one, or in the order of paths where they are in that order. */
export function withImport(text: string, statement: string): string {
  const lines = text.split("\n");
  const imports = lines.flatMap((line, index) => (/^import .* from ".*";$/.test(line) ? [index] : []));
  const last = imports.at(-1);
  if (last === undefined) return `${statement}\n${text}`;
  const pathOf = (line: string): string => / from "(.*)";$/.exec(line)?.[1] ?? "";
  const own = imports.filter((index) => pathOf(lines[index] as string).startsWith("./"));
  const later = own.find((index) => pathOf(lines[index] as string) > pathOf(statement));
  return lines.toSpliced(later ?? last + 1, 0, statement).join("\n");
}

/** A file's text with an export beside its others: after the last `export … from`, else after the imports. */
export function withReExport(text: string, statement: string): string {
  const lines = text.split("\n");
  const reExport = lines.findLastIndex((line) => /^export .* from ".*";$/.test(line));
  if (reExport !== -1) return lines.toSpliced(reExport + 1, 0, statement).join("\n");
  const imported = lines.findLastIndex((line) => /^import .* from ".*";$/.test(line));
  return lines.toSpliced(imported + 1, 0, "", statement).join("\n");
}
