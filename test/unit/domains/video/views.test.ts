import { describe, expect, test } from "vitest";
import { batchEvents, videoBatches, videoEvents, videoJobs, videos } from "../../../../src/domains/video/index.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";

const LATER = "2026-02-01T10:00:00.000Z";
const videoUrl = "https://videos.example/v1.mp4";

describe("video_jobs", () => {
  const outputs = [{ url: "https://videos.example/v1-720p.mp4", kind: "720p" }];
  const requested = happened("video-v1", videoEvents.ProcessingRequested({ videoUrl, options: { fast: true } }));
  const started = happened("video-v1", videoEvents.ProcessingStarted({ processor: "p1" }), LATER);
  const half = happened("video-v1", videoEvents.ProgressReported({ percent: 50, stage: "encode" }), LATER);
  const row = {
    jobId: "v1",
    status: "requested",
    videoUrl,
    percent: 0,
    stage: null,
    processor: null,
    outputs: [],
    error: null,
    updatedAt: "2026-01-01T00:00:00.000Z",
  };
  const processing = { ...row, status: "processing", processor: "p1", updatedAt: LATER };

  test("has a job as it was asked for", () => {
    givenLog(videoJobs, requested).thenRows(row);
  });

  test("says who is at it, and how far", () => {
    givenLog(videoJobs, requested, started).thenRows(processing);
    givenLog(videoJobs, requested, started, half).thenRows({ ...processing, percent: 50, stage: "encode" });
  });

  test("has the outputs of a completed job, at 100 percent", () => {
    const completed = happened("video-v1", videoEvents.ProcessingCompleted({ outputs }), LATER);
    givenLog(videoJobs, requested, started, half, completed).thenRows({ ...processing, status: "completed", percent: 100, stage: "encode", outputs });
  });

  test("says why a job failed, and how far it came", () => {
    const failed = happened("video-v1", videoEvents.ProcessingFailed({ reason: "no such codec" }), LATER);
    givenLog(videoJobs, requested, started, half, failed).thenRows({
      ...processing,
      status: "failed",
      percent: 50,
      stage: "encode",
      error: "no such codec",
    });
  });

  test("has none that nobody asked for", () => {
    givenLog(videoJobs, started, half).thenRows();
  });
});

describe("video_batches", () => {
  const jobs = ["b1:1", "b1:2", "b1:3"].map((jobId) => ({ jobId, videoUrl }));
  const started = happened("batch-b1", batchEvents.BatchStarted({ jobs }));
  const outcome = (number: number, ok: boolean) => happened("batch-b1", batchEvents.BatchOutcomeRecorded({ jobId: `b1:${number}`, ok }));
  const row = { batchId: "b1", total: 3, done: 0, failed: 0, percent: 0, status: "running" };

  test("has a batch with nothing done yet", () => {
    givenLog(videoBatches, started).thenRows(row);
  });

  test("counts what went well and what did not, in percent rounded down", () => {
    givenLog(videoBatches, started, outcome(1, true)).thenRows({ ...row, done: 1, percent: 33 });
    givenLog(videoBatches, started, outcome(1, true), outcome(3, false)).thenRows({ ...row, done: 1, failed: 1, percent: 66 });
  });

  test("is completed when all are over", () => {
    const completed = happened("batch-b1", batchEvents.BatchCompleted({ done: 2, failed: 1 }));
    givenLog(videoBatches, started, outcome(1, true), outcome(3, false), outcome(2, true), completed).thenRows({
      ...row,
      done: 2,
      failed: 1,
      percent: 100,
      status: "completed",
    });
  });

  test("has none that nobody started", () => {
    givenLog(videoBatches, outcome(1, true), happened("batch-b1", batchEvents.BatchCompleted({ done: 1, failed: 0 }))).thenRows();
  });
});

test("the module has its categories, commands, events and views under the names that clients use", () => {
  expect(videos.name).toBe("video");
  expect(videos.deciders.map(({ category, commands }) => [category, ...Object.keys(commands)])).toEqual([
    ["video", "RequestProcessing", "StartProcessing", "ReportProgress", "CompleteProcessing", "FailProcessing"],
    ["batch", "StartBatch", "RecordOutcome"],
  ]);
  expect(videos.deciders.map(({ forms }) => [...forms.keys()].map((type) => type.replace(/^video\./, "")))).toEqual([
    ["ProcessingRequested", "ProcessingStarted", "ProgressReported", "ProcessingCompleted", "ProcessingFailed"],
    ["BatchStarted", "BatchOutcomeRecorded", "BatchCompleted"],
  ]);
  expect(videos.projections.map(({ name, key }) => [name, key])).toEqual([
    ["video_jobs", "jobId"],
    ["video_batches", "batchId"],
  ]);
});
