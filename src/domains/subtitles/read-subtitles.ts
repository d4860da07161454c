import { controlFault } from "./lines.ts";
import { readSubRip } from "./read-subrip.ts";
import { isWebVtt, readWebVtt } from "./read-webvtt.ts";
import type { LineFault, SubtitleFormat, SubtitlesRead } from "./subtitle-file.ts";

/** Of faults, at most so many are told. */
const MAX_FAULTS = 20;

/** The format of a text by how it begins: WebVTT has a signature, and everything else claims to be SubRip. */
export function formatOf(text: string): SubtitleFormat {
  return isWebVtt(text) ? "vtt" : "srt";
}

/** Reads a file of subtitles strictly: every cue of it, or what is wrong and where. A file without cues is none. */
export function readSubtitles(text: string, format: SubtitleFormat = formatOf(text)): SubtitlesRead {
  const control = controlFault(text);
  if (control !== undefined) return { ok: false, faults: [control] };
  const faults: LineFault[] = [];
  const tell = (fault: LineFault): void => {
    if (faults.length < MAX_FAULTS) faults.push(fault);
  };
  const { head, cues } = format === "vtt" ? readWebVtt(text, tell) : { head: "", cues: readSubRip(text, tell) };
  if (faults.length > 0) return { ok: false, faults };
  if (cues.length === 0) return { ok: false, faults: [{ line: 1, message: "Expected at least one cue, got none" }] };
  return { ok: true, file: { format, head, cues } };
}
