import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, event, reject, type Rejection } from "../../kernel/index.ts";
import { language } from "./language.ts";
import { title } from "./title.ts";

/** Where a job stands. */
export const jobStatus = z.enum(["DOWNLOAD_QUEUED", "DOWNLOAD_IN_PROGRESS", "TRANSLATE_QUEUED", "TRANSLATE_IN_PROGRESS", "DONE", "FAILED"]);
export type JobStatus = z.output<typeof jobStatus>;

/** A provider's name. */
const provider = z.string().min(1).max(100);
/** An absolute URL, or a path of this platform: one with a title of 200 characters, each of them twelve when it is written as a path. */
const downloadUrl = z.string().min(1).max(3_000);
const nothing = z.object({});

/** What a job is asked for. */
export const downloadRequest = z.object({
  videoUrl: z.url({ protocol: /^https?$/, error: "Expected a URL of http or https" }).max(2_000),
  videoTitle: title,
  language,
  /** Providers in the order in which they are wished for; any other will do as well. */
  preferredSources: z.array(provider).max(20).default([]),
});
const found = z.object({ downloadUrl, source: provider });
const wanted = z.object({ fromLanguage: language });
const translated = z.object({ downloadUrl });
const failure = z.object({ reason: z.string().min(1).max(2_000), stage: provider });

/** The facts of a job. Each names who worked: the one that asks, the one that downloads or the one that translates. */
export const subtitleEvents = defineEvents("subtitle", {
  DownloadRequested: event(downloadRequest, { type: "subtitle.download.requested", source: "manager" }),
  DownloadStarted: event(nothing, { type: "subtitle.download.started", source: "downloader" }),
  SubtitleReady: event(found, { type: "subtitle.ready", source: "downloader" }),
  TranslationRequested: event(wanted, { type: "subtitle.translate.requested", source: "downloader" }),
  TranslationStarted: event(nothing, { type: "subtitle.translate.started", source: "translator" }),
  SubtitleTranslated: event(translated, { type: "subtitle.translated", source: "translator" }),
  JobFailed: event(failure, { type: "job.failed", source: "manager" }),
});

/** A job as it stands; without a status there is none. */
export interface SubtitleState {
  readonly status?: JobStatus;
  readonly request?: z.output<typeof downloadRequest>;
  readonly fromLanguage?: string;
  readonly downloadUrl?: string;
  /** The provider that had the subtitle. */
  readonly source?: string;
  readonly error?: string;
  readonly stage?: string;
}

/** A job that brings a video its subtitle: found in the wanted language, or translated from another one, or failed with the reason. */
export const subtitle = defineDecider({
  category: "subtitle",
  events: subtitleEvents,
  commands: {
    RequestDownload: downloadRequest,
    StartDownload: nothing,
    CompleteDownload: found,
    RequestTranslation: wanted,
    StartTranslation: nothing,
    CompleteTranslation: translated,
    FailJob: failure,
  },
  initialState: (): SubtitleState => ({}),
  evolve: {
    DownloadRequested: (_, { data }) => ({ status: "DOWNLOAD_QUEUED", request: data }),
    DownloadStarted: (state) => ({ ...state, status: "DOWNLOAD_IN_PROGRESS" }),
    SubtitleReady: (state, { data }) => ({ ...state, ...data, status: "DONE" }),
    TranslationRequested: (state, { data }) => ({ ...state, ...data, status: "TRANSLATE_QUEUED" }),
    TranslationStarted: (state) => ({ ...state, status: "TRANSLATE_IN_PROGRESS" }),
    SubtitleTranslated: (state, { data }) => ({ ...state, ...data, status: "DONE" }),
    JobFailed: (state, { data }) => ({ ...state, status: "FAILED", error: data.reason, stage: data.stage }),
  },
  decide: {
    RequestDownload({ data }, { request }) {
      if (request === undefined) return subtitleEvents.DownloadRequested(data);
      return canonicalJson(request) === canonicalJson(data)
        ? []
        : reject("already_requested", "There is a job of this id already, with other data: choose another id.");
    },
    StartDownload: (_, state) => notAlive(state) ?? (state.status === "DOWNLOAD_QUEUED" ? subtitleEvents.DownloadStarted({}) : []),
    CompleteDownload({ data }, state) {
      if (state.status === "DOWNLOAD_IN_PROGRESS") return subtitleEvents.SubtitleReady(data);
      const isRepeat = state.status === "DONE" && state.downloadUrl === data.downloadUrl && state.source === data.source;
      return isRepeat ? [] : (notAlive(state) ?? notStarted(state) ?? beyond(state));
    },
    RequestTranslation({ data }, state) {
      if (data.fromLanguage === state.request?.language)
        return reject("same_language", `The job wants ${data.fromLanguage} itself: expected another language to translate from.`);
      if (state.status === "DOWNLOAD_IN_PROGRESS") return subtitleEvents.TranslationRequested(data);
      return notAlive(state) ?? notStarted(state) ?? (state.fromLanguage === data.fromLanguage ? [] : beyond(state));
    },
    StartTranslation(_, state) {
      if (state.status === "TRANSLATE_QUEUED") return subtitleEvents.TranslationStarted({});
      return notAlive(state) ?? notTranslating(state) ?? [];
    },
    CompleteTranslation({ data }, state) {
      if (state.status === "TRANSLATE_IN_PROGRESS") return subtitleEvents.SubtitleTranslated(data);
      const dead = notAlive(state) ?? notTranslating(state);
      if (dead !== undefined) return dead;
      if (state.status === "TRANSLATE_QUEUED") return reject("translation_not_started", "Nobody has started to translate it: StartTranslation comes first.");
      return state.downloadUrl === data.downloadUrl ? [] : beyond(state);
    },
    FailJob({ data }, state) {
      if (state.status === "FAILED" && state.error === data.reason && state.stage === data.stage) return [];
      const dead = notAlive(state);
      if (dead !== undefined) return dead;
      return state.status === "DONE" ? beyond(state) : { ...subtitleEvents.JobFailed(data), source: workerOf(state) };
    },
  },
});

/** Nothing more comes of a job that is not there, or that has failed. */
function notAlive({ status, error }: SubtitleState): Rejection | undefined {
  if (status === undefined) return reject("no_such_job", "There is no such job: it was never requested.");
  return status === "FAILED" ? reject("job_failed", `The job has failed: ${error}`) : undefined;
}

function notStarted({ status }: SubtitleState): Rejection | undefined {
  return status === "DOWNLOAD_QUEUED" ? reject("download_not_started", "Nobody has started to download it: StartDownload comes first.") : undefined;
}

function notTranslating({ fromLanguage }: SubtitleState): Rejection | undefined {
  return fromLanguage === undefined ? reject("translation_not_requested", "Nobody asked for a translation: RequestTranslation comes first.") : undefined;
}

/** The job has gone on, another way than the command says. */
function beyond({ status }: SubtitleState): Rejection {
  return status === "DONE" ? reject("job_done", "The job is done, with another result.") : reject("translation_requested", "The job waits for a translation.");
}

/** Whoever was at work when it failed; nobody was while it waited. */
function workerOf({ status }: SubtitleState): string {
  if (status === "DOWNLOAD_IN_PROGRESS") return "downloader";
  return status === "TRANSLATE_IN_PROGRESS" ? "translator" : "manager";
}
