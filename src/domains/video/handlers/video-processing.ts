import { categoryOf, commandTo, defineHandler } from "../../../kernel/index.ts";
import { videoProcessor } from "../processor.ts";
import { video, videoEvents } from "../video.ts";

/** Hands a requested job to the processor. One that does not take it fails the job; one that cannot be reached is asked again. */
export const videoProcessing = defineHandler({
  name: "video-processing",
  events: [videoEvents],
  on: ["video.ProcessingRequested"],
  async handle({ type, id, stream, data }, context) {
    if (categoryOf(stream) !== video.category || type !== "video.ProcessingRequested") return [];
    const begun = await context.port(videoProcessor).begin({ jobId: id, ...data }, context.key);
    if (begun.outcome === "nobody") return [];
    if (begun.outcome === "refused") return [commandTo(video, id, "FailProcessing", { reason: begun.reason })];
    return [commandTo(video, id, "StartProcessing", { processor: begun.processor })];
  },
});
