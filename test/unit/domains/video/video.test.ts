import { describe, expect, test } from "vitest";
import { video, videoEvents } from "../../../../src/domains/video/index.ts";
import { given } from "../../../../src/testing/index.ts";

const videoUrl = "https://videos.example/v1.mp4";
const outputs = [{ url: "https://videos.example/v1-720p.mp4", kind: "720p" }];
const requested = videoEvents.ProcessingRequested({ videoUrl, options: {} });
const started = videoEvents.ProcessingStarted({ processor: "p1" });
const half = videoEvents.ProgressReported({ percent: 50, stage: "encode" });
const completed = videoEvents.ProcessingCompleted({ outputs });
const failed = videoEvents.ProcessingFailed({ reason: "no such codec" });

const nothing = given(video);
const isRequested = given(video, requested);
const isProcessing = given(video, requested, started);
const isHalf = given(video, requested, started, half);
const isCompleted = given(video, requested, started, half, completed);
const hasFailed = given(video, requested, started, half, failed);
const failedEarly = given(video, requested, failed);

describe("RequestProcessing", () => {
  test("asks for a video once, with options or without", () => {
    nothing.when("RequestProcessing", { videoUrl }).then(requested).thenOnce();
    const options = { height: 720, codec: "av1", fast: true };
    nothing.when("RequestProcessing", { videoUrl, options }).then(videoEvents.ProcessingRequested({ videoUrl, options })).thenOnce();
  });

  test("again with the same data decides nothing, however far the job is", () => {
    for (const state of [isRequested, isProcessing, isCompleted, hasFailed]) state.when("RequestProcessing", { videoUrl, options: {} }).then();
  });

  test("again with other data is refused", () => {
    isRequested.when("RequestProcessing", { videoUrl: `${videoUrl}?2` }).thenRejected("already_requested");
    hasFailed.when("RequestProcessing", { videoUrl, options: { fast: true } }).thenRejected("already_requested");
  });

  test.each([
    { videoUrl: "" },
    { videoUrl: "v1.mp4" },
    { videoUrl: "ftp://videos.example/v1.mp4" },
    { videoUrl: `${videoUrl}?${"x".repeat(2_048)}` },
    { options: { deep: {} } },
    { options: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`o${index}`, 1])) },
  ])("is of a video on the web and plain options, not of %o", (unsound) => {
    expect(video.commands["RequestProcessing"]?.safeParse({ videoUrl, ...unsound }).success).toBe(false);
  });
});

describe("StartProcessing", () => {
  test("starts a job once", () => {
    isRequested.when("StartProcessing", { processor: "p1" }).then(started).thenOnce();
  });

  test("by the same processor decides nothing, however far the job is", () => {
    for (const state of [isProcessing, isCompleted, hasFailed]) state.when("StartProcessing", { processor: "p1" }).then();
  });

  test("by another processor, of a job that is not there, or over, is refused", () => {
    nothing.when("StartProcessing", { processor: "p1" }).thenRejected("no_such_job");
    isProcessing.when("StartProcessing", { processor: "p2" }).thenRejected("already_started");
    isCompleted.when("StartProcessing", { processor: "p2" }).thenRejected("already_completed");
    hasFailed.when("StartProcessing", { processor: "p2" }).thenRejected("already_failed");
    failedEarly.when("StartProcessing", { processor: "p1" }).thenRejected("already_failed");
  });
});

describe("ReportProgress", () => {
  test("takes note of how far it is, once", () => {
    isProcessing.when("ReportProgress", { percent: 50, stage: "encode" }).then(half).thenOnce();
    isProcessing
      .when("ReportProgress", { percent: 0, stage: "fetch" })
      .then(videoEvents.ProgressReported({ percent: 0, stage: "fetch" }))
      .thenOnce();
  });

  test("may name another stage of as many percent", () => {
    isHalf
      .when("ReportProgress", { percent: 50, stage: "pack" })
      .then(videoEvents.ProgressReported({ percent: 50, stage: "pack" }))
      .thenOnce();
  });

  test("never goes backwards", () => {
    isHalf.when("ReportProgress", { percent: 49.9, stage: "encode" }).thenRejected("backwards");
    isHalf.when("ReportProgress", { percent: 0, stage: "pack" }).thenRejected("backwards");
  });

  test("of a job that is not there, not started, or over, is refused", () => {
    nothing.when("ReportProgress", { percent: 0, stage: "fetch" }).thenRejected("no_such_job");
    isRequested.when("ReportProgress", { percent: 0, stage: "fetch" }).thenRejected("not_started");
    isCompleted.when("ReportProgress", { percent: 100, stage: "pack" }).thenRejected("already_completed");
    hasFailed.when("ReportProgress", { percent: 60, stage: "encode" }).thenRejected("already_failed");
  });

  test("of the last that was said decides nothing, though the job has failed since", () => {
    hasFailed.when("ReportProgress", { percent: 50, stage: "encode" }).then();
  });

  test.each([{ percent: -1 }, { percent: 100.1 }, { percent: "50" }, { stage: "" }])("is of 0 to 100 percent in a stage, not of %o", (unsound) => {
    expect(video.commands["ReportProgress"]?.safeParse({ percent: 50, stage: "encode", ...unsound }).success).toBe(false);
  });
});

describe("CompleteProcessing", () => {
  test("completes a job once, and so it is at 100 percent", () => {
    isHalf
      .when("CompleteProcessing", { outputs })
      .then(completed)
      .thenState({ status: "completed", videoUrl, options: {}, processor: "p1", percent: 100, stage: "encode", outputs })
      .thenOnce();
  });

  test("with the same outputs decides nothing, with others it is refused", () => {
    isCompleted.when("CompleteProcessing", { outputs }).then();
    isCompleted.when("CompleteProcessing", { outputs: [] }).thenRejected("already_completed");
  });

  test("of a job that is not there, not started, or has failed, is refused", () => {
    nothing.when("CompleteProcessing", { outputs }).thenRejected("no_such_job");
    isRequested.when("CompleteProcessing", { outputs }).thenRejected("not_started");
    hasFailed.when("CompleteProcessing", { outputs }).thenRejected("already_failed");
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "v1.mp4"])("is of outputs that lie somewhere, not at %s", (url) => {
    expect(video.commands["CompleteProcessing"]?.safeParse({ outputs: [{ url, kind: "720p" }] }).success).toBe(false);
  });
});

describe("FailProcessing", () => {
  test("fails a job once, started or not, for whatever reason it is said again", () => {
    isRequested.when("FailProcessing", { reason: "no such codec" }).then(failed).thenOnce();
    isHalf.when("FailProcessing", { reason: "no such codec" }).then(failed).thenOnce();
    hasFailed.when("FailProcessing", { reason: "another" }).then();
  });

  test("of a job that is not there, or completed, is refused", () => {
    nothing.when("FailProcessing", { reason: "no such codec" }).thenRejected("no_such_job");
    isCompleted.when("FailProcessing", { reason: "no such codec" }).thenRejected("already_completed");
  });
});
