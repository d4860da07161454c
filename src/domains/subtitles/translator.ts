import { definePort } from "../../kernel/index.ts";
import type { SubtitleFormat } from "./subtitle-file.ts";

/** Texts of cues that are to be said in another language. */
export interface TranslationAsked {
  /** With the markup that the format has; lines are parted by `\n`. */
  readonly texts: readonly string[];
  readonly format: SubtitleFormat;
  /** Language tags, in lower case. */
  readonly from: string;
  readonly to: string;
  /** The same for the same work: who charges for it charges once. */
  readonly key: string;
  readonly signal: AbortSignal;
}

/** As many texts, in their order; or why there are none, in a sentence. `isFinal`: asking again would not help. */
export type Translated = { readonly ok: true; readonly texts: readonly string[] } | { readonly ok: false; readonly reason: string; readonly isFinal: boolean };

export interface Translator {
  translate(asked: TranslationAsked): Promise<Translated>;
}

/** Whoever translates, as the worker reaches them. */
export const translator = definePort<Translator>("subtitles/translator");
