import { definePort } from "../../kernel/index.ts";

/** A video to process. */
export interface ProcessingJob {
  readonly jobId: string;
  readonly videoUrl: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** Whether it has begun. `nobody`: no processor is there, and whoever processes says so by commands. */
export type Begun =
  | { readonly outcome: "begun"; readonly processor: string }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "nobody" };

/** Whoever processes videos; how far it is, it reports by commands. */
export interface VideoProcessor {
  /** Begins once for each key. Throws where it cannot be reached now. */
  begin(job: ProcessingJob, key: string): Promise<Begun>;
}

/** The processor as the domain reaches it. */
export const videoProcessor = definePort<VideoProcessor>("video/processor");
