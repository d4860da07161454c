import { defineModule, type Module } from "../../kernel/index.ts";
import { subtitleDownloader } from "./handlers/subtitle-downloader.ts";
import { subtitleTranslator } from "./handlers/subtitle-translator.ts";
import { subtitleJob } from "./sagas/subtitle-job.ts";
import { subtitle } from "./subtitle.ts";
import { subtitleResult } from "./subtitle-result.ts";
import { subtitleTitle } from "./subtitle-title.ts";
import { subtitleJobs } from "./views/subtitle-jobs.ts";

/** Subtitles for videos: jobs that find or translate them, and a library that anyone can fill. */
export const subtitles: Module = defineModule({
  name: "subtitles",
  deciders: [subtitle, subtitleTitle, subtitleResult],
  projections: [subtitleJobs],
  handlers: [subtitleDownloader, subtitleTranslator],
  sagas: [subtitleJob],
});

export * from "./choose-subtitle.ts";
export * from "./decode-text.ts";
export * from "./handlers/subtitle-downloader.ts";
export * from "./handlers/subtitle-translator.ts";
export * from "./language.ts";
export * from "./library-path.ts";
export * from "./read-subtitles.ts";
export * from "./sagas/subtitle-job.ts";
export * from "./subtitle.ts";
export * from "./subtitle-file.ts";
export * from "./subtitle-library.ts";
export * from "./subtitle-result.ts";
export * from "./subtitle-title.ts";
export * from "./title.ts";
export * from "./translate-cues.ts";
export * from "./translator.ts";
export * from "./with-texts.ts";
export * from "./write-subtitles.ts";
