import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, batch, type Video, video, videoBatches, videoJobs } from "../../../../src/domains/video/index.ts";
import { rowsOf, logged } from "../../../../src/testing/index.ts";
import { anyCommands, expectSameInPages, logOf, pageSizes } from "../commerce/support/laws.ts";

const word = fc.constantFrom("a", "b");
const url = fc.constantFrom("https://videos.example/1.mp4", "https://videos.example/2.mp4");

const videoCommands = anyCommands(video, ["v1", "v2"], {
  RequestProcessing: fc.record({ videoUrl: url, options: fc.constantFrom(undefined, {}, { fast: true }) }),
  StartProcessing: fc.record({ processor: word }),
  ReportProgress: fc.record({ percent: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 100, noNaN: true })), stage: word }),
  CompleteProcessing: fc.record({ outputs: fc.array(fc.record({ url, kind: word }), { maxLength: 2 }) }),
  FailProcessing: fc.record({ reason: word }),
});

const batchCommands = anyCommands(batch, ["b1", "b2"], {
  StartBatch: fc.record({ videoUrls: fc.array(url, { maxLength: 3 }) }),
  RecordOutcome: fc.record({ jobId: fc.constantFrom("b1:1", "b1:2", "b1:3", "b2:1", "b2:2"), ok: fc.boolean() }),
});

describe("whatever is sent, in whatever state", () => {
  test.each([
    ["video", videoCommands],
    ["batch", batchCommands],
  ] as const)("the aggregate %s answers, keeps to its schemas, and decides the same command once", (_, commands) => {
    fc.assert(fc.property(fc.array(commands, { maxLength: 40 }), (sent) => void logOf(sent)));
  });

  test("progress never falls", () => {
    fc.assert(
      fc.property(fc.array(videoCommands, { maxLength: 60 }), (sent) => {
        const states = new Map<string, Video>();
        for (const { stream, fact } of logOf(sent)) {
          const before = states.get(stream) ?? (video.initialState() as Video);
          const after = video.evolve(before, fact) as Video;
          states.set(stream, after);
          expect(after.percent).toBeGreaterThanOrEqual(before.percent);
        }
      }),
    );
  });

  test("a batch counts each of its jobs at most once, is completed when all are counted, and its view says the same", () => {
    fc.assert(
      fc.property(fc.array(batchCommands, { maxLength: 60 }), (sent) => {
        const log = logOf(sent);
        const states = new Map<string, Batch>();
        for (const { stream, fact } of log) states.set(stream, batch.evolve(states.get(stream) ?? batch.initialState(), fact) as Batch);
        const expected = [...states]
          .toSorted(([one], [other]) => (one < other ? -1 : 1))
          .map(([stream, { status, jobs, done, failed }]) => {
            const counted = [...done, ...failed];
            expect(new Set(counted).size).toBe(counted.length);
            expect(counted.length).toBeLessThanOrEqual(jobs.length);
            expect(status).toBe(counted.length === jobs.length ? "completed" : "running");
            return { batchId: stream.slice("batch-".length), total: jobs.length, done: done.length, failed: failed.length, status };
          });
        expect(rowsOf(videoBatches, logged(log))).toEqual(expected.map((row) => expect.objectContaining(row) as unknown));
      }),
    );
  });

  test.each([videoJobs, videoBatches])("the view $name has the same rows in pages of any size", (projection) => {
    const commands = fc.array(fc.oneof(videoCommands, batchCommands), { maxLength: 60 });
    fc.assert(fc.property(commands, pageSizes, (sent, sizes) => expectSameInPages(projection, logOf(sent), sizes)));
  });
});
