import { readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, test } from "vitest";
import type { LoggedEvent, Row } from "../../../src/kernel/index.ts";
import { sagaEvents } from "../../../src/sagas/saga-events.ts";
import { sagasView } from "../../../src/sagas/sagas-view.ts";
import { type StuckFilter, stuckLetters } from "../../../src/sagas/stuck-letters.ts";
import { type Happened, happened, logged } from "../../../src/testing/index.ts";

const at = "2026-01-01T00:00:00.000Z";
const started = sagaEvents.Started({ saga: "order-fulfilment", version: 1, data: {}, at });
const stepStarted = sagaEvents.StepStarted({ step: "reserve", round: 1, commands: [], hasCall: false, at });
const callFailed = (step: string, error: string) => sagaEvents.CallFailed({ step, call: 0, error });
const stuck = sagaEvents.Stuck({ step: "reserve", reason: "no line", at });
const [one, other] = ["saga_order_fulfilment-o1", "saga_order_fulfilment-o2"];

/** The view's rows after these events, each folded in a transaction of its own, and what they show of what is stuck. */
function view(...facts: readonly (readonly [stream: string, fact: Happened["fact"]])[]) {
  const database = new DatabaseSync(":memory:");
  for (const name of ["0008_sagas", "0012_stuck_sagas"]) database.exec(readFileSync(`migrations/views/${name}.sql`, "utf8"));
  const run = (sql: string, params: readonly unknown[]): Row[] =>
    database
      .prepare(sql)
      .all(...(params as SQLInputValue[]))
      .map((row) => ({ ...row }) as Row);
  const events: readonly LoggedEvent[] = logged(facts.map(([stream, fact], n) => happened(stream, fact, new Date(Date.parse(at) + n * 1_000).toISOString())));
  for (const event of events) {
    const reads = sagasView.reads?.("t", [event]);
    const rows = reads === undefined ? [] : run(reads.sql, reads.params);
    for (const { sql, params } of sagasView.fold("t", [event], rows)) run(sql, params);
  }
  const asked: string[] = [];
  const all = (sql: string, params: readonly unknown[]) => async () => {
    asked.push(sql);
    return { results: run(sql, params) };
  };
  const db = { prepare: (sql: string) => ({ bind: (...params: unknown[]) => ({ all: all(sql, params) }) }) } as unknown as D1Database;
  const letters = (filter: StuckFilter = {}, limit = 10) => stuckLetters(db, "t", { filter, limit });
  return { db, database, asked, letters };
}

const parked = [
  [one, started],
  [one, stepStarted],
  [one, callFailed("other", "of another step")],
  [one, callFailed("reserve", "busy")],
  [one, callFailed("reserve", "no line")],
  [one, stuck],
] as const;

test("an instance that is stuck is a dead letter, with the event that says so and the attempts of its step", async () => {
  const [letter, ...others] = await view(...parked).letters();
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ subscription: "saga:order-fulfilment", position: 6, stream: one, type: "saga.Stuck", parkedAt: "2026-01-01T00:00:05.000Z" });
  expect(JSON.parse(letter?.event ?? "")).toMatchObject({ position: 6, stream: one, type: "saga.Stuck", data: { step: "reserve", reason: "no line" } });
  expect(letter?.attempts).toEqual([
    { at: "2026-01-01T00:00:03.000Z", status: null, error: "busy", durationMs: 0 },
    { at: "2026-01-01T00:00:04.000Z", status: null, error: "no line", durationMs: 0 },
  ]);
});

test.each([
  ["its step is retried", sagaEvents.StepRetried({ step: "reserve", round: 2, at })],
  ["its step is skipped", sagaEvents.StepSkipped({ step: "reserve", reason: "by hand" })],
  ["its step counts as undone", sagaEvents.StepUndone({ step: "reserve", at })],
  ["it is cancelled", sagaEvents.UndoingStarted({ reason: "enough", cause: "cancelled", at })],
])("it is none any more once %s", async (_, fact) => {
  expect(await view(...parked, [one, fact]).letters()).toEqual([]);
});

test("what is stuck anew is another letter, with all attempts", async () => {
  const letters = await view(
    ...parked,
    [one, sagaEvents.StepRetried({ step: "reserve", round: 2, at })],
    [one, callFailed("reserve", "again")],
    [one, stuck],
  ).letters();
  expect(letters.map(({ position, attempts }) => [position, attempts.length])).toEqual([[9, 3]]);
});

test("they come in the order in which they were parked, those that are asked for, a page at a time", async () => {
  const { letters, db, database, asked } = view([other, started], [one, started], [one, stuck], [other, stuck]);
  expect((await letters()).map(({ stream }) => stream)).toEqual([one, other]);
  const positions = async (filter: StuckFilter) => (await letters(filter)).map(({ position }) => position);
  expect(await positions({ stream: other })).toEqual([4]);
  expect(await positions({ type: "saga.*" })).toEqual([3, 4]);
  expect(await positions({ type: "commerce.*" })).toEqual([]);
  expect(await positions({ subscription: "saga:order-fulfilment" })).toEqual([3, 4]);
  expect(await positions({ subscription: "saga:video-batch" })).toEqual([]);
  expect(await positions({ since: "2026-01-01T00:00:03.000Z" })).toEqual([4]);
  expect(await positions({ until: "2026-01-01T00:00:03.000Z" })).toEqual([3]);
  const [first] = await letters({}, 1);
  expect(first?.position).toBe(3);
  expect((await stuckLetters(db, "t", { limit: 10, ...(first && { after: first }) })).map(({ position }) => position)).toEqual([4]);
  // Whoever lists them looks at those alone.
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${asked.at(-1)}`).all("t");
  expect(JSON.stringify(plan)).toContain("stuck_sagas (tenant=?)");
});
