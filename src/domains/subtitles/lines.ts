import type { LineFault } from "./subtitle-file.ts";

/** A line of a file and its number: 1, 2, 3… */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** What stands between a cue's times. */
export const ARROW = "-->";

/** The blocks of a text: runs of lines that are not blank. Lines end with LF, CRLF or CR. */
export function blocksOf(text: string, isBlank: (line: string) => boolean): readonly (readonly Line[])[] {
  const blocks: Line[][] = [];
  let block: Line[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (!isBlank(line)) block.push({ number: index + 1, text: line });
    else if (block.length > 0) {
      blocks.push(block);
      block = [];
    }
  }
  if (block.length > 0) blocks.push(block);
  return blocks;
}

/** A fault as a sentence: what was expected, and what is there, cut where it is long. */
export function fault(line: Line, expected: string): LineFault {
  return { line: line.number, message: `Expected ${expected}, got ${JSON.stringify(line.text.length > 80 ? `${line.text.slice(0, 80)}…` : line.text)}` };
}

/** The first character that no text has, with its line; undefined for a text. */
export function controlFault(text: string): LineFault | undefined {
  const found = /[^\P{Cc}\t\n\r]|\p{Cs}/u.exec(text);
  if (found === null) return undefined;
  const before = text.slice(0, found.index).split(/\r\n|\n|\r/);
  const code = (found[0].codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return { line: before.length, message: `Expected text, got the character U+${code}` };
}

/** A text block's lines as one text. */
export function joined(lines: readonly Line[]): string {
  return lines.map(({ text }) => text).join("\n");
}

/** Hours, minutes, seconds and milliseconds in milliseconds; undefined where minutes or seconds are over 59. */
export function milliseconds(hours: string | undefined, minutes: string, seconds: string, rest: string): number | undefined {
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return Number(hours ?? 0) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000 + Number(rest);
}
