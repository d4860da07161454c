import { z } from "zod";
import { commandTo, defineSaga } from "../../../kernel/index.ts";
import { batch, batchEvents } from "../batch.ts";
import { jobId, videoUrl } from "../job.ts";
import { video, videoEvents } from "../video.ts";

/** How long (milliseconds) a batch may take: a day. */
const TIME_TO_PROCESS = 86_400_000;

const known = z.object({
  batchId: z.string(),
  jobs: z.array(z.object({ jobId, videoUrl })),
  /** Of the jobs that are over: whether they went well. */
  outcomes: z.record(z.string(), z.boolean()).default({}),
});
type Known = z.output<typeof known>;

/** A job for each of a batch's videos, and the batch told what becomes of each. That some fail is no failure; jobs that never end are ended. */
export const videoBatch = defineSaga({
  name: "video-batch",
  events: [batchEvents, videoEvents],
  aggregates: [batch, video],
  data: known,
  idOf: ({ batchId }) => batchId,
  startsOn: { "video.BatchStarted": ({ id, data: { jobs } }) => ({ batchId: id, jobs, outcomes: {} }) },
  correlate: { "video.ProcessingCompleted": ({ id }) => batchOf(id), "video.ProcessingFailed": ({ id }) => batchOf(id) },
  evolve: {
    "video.ProcessingCompleted": (known, { id }) => withOutcome(known, id, true),
    "video.ProcessingFailed": (known, { id }) => withOutcome(known, id, false),
  },
  // A job that was completed before it could be ended went well, though nobody has told of it yet.
  accepted: (known, { id }, code) => (code === "already_completed" ? withOutcome(known, id, true) : known),
  steps: [
    {
      name: "jobs",
      // Somebody else's job of that id comes to its end, too.
      send: ({ jobs }) =>
        jobs.map(({ jobId, videoUrl }) => ({ ...commandTo(video, jobId, "RequestProcessing", { videoUrl }), accepts: ["already_requested"] })),
      sendOn: {
        "video.ProcessingCompleted": (known, { id }) => recording(known, id, true),
        "video.ProcessingFailed": (known, { id }) => recording(known, id, false),
      },
      awaits: { "video.ProcessingCompleted": isOver, "video.ProcessingFailed": isOver },
      withinMs: TIME_TO_PROCESS,
      compensate: ({ jobs, outcomes }) =>
        jobs
          .filter(({ jobId }) => !Object.hasOwn(outcomes, jobId))
          .flatMap(({ jobId }) => [
            { ...commandTo(video, jobId, "FailProcessing", { reason: "The batch is over." }), accepts: ["no_such_job", "already_completed", "already_failed"] },
          ]),
    },
  ],
  // What was recorded stays; the rest was ended just now.
  undone: ({ batchId, jobs, outcomes }) =>
    jobs.map(({ jobId }) => ({ ...commandTo(batch, batchId, "RecordOutcome", { jobId, ok: outcomes[jobId] ?? false }), accepts: ["no_such_batch"] })),
});

/** The batch of a job `<batch>:<n>`; undefined for a job of its own. */
function batchOf(id: string): string | undefined {
  return /^(.+):[1-9]\d*$/.exec(id)?.[1];
}

function withOutcome(known: Known, id: string, ok: boolean): Known {
  return isJob(known, id) ? { ...known, outcomes: { ...known.outcomes, [id]: ok } } : known;
}

function recording(known: Known, id: string, ok: boolean) {
  return isJob(known, id) ? commandTo(batch, known.batchId, "RecordOutcome", { jobId: id, ok }) : [];
}

function isOver({ jobs, outcomes }: Known): boolean {
  return jobs.every(({ jobId }) => Object.hasOwn(outcomes, jobId));
}

function isJob({ jobs }: Known, id: string): boolean {
  return jobs.some(({ jobId }) => jobId === id);
}
