import { describe, expect, test } from "vitest";
import { batch, batchEvents } from "../../../../src/domains/video/index.ts";
import { given } from "../../../../src/testing/index.ts";

const one = "https://videos.example/1.mp4";
const two = "https://videos.example/2.mp4";
const jobs = [
  { jobId: "b1:1", videoUrl: one },
  { jobId: "b1:2", videoUrl: two },
];
const started = batchEvents.BatchStarted({ jobs });
const outcome = (jobId: string, ok: boolean) => batchEvents.BatchOutcomeRecorded({ jobId, ok });

describe("StartBatch", () => {
  test("starts a batch once, with a job for each video, named for the batch", () => {
    given(batch)
      .of("b1")
      .when("StartBatch", { videoUrls: [one, two] })
      .then(started)
      .thenOnce();
  });

  test("gives a video that is named twice two jobs", () => {
    const twice = [
      { jobId: "b1:1", videoUrl: one },
      { jobId: "b1:2", videoUrl: one },
    ];
    given(batch)
      .of("b1")
      .when("StartBatch", { videoUrls: [one, one] })
      .then(batchEvents.BatchStarted({ jobs: twice }));
  });

  test("again with the same videos decides nothing, with others it is refused", () => {
    given(batch, started, outcome("b1:1", true), outcome("b1:2", true), batchEvents.BatchCompleted({ done: 2, failed: 0 }))
      .of("b1")
      .when("StartBatch", { videoUrls: [one, two] })
      .then();
    for (const videoUrls of [[two, one], [one], []]) given(batch, started).of("b1").when("StartBatch", { videoUrls }).thenRejected("already_started");
  });

  test("of no video is refused", () => {
    given(batch).when("StartBatch", { videoUrls: [] }).thenRejected("empty_batch");
  });

  test("of an id that leaves no room for its jobs' ids is refused", () => {
    given(batch)
      .of("b".repeat(199))
      .when("StartBatch", { videoUrls: [one] })
      .thenRejected("id_too_long");
    const longest = "b".repeat(198);
    given(batch)
      .of(longest)
      .when("StartBatch", { videoUrls: [one] })
      .then(batchEvents.BatchStarted({ jobs: [{ jobId: `${longest}:1`, videoUrl: one }] }));
  });

  test("is of a hundred videos on the web at most", () => {
    const parses = (videoUrls: readonly string[]) => batch.commands["StartBatch"]?.safeParse({ videoUrls }).success;
    expect(parses(Array.from({ length: 100 }, () => one))).toBe(true);
    expect(parses(Array.from({ length: 101 }, () => one))).toBe(false);
    expect(parses(["1.mp4"])).toBe(false);
  });
});

describe("RecordOutcome", () => {
  test("counts a job once", () => {
    given(batch, started).when("RecordOutcome", { jobId: "b1:1", ok: true }).then(outcome("b1:1", true)).thenOnce();
    given(batch, started).when("RecordOutcome", { jobId: "b1:2", ok: false }).then(outcome("b1:2", false)).thenOnce();
  });

  test("of a job that is counted decides nothing, also where it says the contrary", () => {
    given(batch, started, outcome("b1:1", true)).when("RecordOutcome", { jobId: "b1:1", ok: false }).then();
    given(batch, started, outcome("b1:1", false)).when("RecordOutcome", { jobId: "b1:1", ok: true }).then();
  });

  test("of the last job completes the batch, and says how it went", () => {
    given(batch, started, outcome("b1:2", false))
      .when("RecordOutcome", { jobId: "b1:1", ok: true })
      .then(outcome("b1:1", true), batchEvents.BatchCompleted({ done: 1, failed: 1 }))
      .thenState({ status: "completed", jobs, done: ["b1:1"], failed: ["b1:2"] })
      .thenOnce();
  });

  test("of a batch that is not there, or a job that is not in it, is refused", () => {
    given(batch).when("RecordOutcome", { jobId: "b1:1", ok: true }).thenRejected("no_such_batch");
    given(batch, started).when("RecordOutcome", { jobId: "b1:3", ok: true }).thenRejected("no_such_job");
  });
});
