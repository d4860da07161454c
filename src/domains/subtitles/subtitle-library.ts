import { definePort } from "../../kernel/index.ts";
import type { Candidate } from "./choose-subtitle.ts";
import type { LibraryFileName } from "./library-path.ts";
import type { SubtitleFormat } from "./subtitle-file.ts";

/** A file's text as it is kept, and the version that its event has in its stream. */
export interface LibraryText {
  readonly version: number;
  readonly language: string;
  readonly format: SubtitleFormat;
  readonly text: string;
}

/** Where subtitles are looked for. */
export interface SubtitleLibrary {
  /** What there is of a title, in whatever language; nothing for a title that is not known. */
  candidates(title: string): Promise<readonly Candidate[]>;
  /** A file as it stands there now; undefined where there is none. */
  read(name: LibraryFileName): Promise<LibraryText | undefined>;
}

/** The library as the workers reach it. */
export const subtitleLibrary = definePort<SubtitleLibrary>("subtitles/library");
