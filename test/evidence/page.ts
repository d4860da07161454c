import { EVIDENCE, type Told } from "./told.ts";

/** A run of the evidence, as `test/evidence/last.json` keeps it. */
export interface EvidencePage {
  /** The day, as YYYY-MM-DD. */
  readonly at: string;
  readonly told: readonly Told[];
}

/** The page as a Markdown table, in the order of the evidence. */
export function pageTable({ told }: EvidencePage): string {
  const rows = EVIDENCE.map((name) => `| ${name} | ${told.find((line) => line.name === name)?.figures ?? "not run"} |`);
  return ["| evidence | figures |", "| --- | --- |", ...rows].join("\n");
}

/** What stands between two marks, without the padding that a formatter gives a table. */
export function sectionOf(readme: string, name: string): string {
  const [, text = ""] = new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(readme) ?? [];
  return unpadded(text.trim());
}

/** A table's cells without the spaces around them. */
export function unpadded(table: string): string {
  return table
    .split("\n")
    .map((line) =>
      line
        .replace(/\s*\|\s*/g, "|")
        .replace(/-{3,}:?/g, "---")
        .replace(/:---/g, "---"),
    )
    .join("\n");
}
