import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject } from "../../kernel/index.ts";
import { jobId, videoUrl } from "./job.ts";

/** Videos of one batch at most. */
const MAX_VIDEOS = 100;
const videoUrls = z.array(videoUrl).max(MAX_VIDEOS);
const jobs = z.array(z.object({ jobId, videoUrl })).min(1).max(MAX_VIDEOS);
const outcome = z.object({ jobId, ok: z.boolean() });
const count = z.int().min(0).max(MAX_VIDEOS);

/** What happens to a batch of videos. */
export const batchEvents = defineEvents("video", {
  BatchStarted: z.object({ jobs }),
  BatchOutcomeRecorded: outcome,
  BatchCompleted: z.object({ done: count, failed: count }),
});

/** A batch: a job for each of its videos, and what became of them. */
export interface Batch {
  readonly status: "none" | "running" | "completed";
  readonly jobs: z.output<typeof jobs>;
  /** Ids of the jobs that went well, and of those that did not. */
  readonly done: readonly string[];
  readonly failed: readonly string[];
}

/** The aggregate `batch`; its id is the batch's. Its jobs are `<batch>:1`, `<batch>:2`, … in the order of the videos. */
export const batch = defineDecider({
  category: "batch",
  events: batchEvents,
  commands: { StartBatch: z.object({ videoUrls }), RecordOutcome: outcome },
  initialState: (): Batch => ({ status: "none", jobs: [], done: [], failed: [] }),
  evolve: {
    BatchStarted: (_, { data }) => ({ status: "running", jobs: data.jobs, done: [], failed: [] }),
    BatchOutcomeRecorded: (batch, { data: { jobId, ok } }) =>
      ok ? { ...batch, done: [...batch.done, jobId] } : { ...batch, failed: [...batch.failed, jobId] },
    BatchCompleted: (batch) => ({ ...batch, status: "completed" }),
  },
  decide: {
    StartBatch({ data: { videoUrls } }, { status, jobs }, { id }) {
      if (status !== "none") {
        const before = jobs.map(({ videoUrl }) => videoUrl);
        return canonicalJson(before) === canonicalJson(videoUrls)
          ? []
          : reject("already_started", "There is a batch of this id already, with other videos: choose another id.");
      }
      if (videoUrls.length === 0) return reject("empty_batch", "Expected at least one video, got none.");
      const started = videoUrls.map((videoUrl, index) => ({ jobId: `${id}:${index + 1}`, videoUrl }));
      // The job's id is a stream's id too, and has the same bound.
      if (!started.every(({ jobId: one }) => jobId.safeParse(one).success))
        return reject("id_too_long", "The ids of the batch's jobs would be over 200 characters: choose a shorter id for the batch.");
      return batchEvents.BatchStarted({ jobs: started });
    },
    RecordOutcome({ data }, { status, jobs, done, failed }) {
      if (status === "none") return reject("no_such_batch", "There is no such batch: StartBatch makes one.");
      if (!jobs.some(({ jobId }) => jobId === data.jobId)) return reject("no_such_job", `The batch has no job ${data.jobId}.`);
      if (done.includes(data.jobId) || failed.includes(data.jobId)) return [];
      const recorded = batchEvents.BatchOutcomeRecorded(data);
      const counts = { done: done.length + (data.ok ? 1 : 0), failed: failed.length + (data.ok ? 0 : 1) };
      return counts.done + counts.failed < jobs.length ? recorded : [recorded, batchEvents.BatchCompleted(counts)];
    },
  },
});
