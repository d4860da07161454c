import { beforeAll, describe, expect, test } from "vitest";
import { runSagas, type SagaRun } from "./sagas/run.ts";
import { MOMENTS } from "./sagas/standings.ts";
import { WAYS } from "./sagas/ways.ts";
import { tell } from "./told.ts";

/** Told when a test fails, so that it can be run again; what the machine does in between is its own chance. */
const SEED = Number(process.env["SEED"] ?? Date.now() % 100_000);
const KILLS = Number(process.env["KILLS"] ?? 40);
const ORDERS = Number(process.env["ORDERS"] ?? 1_000);

describe(`sagas on a server that is killed at each of their steps, and a crowd that orders more than there is (SEED=${SEED})`, () => {
  let run: SagaRun;
  beforeAll(async () => {
    run = await runSagas({ kills: KILLS, orders: ORDERS, seed: SEED });
    const { killed, crowd, seconds, events, astray, whileOpen, inTheEnd } = run;
    const met = MOMENTS.filter((moment) => killed.moments.has(moment)).length;
    const what = [
      `${killed.kills} kills in ${seconds} s met ${met} of ${MOMENTS.length} steps, forth and back, of 5 sagas, ${sum(killed.moments.values())} times in ${killed.begun.length} instances`,
      `${crowd.orders} orders at once, ${crowd.declined} declined, ${crowd.short} short of goods, ${crowd.confirmed} confirmed`,
      `${events} events`,
      `${astray.length + whileOpen.length + inTheEnd.length} violations`,
    ];
    tell("sagas", what.join("; "));
  }, 1_800_000);

  test("a kill met each step of each saga, on its way forth and on its way back", () => {
    expect(MOMENTS.filter((moment) => !run.killed.moments.has(moment))).toEqual([]);
    expect(new Set(run.killed.begun.map(({ way }) => way))).toEqual(new Set(WAYS));
  });

  test("every instance ends as its way does", () => {
    expect(run.astray).toEqual([]);
  });

  test("while orders wait for their money, what is reserved is theirs, and nobody else's", () => {
    expect(run.open).toBeGreaterThan(0);
    expect(run.whileOpen).toEqual([]);
  });

  test("money taken is orders confirmed, nothing stays reserved, no profile is without a role, and nothing was done twice", () => {
    expect(run.inTheEnd).toEqual([]);
    expect(run.instances).toBe(run.killed.begun.length + run.crowd.orders + run.open);
  });

  test("the crowd's orders end: a tenth is declined, and no more is sold than there was", () => {
    const { orders, confirmed, declined, short, pieces, sold } = run.crowd;
    expect([orders, confirmed + declined + short]).toEqual([ORDERS, ORDERS]);
    expect(declined).toBe(Math.ceil(ORDERS / 10));
    expect(short).toBeGreaterThan(0);
    expect(confirmed).toBeGreaterThan(0);
    expect(sold).toBeGreaterThan(0);
    expect(sold).toBeLessThanOrEqual(pieces);
  });
});

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((sum, count) => sum + count, 0);
}
