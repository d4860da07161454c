import type { Cue, SubtitleFile } from "./subtitle-file.ts";

/** The local translator: every cue keeps its times, and its text is marked with the language: `[he] …`. */
export function translateCues<One extends Pick<Cue, "text">>(cues: readonly One[], language: string): readonly One[] {
  return cues.map((cue) => ({ ...cue, text: cue.text === "" ? "" : `[${language}] ${cue.text}` }));
}

/** A whole file, translated by the local translator. */
export function translateFile(file: SubtitleFile, language: string): SubtitleFile {
  return { ...file, cues: translateCues(file.cues, language) };
}
