import { beforeAll, describe, expect, test } from "vitest";
import { firstBadVersion } from "../readme/verify-stream.ts";
import { figuresLine } from "./kills/figures.ts";
import { type KillRun, runKills } from "./kills.ts";
import { tell } from "./told.ts";
import { STREAMS } from "./kills/writers.ts";

/** Told when a test fails, so that it can be run again; what the machine does in between is its own chance. */
const SEED = Number(process.env["SEED"] ?? Date.now() % 100_000);
const KILLS = Number(process.env["KILLS"] ?? 20);

describe(`a server that is killed under load, again and again (SEED=${SEED})`, () => {
  let run: KillRun;
  beforeAll(async () => {
    run = await runKills({ kills: KILLS, seed: SEED });
    tell("kill -9", `${figuresLine(run.figures)}; ${run.violations.length} violations`);
  }, 1_200_000);

  test("the load was one: appends were acknowledged, refused and cut off, live events were heard, and the last kill left work undone", () => {
    const { figures } = run;
    expect(run.final.streams.map(({ stream }) => stream)).toEqual(expect.arrayContaining([...STREAMS]));
    expect(figures.kills).toBeGreaterThanOrEqual(KILLS);
    expect(figures.acknowledged).toBeGreaterThanOrEqual(KILLS * 30);
    expect(figures.lostAnswers).toBeGreaterThanOrEqual(KILLS);
    expect(figures.unknown).toBeGreaterThan(0);
    expect(figures.refused).toBeGreaterThan(0);
    expect(figures.reads).toBeGreaterThan(KILLS);
    expect(figures.liveConnections).toBeGreaterThanOrEqual(2 * KILLS);
    expect(figures.liveEvents).toBeGreaterThan(run.final.log.length);
    expect(figures.streamsToRepair).toBeGreaterThan(0);
  });

  test("every promise is kept: what clients were told is what is there, in the streams, the log, the view and the live streams", () => {
    expect(run.violations.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([]);
  });

  test("the hashes chain by README's page of code too, checked from the log's JSON alone", () => {
    for (const [stream, events] of Map.groupBy(run.final.log, ({ stream }) => stream)) {
      // The position is the log's and not the stream's, so no part of what is hashed.
      const bad = firstBadVersion(
        "default",
        events.map((event) => ({ ...event, position: undefined })),
      );
      expect(bad, stream).toBeUndefined();
    }
  });

  test("every stream was verified, against the log's copy too", () => {
    expect(run.final.streams.length).toBeGreaterThan(KILLS);
    expect(run.final.streams.map(({ verified }) => verified?.valid)).toEqual(run.final.streams.map(() => true));
  });
});
