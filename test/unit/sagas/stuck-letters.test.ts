import { expect, test } from "vitest";
import { sagaEvents } from "../../../src/sagas/saga-events.ts";
import { type StuckFilter, stuckLetters } from "../../../src/sagas/stuck-letters.ts";
import { BEGIN as at, type SagaFact, sagasDatabase } from "./support/sagas-database.ts";

const started = sagaEvents.Started({ saga: "order-fulfilment", version: 1, data: {}, at });
const stepStarted = sagaEvents.StepStarted({ step: "reserve", round: 1, commands: [], hasCall: false, at });
const callFailed = (step: string, error: string) => sagaEvents.CallFailed({ step, call: 0, error });
const stuck = sagaEvents.Stuck({ step: "reserve", reason: "no line", at });
const [one, other] = ["saga_order_fulfilment-o1", "saga_order_fulfilment-o2"];

/** The view after these facts, and what it shows of what is stuck. */
function view(...facts: readonly SagaFact[]) {
  const folded = sagasDatabase(facts);
  const letters = (filter: StuckFilter = {}, limit = 10) => stuckLetters(folded.db, "t", { filter, limit });
  return { ...folded, letters };
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
