import { test } from "vitest";
import { batch, batchEvents, video, videoBatch, videoEvents } from "../../../src/domains/video/index.ts";
import { commandTo } from "../../../src/kernel/index.ts";
import { givenSaga, happened } from "../../../src/testing/index.ts";

const jobs = [1, 2, 3].map((n) => ({ jobId: `b1:${n}`, videoUrl: `https://v.example/${n}` }));
const started = happened("batch-b1", batchEvents.BatchStarted({ jobs }));
const completed = (job: string) => happened(`video-${job}`, videoEvents.ProcessingCompleted({ outputs: [] }));
const failed = (job: string) => happened(`video-${job}`, videoEvents.ProcessingFailed({ reason: "no sound" }));
const record = (jobId: string, ok: boolean) => commandTo(batch, "b1", "RecordOutcome", { jobId, ok });
const requests = jobs.map(({ jobId, videoUrl }) => commandTo(video, jobId, "RequestProcessing", { videoUrl }));
const begun = givenSaga(videoBatch).when(started);
const requested = begun.answers("jobs", "done");

test("a batch has a job for each of its videos, and each outcome is recorded as it comes; some may fail", () => {
  begun
    .then(...requests)
    .answers("jobs", "done")
    .then()
    .when(completed("b1:2"))
    .then(record("b1:2", true))
    .answers("jobs", "done")
    .when(failed("b1:1"), completed("b1:3"))
    .then(record("b1:1", false), record("b1:3", true))
    .thenStatus("running")
    .answers("jobs", "done")
    .thenStatus("completed")
    .thenData({ batchId: "b1", jobs, outcomes: { "b1:1": false, "b1:2": true, "b1:3": true } })
    .thenOnce();
});

test("a job that was quicker than the batch's beginning is recorded, too", () => {
  givenSaga(videoBatch)
    .when(completed("b1:3"), started)
    .then(...requests, record("b1:3", true));
});

test("somebody else's job of the same id is waited for; one that is none of the batch's is not", () => {
  begun
    .answers("jobs", "done", 0)
    .answers("jobs", { rejected: "already_requested" }, 1)
    .answers("jobs", "done", 2)
    .when(completed("b1:9"))
    .then()
    .thenStatus("running")
    .thenData({ batchId: "b1", jobs, outcomes: {} });
});

test("jobs that do not end within a day are ended, and recorded as failed", () => {
  const end = (job: string) => commandTo(video, job, "FailProcessing", { reason: "The batch is over." });
  requested
    .when(completed("b1:1"))
    .answers("jobs", "done")
    .thenWaits(86_400_000)
    .after(86_400_000)
    .thenStatus("compensating")
    .then(end("b1:2"))
    .answers("jobs", "done")
    .then(end("b1:3"))
    .when(failed("b1:2"))
    .answers("jobs", { rejected: "already_failed" })
    .then(record("b1:1", true))
    .answers("(afterwards)", "done")
    .then(record("b1:2", false))
    .answers("(afterwards)", "done")
    .then(record("b1:3", false))
    .answers("(afterwards)", "done")
    .thenStatus("compensated")
    .thenOnce();
});

test("a job that is completed before it is ended is recorded as completed, though nobody has told of it yet", () => {
  const end = (job: string) => commandTo(video, job, "FailProcessing", { reason: "The batch is over." });
  const ending = requested.cancelled("no time").then(end("b1:1")).answers("jobs", "done").then(end("b1:2"));
  const told = ending.answers("jobs", { rejected: "already_completed" }).thenOnce();
  for (const one of [told, told.when(completed("b1:2"))])
    one
      .then(end("b1:3"))
      .answers("jobs", "done")
      .then(record("b1:1", false))
      .answers("(afterwards)", "done")
      .then(record("b1:2", true))
      .answers("(afterwards)", "done")
      .then(record("b1:3", false))
      .answers("(afterwards)", "done")
      .thenStatus("cancelled")
      .thenOnce();
});

test("an outcome that cannot be recorded now is recorded later", () => {
  requested
    .when(completed("b1:1"))
    .answers("jobs", { failed: "busy" })
    .then()
    .thenWaits(2_000)
    .after(2_000)
    .then(record("b1:1", true))
    .answers("jobs", "done")
    .thenStatus("running");
});

test("a job that is refused ends the batch, once what is under way is through", () => {
  begun
    .answers("jobs", { rejected: "stream_closed" }, 1)
    .thenStatus("running")
    .answers("jobs", "done")
    .thenStatus("compensating")
    .thenBecause(/stream_closed/);
});
