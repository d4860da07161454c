import { readSubtitles } from "./read-subtitles.ts";
import type { SubtitleFile } from "./subtitle-file.ts";
import { writeSubtitles } from "./write-subtitles.ts";

/** A file with other texts in its cues, as text; or what is wrong with it, in a sentence. Times, and all that is no text, stay. */
export function withTexts(
  file: SubtitleFile,
  texts: readonly string[],
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string } {
  if (texts.length !== file.cues.length) return { ok: false, reason: `Expected ${file.cues.length} texts, got ${texts.length}.` };
  const text = writeSubtitles({ ...file, cues: file.cues.map((cue, index) => ({ ...cue, text: cueText(texts[index] ?? "") })) });
  const read = readSubtitles(text, file.format);
  if (!read.ok) return { ok: false, reason: read.faults.map(({ line, message }) => `line ${line}: ${message}`).join("; ") };
  const isSame = read.file.cues.every(({ start, end }, index) => start === file.cues[index]?.start && end === file.cues[index]?.end);
  return isSame && read.file.cues.length === file.cues.length
    ? { ok: true, text }
    : { ok: false, reason: "Expected the cues that it was made from, got others." };
}

/** What ends a cue, or begins another one, is taken out of a text that comes from outside. */
function cueText(text: string): string {
  const lines = text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n\r]/gu, "")
    .split(/\r\n|\n|\r/);
  return lines
    .filter((line) => line.trim() !== "")
    .join("\n")
    .replaceAll(/-{2,}>/g, "->");
}
