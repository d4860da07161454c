import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sagaEvents } from "../../../src/sagas/saga-events.ts";
import { sagaFigures } from "../../../src/sagas/saga-figures.ts";
import { listSagas, sagasView, type SagaRow } from "../../../src/sagas/sagas-view.ts";
import { type LoggedEvent, type Row, STREAM_PURGED } from "../../../src/kernel/index.ts";
import { happened, logged } from "../../../src/testing/index.ts";
import { BEGIN as at, type SagaFact, sagasDatabase } from "./support/sagas-database.ts";

const SAGA = "saga_order_fulfilment";
const started = sagaEvents.Started({ saga: "order-fulfilment", version: 1, data: {}, at });
const FACTS = [
  started,
  sagaEvents.CallFailed({ step: "reserve", call: 0, error: "busy" }),
  sagaEvents.CallFailed({ step: "payment", call: 0, error: "busy" }),
  sagaEvents.UndoingStarted({ reason: "no", cause: "failure", at }),
  sagaEvents.Stuck({ step: "reserve", reason: "no", at }),
  sagaEvents.StepRetried({ step: "reserve", round: 2, at }),
  sagaEvents.Completed({ at }),
  sagaEvents.Compensated({ reason: "no", at }),
  sagaEvents.Cancelled({ reason: "no", at }),
  { type: STREAM_PURGED, data: {} },
];
const history = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom(...FACTS)), { maxLength: 40 });

const nearestRank = (sorted: readonly number[], share: number): number | undefined => sorted[Math.ceil(share * sorted.length) - 1];
const counted = (values: readonly string[]) =>
  Object.fromEntries(
    Map.groupBy(values, (value) => value)
      .entries()
      .map(([value, { length }]) => [value, length]),
  );

test("the figures are what a count of all instances gives, whatever happened, and however much of it at once", async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.array(fc.integer({ min: 1, max: 7 })), fc.integer({ min: 1, max: 90_000_000 }), async (facts, batches, step) => {
      const all = facts.map(([id, fact]): SagaFact => [`${SAGA}-${id}`, fact]);
      const { db } = sagasDatabase(all, { batches, stepMs: (n) => n * n * step });
      const figures = await sagaFigures(db, "t", SAGA);
      const rows = await listSagas(db, "t", { category: SAGA, after: "", limit: 100 });
      expect(figures.counts).toEqual(counted(rows.map(({ state }) => state)));
      const open = rows.filter(({ state }) => ["running", "compensating", "stuck"].includes(state)).map(({ startedAt }) => startedAt);
      expect(figures.oldest).toBe(open.toSorted()[0] ?? null);
      const failures = rows.flatMap((row) => Object.entries(row.failures).flatMap(([name, n]) => Array.from({ length: n }, () => name)));
      expect(figures.failures).toEqual(counted(failures));
      const durations = rows.flatMap(({ startedAt, endedAt }) => (endedAt === undefined ? [] : [Date.parse(endedAt) - Date.parse(startedAt)]));
      for (const [share, told] of [
        [0.5, figures.p50Ms],
        [0.95, figures.p95Ms],
      ] as const) {
        const exact = nearestRank(
          durations.toSorted((one, other) => one - other),
          share,
        );
        if (exact === undefined) expect(told).toBeNull();
        else expect(Math.abs((told ?? Infinity) - exact)).toBeLessThanOrEqual(exact / 100 + 0.5);
      }
    }),
    { numRuns: 300 },
  );
});

test("whoever asks for figures, or for those in one state, reads no instance but those", async () => {
  const { db, database, asked } = sagasDatabase([[`${SAGA}-a`, started]]);
  const plans = (): readonly string[] =>
    asked.splice(0).flatMap((query) => {
      const bound = Array.from({ length: new Set(query.match(/\?\d/g)).size }, () => "x");
      return database
        .prepare(`EXPLAIN QUERY PLAN ${query}`)
        .all(...bound)
        .map(({ detail }) => String(detail));
    });
  await sagaFigures(db, "t", SAGA);
  expect(plans()).toEqual([
    "SEARCH saga_figures USING PRIMARY KEY (tenant=? AND saga=?)",
    "SEARCH saga_instances USING INDEX open_sagas (tenant=? AND saga=?)",
  ]);
  await listSagas(db, "t", { category: SAGA, after: "", limit: 10, state: "stuck" });
  expect(plans()).toEqual(["SEARCH saga_instances USING INDEX saga_states (tenant=? AND saga=? AND state=? AND id>?)"]);
});

test("what moves no figure writes none, and what comes before the beginning writes nothing", () => {
  const step = sagaEvents.StepStarted({ step: "reserve", round: 1, commands: [], hasCall: false, at });
  const [begin, within] = logged([happened(`${SAGA}-a`, started, at), happened(`${SAGA}-a`, step, at)]);
  const tables = (events: readonly (typeof begin)[], rows: readonly Row[]) =>
    sagasView.fold("t", events as LoggedEvent[], rows).map(({ sql }) => /INTO (\w+)/.exec(sql)?.[1]);
  const row = { id: "a", state: "running", startedAt: at, updatedAt: at, isUndoing: false, failures: {} } satisfies SagaRow;
  expect(tables([begin], [])).toEqual(["saga_instances", "saga_figures"]);
  expect(tables([within], [{ saga: SAGA, row: JSON.stringify(row) }])).toEqual(["saga_instances"]);
  expect(tables([within], [])).toEqual([]);
});

test("of an instance whose stream was purged nothing is left, and nothing is counted; ahead of the rest, too", () => {
  const purged = { type: STREAM_PURGED, data: {} };
  const { database } = sagasDatabase([
    [`${SAGA}-a`, started],
    [`${SAGA}-a`, sagaEvents.Compensated({ reason: "Nobody takes mail for ann@a.example.", at })],
    [`${SAGA}-b`, started],
    [`${SAGA}-a`, purged],
    [`${SAGA}-c`, purged],
  ]);
  const keys = () =>
    database
      .prepare(sagasView.rows)
      .all("t")
      .map(({ key }) => key);
  expect(keys()).toEqual([`${SAGA}/b`, `${SAGA} state running`]);
  expect([1, 2, 3].map((version) => sagasView.forgets?.(version))).toEqual([false, false, true]);
  const both = logged([happened(`${SAGA}-a`, started, at), happened(`${SAGA}-a`, purged, at)]) as LoggedEvent[];
  for (const { sql, params } of sagasView.fold("t", both, [])) database.prepare(sql).run(...(params as string[]));
  expect(keys()).toEqual([`${SAGA}/b`, `${SAGA} state running`]);
});

test("of a view that is thrown away nothing is left, and what two of them are compared by holds the figures", () => {
  const ended: SagaRow["state"] = "completed";
  const { database } = sagasDatabase([
    [`${SAGA}-a`, started],
    [`${SAGA}-a`, sagaEvents.Completed({ at })],
  ]);
  const rows = () => database.prepare(sagasView.rows).all("t");
  expect(rows().map(({ key }) => key)).toEqual([`${SAGA}/a`, expect.stringMatching(`^${SAGA} duration \\d+$`), `${SAGA} state ${ended}`]);
  for (const { sql, params } of sagasView.discard("t")) database.prepare(sql).run(...(params as string[]));
  expect(rows()).toEqual([]);
  expect(database.prepare("SELECT * FROM saga_figures").all()).toEqual([]);
});
