import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { videoEvents } from "../video.ts";

const row = z.object({
  jobId: z.string(),
  status: z.enum(["requested", "processing", "completed", "failed"]),
  videoUrl: z.string(),
  percent: z.number(),
  stage: z.string().nullable(),
  processor: z.string().nullable(),
  outputs: z.array(z.object({ url: z.string(), kind: z.string() })),
  /** Why it failed. */
  error: z.string().nullable(),
  updatedAt: z.string(),
});

type Job = Omit<z.output<typeof row>, "jobId">;

/** The view `video_jobs`: how far is my video? */
export const videoJobs = defineProjection({
  name: "video_jobs",
  version: 1,
  events: [videoEvents],
  key: "jobId",
  row,
  on: {
    "video.ProcessingRequested": (_, { data: { videoUrl }, recorded }) => ({
      status: "requested",
      videoUrl,
      percent: 0,
      stage: null,
      processor: null,
      outputs: [],
      error: null,
      updatedAt: recorded,
    }),
    "video.ProcessingStarted": (row, event) => moved(row, event, { status: "processing", processor: event.data.processor }),
    "video.ProgressReported": (row, event) => moved(row, event, { percent: event.data.percent, stage: event.data.stage }),
    "video.ProcessingCompleted": (row, event) => moved(row, event, { status: "completed", percent: 100, outputs: event.data.outputs }),
    "video.ProcessingFailed": (row, event) => moved(row, event, { status: "failed", error: event.data.reason }),
  },
});

function moved(row: Job | undefined, { recorded }: { readonly recorded: string }, change: Partial<Job>): Job | undefined {
  return row && { ...row, ...change, updatedAt: recorded };
}
