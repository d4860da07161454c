import { z } from "zod";

/** SubRip, or WebVTT. */
export const subtitleFormat = z.enum(["srt", "vtt"]);
export type SubtitleFormat = z.output<typeof subtitleFormat>;

/** What is shown, and when. */
export interface Cue {
  /** SubRip's number, or WebVTT's identifier; perhaps empty. */
  readonly id: string;
  /** Milliseconds from the video's beginning. */
  readonly start: number;
  readonly end: number;
  /** What stands behind the times: SubRip's coordinates, or WebVTT's settings; perhaps empty. */
  readonly settings: string;
  /** Lines parted by `\n`, with the markup that the format has. */
  readonly text: string;
}

/** A file of subtitles, read. */
export interface SubtitleFile {
  readonly format: SubtitleFormat;
  /** What a WebVTT file has before its cues: the signature with all that follows it, styles, regions, notes. Empty for SubRip. */
  readonly head: string;
  readonly cues: readonly Cue[];
}

/** What is wrong with a file, and in which of its lines: 1, 2, 3… */
export interface LineFault {
  readonly line: number;
  readonly message: string;
}

/** A file, or what is wrong with it. */
export type SubtitlesRead = { readonly ok: true; readonly file: SubtitleFile } | { readonly ok: false; readonly faults: readonly LineFault[] };
