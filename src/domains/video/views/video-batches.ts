import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { batchEvents } from "../batch.ts";

const row = z.object({
  batchId: z.string(),
  total: z.int(),
  /** Jobs that went well. */
  done: z.int(),
  failed: z.int(),
  /** Of the jobs, those that are over either way, rounded down: 100 only when all are. */
  percent: z.int(),
  status: z.enum(["running", "completed"]),
});

/** The view `video_batches`: how far is my batch? */
export const videoBatches = defineProjection({
  name: "video_batches",
  version: 1,
  events: [batchEvents],
  key: "batchId",
  row,
  on: {
    "video.BatchStarted": (_, { data: { jobs } }) => ({ total: jobs.length, done: 0, failed: 0, percent: 0, status: "running" }),
    "video.BatchOutcomeRecorded": (row, { data: { ok } }) => {
      if (row === undefined) return undefined;
      const done = row.done + (ok ? 1 : 0);
      const failed = row.failed + (ok ? 0 : 1);
      return { ...row, done, failed, percent: Math.floor((100 * (done + failed)) / row.total) };
    },
    "video.BatchCompleted": (row) => row && { ...row, status: "completed" },
  },
});
