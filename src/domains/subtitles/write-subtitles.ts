import type { Cue, SubtitleFile, SubtitleFormat } from "./subtitle-file.ts";
import { subRipText, webVttText } from "./markup.ts";

/** A file as text, lines ending with LF. Notes that stood among the cues are gone. */
export function writeSubtitles({ format, head, cues }: SubtitleFile): string {
  return format === "vtt" ? writeWebVtt(head, cues) : cues.map(subRipBlock).join("\n");
}

/**
 * The same cues in another format: numbers, times and text stay. What only one format has goes: coordinates, settings, styles, regions.
 * A WebVTT file's identifiers become numbers in SubRip.
 */
export function converted(file: SubtitleFile, format: SubtitleFormat): SubtitleFile {
  if (file.format === format) return file;
  if (format === "vtt") return { format, head: "WEBVTT", cues: file.cues.map((cue) => ({ ...cue, settings: "", text: webVttText(cue.text) })) };
  return { format, head: "", cues: file.cues.map((cue, index) => ({ ...cue, id: String(index + 1), settings: "", text: subRipText(cue.text) })) };
}

function writeWebVtt(head: string, cues: readonly Cue[]): string {
  return [`${head}\n`, ...cues.map((cue) => block(cue.id, `${timeOf(cue.start, ".")} --> ${timeOf(cue.end, ".")}`, cue))].join("\n");
}

function subRipBlock(cue: Cue): string {
  return block(cue.id, `${timeOf(cue.start, ",")} --> ${timeOf(cue.end, ",")}`, cue);
}

function block(id: string, times: string, { settings, text }: Cue): string {
  const lines = [id, settings === "" ? times : `${times} ${settings}`, text];
  return `${lines.filter((line) => line !== "").join("\n")}\n`;
}

function timeOf(milliseconds: number, point: string): string {
  const digits = (value: number, count: number): string => String(Math.floor(value)).padStart(count, "0");
  const seconds = milliseconds / 1_000;
  return `${digits(seconds / 3_600, 2)}:${digits((seconds / 60) % 60, 2)}:${digits(seconds % 60, 2)}${point}${digits(milliseconds % 1_000, 3)}`;
}
