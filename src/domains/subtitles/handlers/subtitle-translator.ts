import { categoryOf, type CommandToSend, commandTo, defineHandler, type HandlerContext } from "../../../kernel/index.ts";
import { resultPath } from "../library-path.ts";
import { readSubtitles } from "../read-subtitles.ts";
import { subtitle, subtitleEvents } from "../subtitle.ts";
import { subtitleLibrary } from "../subtitle-library.ts";
import { resultFile, subtitleResult } from "../subtitle-result.ts";
import { translator } from "../translator.ts";
import { withTexts } from "../with-texts.ts";
import { attempted, failing, isTriedAgain, jobIn, WORKER_RETRY } from "./job-work.ts";

const STAGE = "translate";
/** Bytes of a file as its event keeps it: what one event may have. */
const MOST_BYTES = 1_048_576;

/** Translates a job's subtitle from the language that it was found in; cues keep their times. The work follows from its own start, as that of the downloader. */
export const subtitleTranslator = defineHandler({
  name: "subtitle-translator",
  events: [subtitleEvents],
  on: ["subtitle.translate.requested", "subtitle.translate.started"],
  timeoutMs: 90_000,
  retry: WORKER_RETRY,
  from: "beginning",
  async handle({ type, id, stream }, context) {
    if (categoryOf(stream) !== subtitle.category) return [];
    if (type === "subtitle.translate.requested") return [commandTo(subtitle, id, "StartTranslation", {})];
    return attempted(context, failing(id, STAGE, "The subtitle could not be translated."), () => translate(id, context));
  },
});

async function translate(id: string, context: HandlerContext): Promise<readonly CommandToSend[]> {
  const job = await jobIn("TRANSLATE_IN_PROGRESS", id, context);
  if (job === undefined) return [];
  const completing = commandTo(subtitle, id, "CompleteTranslation", { downloadUrl: resultPath(id) });
  // It was kept already, by an attempt that got no further: a translator need not say the same twice.
  if ((await context.state(subtitleResult.category, id)).version > 0) return [completing];
  const { language: to, videoTitle: title } = job.request;
  const { fromLanguage: from = "" } = job;
  const source = await context.port(subtitleLibrary).read({ title, language: from });
  if (source === undefined) return [failing(id, STAGE, `The library has no file in ${from} any more.`)];
  const read = readSubtitles(source.text, source.format);
  if (!read.ok) return [failing(id, STAGE, `The library's file in ${from} is broken: ${read.faults[0]?.message}`)];
  const { format, cues } = read.file;
  const { key, signal } = context;
  const translated = await context.port(translator).translate({ texts: cues.map(({ text }) => text), format, from, to, key, signal });
  if (!translated.ok && !translated.isFinal && isTriedAgain(context)) throw new Error(translated.reason);
  if (!translated.ok) return [failing(id, STAGE, translated.reason)];
  const made = withTexts(read.file, translated.texts);
  if (!made.ok) return [failing(id, STAGE, `The translation is no whole file: ${made.reason}`)];
  const file = { language: to, format, text: made.text };
  if (new TextEncoder().encode(JSON.stringify(file)).length > MOST_BYTES || !resultFile.safeParse(file).success)
    return [failing(id, STAGE, `The translation is larger than ${MOST_BYTES} bytes.`)];
  return [commandTo(subtitleResult, id, "KeepFile", file), completing];
}
