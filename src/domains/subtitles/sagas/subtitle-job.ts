import { z } from "zod";
import { commandTo, defineSaga, failed, learned } from "../../../kernel/index.ts";
import { chooseSubtitle } from "../choose-subtitle.ts";
import { language } from "../language.ts";
import { libraryPath } from "../library-path.ts";
import { downloadRequest, subtitle, subtitleEvents } from "../subtitle.ts";
import { subtitleLibrary } from "../subtitle-library.ts";

/** How long (milliseconds) the translator may take. */
const TIME_TO_TRANSLATE = 15 * 60_000;

const choice = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("found"), downloadUrl: z.string(), source: z.string() }),
  z.object({ kind: z.literal("translate"), fromLanguage: language }),
]);
const job = z.object({ jobId: z.string(), request: downloadRequest, choice: choice.optional() });

/**
 * A subtitle's job with somebody who conducts it: it looks in the library, and either the file is found, or the translator is told to
 * translate another one and waited for. The same facts as without it, where each worker reacts to the one before; so it is off, and where
 * both are at work the job is done once.
 */
export const subtitleJob = defineSaga({
  name: "subtitle-job",
  events: [subtitleEvents],
  aggregates: [subtitle],
  data: job,
  idOf: ({ jobId }) => jobId,
  isOff: true,
  startsOn: { "subtitle.download.requested": ({ id, data }) => ({ jobId: id, request: data }) },
  steps: [
    // Started by hand, it asks for the job itself.
    { name: "request", send: ({ jobId, request }) => commandTo(subtitle, jobId, "RequestDownload", request) },
    { name: "start", send: ({ jobId }) => commandTo(subtitle, jobId, "StartDownload", {}) },
    {
      name: "search",
      async call({ request: { videoTitle: title, language, preferredSources } }, { port }) {
        const library = port(subtitleLibrary);
        const chosen = chooseSubtitle(await library.candidates(title), { language, preferredSources });
        if (chosen.kind === "none") return failed(chosen.reason);
        const { candidate } = chosen;
        if (chosen.kind === "translate") return learned({ choice: { kind: "translate", fromLanguage: candidate.language } });
        const file = await library.read({ title, language: candidate.language });
        if (file === undefined) throw new Error(`expected the library to have ${candidate.language} of a title that it offers it of`);
        return learned({
          choice: { kind: "found", downloadUrl: libraryPath({ title, language: candidate.language, version: file.version }), source: candidate.source },
        });
      },
    },
    {
      name: "found",
      when: ({ choice }) => choice?.kind === "found",
      send: ({ jobId, choice }) =>
        choice?.kind === "found" ? commandTo(subtitle, jobId, "CompleteDownload", { downloadUrl: choice.downloadUrl, source: choice.source }) : [],
    },
    {
      name: "translation",
      when: ({ choice }) => choice?.kind === "translate",
      send: ({ jobId, choice }) =>
        choice?.kind === "translate" ? commandTo(subtitle, jobId, "RequestTranslation", { fromLanguage: choice.fromLanguage }) : [],
    },
    {
      name: "translate",
      when: ({ choice }) => choice?.kind === "translate",
      send: ({ jobId }) => commandTo(subtitle, jobId, "StartTranslation", {}),
      awaits: { "subtitle.translated": () => true, "job.failed": (_, { data }) => failed(data.reason) },
      withinMs: TIME_TO_TRANSLATE,
    },
  ],
  undone: ({ jobId }, reason) => ({
    ...commandTo(subtitle, jobId, "FailJob", { reason: reason.slice(0, 2_000), stage: "orchestration" }),
    accepts: ["no_such_job", "job_failed", "job_done"],
  }),
});
