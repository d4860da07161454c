import { categoryOf, type CommandToSend, commandTo, defineHandler, type HandlerContext } from "../../../kernel/index.ts";
import { chooseSubtitle } from "../choose-subtitle.ts";
import { libraryPath } from "../library-path.ts";
import { subtitle, subtitleEvents } from "../subtitle.ts";
import { subtitleLibrary } from "../subtitle-library.ts";
import { attempted, failing, jobIn, WORKER_RETRY } from "./job-work.ts";

const STAGE = "download";

/**
 * Looks for a job's subtitle: in the wanted language, else in another one to translate from, else the job has failed. That it was
 * started is an event, and the work follows from that one: a worker that breaks off in between is called to it again.
 */
export const subtitleDownloader = defineHandler({
  name: "subtitle-downloader",
  events: [subtitleEvents],
  on: ["subtitle.download.requested", "subtitle.download.started"],
  retry: WORKER_RETRY,
  from: "beginning",
  async handle({ type, id, stream }, context) {
    if (categoryOf(stream) !== subtitle.category) return [];
    if (type === "subtitle.download.requested") return [commandTo(subtitle, id, "StartDownload", {})];
    return attempted(context, failing(id, STAGE, "The library could not be read."), () => download(id, context));
  },
});

async function download(id: string, context: HandlerContext): Promise<readonly CommandToSend[]> {
  const job = await jobIn("DOWNLOAD_IN_PROGRESS", id, context);
  if (job === undefined) return [];
  const { videoTitle: title, language, preferredSources } = job.request;
  const library = context.port(subtitleLibrary);
  const choice = chooseSubtitle(await library.candidates(title), { language, preferredSources });
  if (choice.kind === "none") return [failing(id, STAGE, choice.reason)];
  const { candidate } = choice;
  if (choice.kind === "translate") return [commandTo(subtitle, id, "RequestTranslation", { fromLanguage: candidate.language })];
  const file = await library.read({ title, language: candidate.language });
  if (file === undefined) throw new Error(`expected the library to have ${candidate.language} of a title that it offers it of`);
  // With its version, so that the job's file stays the one that was found.
  const downloadUrl = libraryPath({ title, language: candidate.language, version: file.version });
  return [commandTo(subtitle, id, "CompleteDownload", { downloadUrl, source: candidate.source })];
}
