import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject, type Rejection } from "../../kernel/index.ts";
import { urlOf, videoUrl } from "./job.ts";

const MAX_OPTIONS = 50;
/** What the processor is to mind; it knows the names, this domain does not. */
const options = z
  .record(z.string().min(1).max(100), z.union([z.string().max(1000), z.number(), z.boolean()]))
  .refine((options) => Object.keys(options).length <= MAX_OPTIONS, `Expected at most ${MAX_OPTIONS} options`);
const request = z.object({ videoUrl, options });
const processor = z.string().min(1).max(200);
const progress = z.object({ percent: z.number().min(0).max(100), stage: z.string().min(1).max(200) });
// A result may lie in a bucket; what a browser would run as a script is refused.
const url = urlOf("https?|s3|r2|gs", "Expected an http, https, s3, r2 or gs URL");
const outputs = z.array(z.object({ url, kind: z.string().min(1).max(100) })).max(100);
const reason = z.string().min(1).max(1000);

/** What happens to the job of one video. */
export const videoEvents = defineEvents("video", {
  ProcessingRequested: request,
  ProcessingStarted: z.object({ processor }),
  ProgressReported: progress,
  ProcessingCompleted: z.object({ outputs }),
  ProcessingFailed: z.object({ reason }),
});

/** One output of a job: where it lies, and what it is. */
export type Output = z.output<typeof outputs>[number];

/** The job of one video. */
export interface Video extends Partial<z.output<typeof request>> {
  readonly status: "none" | "requested" | "processing" | "completed" | "failed";
  readonly processor?: string;
  /** From 0 to 100; it never falls. */
  readonly percent: number;
  readonly stage?: string;
  readonly outputs?: readonly Output[];
  /** Why it failed. */
  readonly reason?: string;
}

/** The aggregate `video`; its id is the job's. */
export const video = defineDecider({
  category: "video",
  events: videoEvents,
  commands: {
    RequestProcessing: request.extend({ options: options.default({}) }),
    StartProcessing: z.object({ processor }),
    ReportProgress: progress,
    CompleteProcessing: z.object({ outputs }),
    FailProcessing: z.object({ reason }),
  },
  initialState: (): Video => ({ status: "none", percent: 0 }),
  evolve: {
    ProcessingRequested: (_, { data }) => ({ ...data, status: "requested", percent: 0 }),
    ProcessingStarted: (video, { data }) => ({ ...video, status: "processing", processor: data.processor }),
    ProgressReported: (video, { data }) => ({ ...video, percent: data.percent, stage: data.stage }),
    ProcessingCompleted: (video, { data }) => ({ ...video, status: "completed", percent: 100, outputs: data.outputs }),
    ProcessingFailed: (video, { data }) => ({ ...video, status: "failed", reason: data.reason }),
  },
  decide: {
    RequestProcessing({ data }, { status, videoUrl, options }) {
      if (status === "none") return videoEvents.ProcessingRequested(data);
      return canonicalJson({ videoUrl, options }) === canonicalJson(data)
        ? []
        : reject("already_requested", "There is a job of this id already, with other data: choose another id.");
    },
    StartProcessing({ data }, { status, processor }) {
      if (status === "requested") return videoEvents.ProcessingStarted(data);
      if (status !== "none" && processor === data.processor) return [];
      return overOf(status) ?? reject("already_started", `The processor ${processor} has started already.`);
    },
    ReportProgress({ data }, { status, percent, stage }) {
      if (status !== "none" && percent === data.percent && stage === data.stage) return [];
      if (status !== "processing") return overOf(status) ?? reject("not_started", "Nobody has started to process it: StartProcessing comes first.");
      return data.percent < percent
        ? reject("backwards", `The job is at ${percent} percent already: expected at least that, got ${data.percent}.`)
        : videoEvents.ProgressReported(data);
    },
    CompleteProcessing({ data }, { status, outputs }) {
      if (status === "processing") return videoEvents.ProcessingCompleted(data);
      if (status === "completed" && canonicalJson(outputs) === canonicalJson(data.outputs)) return [];
      return overOf(status) ?? reject("not_started", "Nobody has started to process it: StartProcessing comes first.");
    },
    FailProcessing({ data }, { status }) {
      if (status === "failed") return [];
      return overOf(status) ?? videoEvents.ProcessingFailed(data);
    },
  },
});

/** The no of a job that is not there, or over. */
function overOf(status: Video["status"]): Rejection | undefined {
  if (status === "none") return reject("no_such_job", "There is no such job: RequestProcessing makes one.");
  if (status === "completed") return reject("already_completed", "The job is completed, and changes no more.");
  return status === "failed" ? reject("already_failed", "The job has failed, and changes no more: request it again under another id.") : undefined;
}
