import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { jobStatus, subtitleEvents } from "../subtitle.ts";

const row = z.object({
  jobId: z.string(),
  status: jobStatus,
  videoTitle: z.string(),
  language: z.string(),
  downloadUrl: z.string().nullable(),
  error: z.string().nullable(),
  updatedAt: z.string(),
});
type Job = z.output<typeof row>;

/** Where does each job stand? */
export const subtitleJobs = defineProjection({
  name: "subtitle_jobs",
  version: 1,
  events: [subtitleEvents],
  row,
  key: "jobId",
  on: {
    "subtitle.download.requested": (_, { id, recorded, data: { videoTitle, language } }): Job => {
      return { jobId: id, status: "DOWNLOAD_QUEUED", videoTitle, language, downloadUrl: null, error: null, updatedAt: recorded };
    },
    "subtitle.download.started": (job, { recorded }) => moved(job, recorded, { status: "DOWNLOAD_IN_PROGRESS" }),
    "subtitle.ready": (job, { recorded, data: { downloadUrl } }) => moved(job, recorded, { status: "DONE", downloadUrl }),
    "subtitle.translate.requested": (job, { recorded }) => moved(job, recorded, { status: "TRANSLATE_QUEUED" }),
    "subtitle.translate.started": (job, { recorded }) => moved(job, recorded, { status: "TRANSLATE_IN_PROGRESS" }),
    "subtitle.translated": (job, { recorded, data: { downloadUrl } }) => moved(job, recorded, { status: "DONE", downloadUrl }),
    "job.failed": (job, { recorded, data: { reason } }) => moved(job, recorded, { status: "FAILED", error: reason }),
  },
});

/** A job that was requested, further on; of another one nothing is known. */
function moved(job: Job | undefined, updatedAt: string, change: Partial<Job>): Job | undefined {
  return job && { ...job, ...change, updatedAt };
}
