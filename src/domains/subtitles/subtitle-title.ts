import { z } from "zod";
import { defineDecider, defineEvents, reject, sha256 } from "../../kernel/index.ts";
import { language } from "./language.ts";
import { readSubtitles } from "./read-subtitles.ts";
import { subtitleFormat } from "./subtitle-file.ts";
import { title, titleId } from "./title.ts";

/** A file of the library. Its text is as it came, but for the encoding: of at most 1 MiB. */
export const libraryFile = z.object({ title, language, format: subtitleFormat, text: z.string().min(1).max(1_048_576) });

/** The facts of a title. */
export const titleEvents = defineEvents("subtitle.title", { FileStored: libraryFile.extend({ cues: z.int().min(1) }) });

/** What is known of a file without its text, which stays in its event. */
export const keptFile = z.object({
  format: subtitleFormat,
  cues: z.int(),
  /** SHA-256 of the text. */
  digest: z.string(),
  /** How many files this title was given up to this one: its event has this version, or a later one. */
  ordinal: z.int(),
  /** How many times the file of this language was set: 1 for a new one. */
  revision: z.int(),
});
export type KeptFile = z.output<typeof keptFile>;

/** A title's files by language. */
export interface TitleState {
  /** As it was written last. */
  readonly title?: string;
  readonly stored: number;
  readonly files: Readonly<Record<string, KeptFile>>;
}

/** The files of one title in the library: one of each language. */
export const subtitleTitle = defineDecider({
  category: "subtitle_title",
  events: titleEvents,
  commands: { StoreFile: libraryFile },
  initialState: (): TitleState => ({ stored: 0, files: {} }),
  evolve: {
    FileStored({ stored, files }, { data: { title, language, format, text, cues } }) {
      const file = { format, cues, digest: sha256(text), ordinal: stored + 1, revision: (files[language]?.revision ?? 0) + 1 };
      return { title, stored: stored + 1, files: { ...files, [language]: file } };
    },
  },
  decide: {
    StoreFile({ data }, { files }, { id }) {
      if (id !== titleId(data.title)) return reject("wrong_title", `The title's files are kept by the id ${titleId(data.title)}, got ${id}.`);
      const kept = files[data.language];
      if (kept?.format === data.format && kept.digest === sha256(data.text)) return [];
      const read = readSubtitles(data.text, data.format);
      if (read.ok) return titleEvents.FileStored({ ...data, cues: read.file.cues.length });
      return reject("broken_file", read.faults.map(({ line, message }) => `line ${line}: ${message}`).join("; "));
    },
  },
});
