import { z } from "zod";
import type { VideoProcessor } from "../domains/video/index.ts";
import { askService, type HttpServiceGiven } from "./http-service.ts";

const accepted = z.object({ processor: z.string().min(1).max(200).default("video-processor") });

/**
 * A video processor over HTTP: `POST jobs` below its URL, `{ jobId, videoUrl, options }`, each begun once for its `Idempotency-Key`. It
 * answers `{"processor":"<its name>"}` and reports by the commands ReportProgress, CompleteProcessing and FailProcessing, with a key of
 * its own. A 4xx means that it does not take the job.
 */
export function httpVideoProcessor(given: HttpServiceGiven): VideoProcessor {
  return {
    async begin(job, key) {
      const asked = await askService(given, { name: "video processor", path: "jobs", key, body: job }, accepted);
      return asked.ok ? { outcome: "begun", processor: asked.answer.processor } : { outcome: "refused", reason: asked.reason };
    },
  };
}
