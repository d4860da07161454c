import { defineModule } from "../../kernel/index.ts";
import { batch } from "./batch.ts";
import { videoProcessing } from "./handlers/video-processing.ts";
import { videoBatch } from "./sagas/video-batch.ts";
import { video } from "./video.ts";
import { videoBatches } from "./views/video-batches.ts";
import { videoJobs } from "./views/video-jobs.ts";

export { type Batch, batch, batchEvents } from "./batch.ts";
export { type Begun, type ProcessingJob, type VideoProcessor, videoProcessor } from "./processor.ts";
export { videoProcessing } from "./handlers/video-processing.ts";
export { videoBatch } from "./sagas/video-batch.ts";
export { type Video, video, videoEvents } from "./video.ts";
export { videoBatches } from "./views/video-batches.ts";
export { videoJobs } from "./views/video-jobs.ts";

/** Processing videos: one job each, alone or in batches. The module is not called like its first aggregate, so that both can be imported. */
export const videos = defineModule({
  name: "video",
  deciders: [video, batch],
  projections: [videoJobs, videoBatches],
  handlers: [videoProcessing],
  sagas: [videoBatch],
});
