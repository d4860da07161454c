import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { CircuitObject } from "../../durable-objects/circuit.ts";
import { circuitPort } from "../../durable-objects/circuit.ts";
import { sha256 } from "../../src/kernel/index.ts";
import { env } from "../support/engine.ts";

const T = Date.parse("2026-11-20T10:00:00.000Z");
const HOOK = "https://shop.example/hook";
const TEN = Array.from({ length: 10 }, () => false);

const circuit = circuitPort(env.CIRCUIT);

function stubOf(tenant: string, url = HOOK): DurableObjectStub<CircuitObject> {
  return env.CIRCUIT.get(env.CIRCUIT.idFromName(`${tenant}/${sha256(url).slice(7)}`));
}

/** What is on disk, and how many rows were written since the object began. */
function stored(tenant: string): Promise<{ readonly circuit: unknown; readonly rows: number }> {
  return runInDurableObject(stubOf(tenant), (_, { storage }) => ({
    circuit: storage.kv.get("circuit"),
    rows: storage.sql.exec<{ rows: number }>("SELECT total_changes() AS rows").one().rows,
  }));
}

describe("a circuit", () => {
  test("opens at ten failures in a row, lets one probe through when the cool-down is over, and closes at its success", async () => {
    const tenant = "circuit-1";
    expect(await circuit.admit(tenant, HOOK, T)).toEqual({ ok: true, isProbe: false });
    expect(await circuit.record(tenant, HOOK, TEN.slice(1), T)).toEqual({ isPristine: false, openUntil: null });
    expect(await circuit.record(tenant, HOOK, [false], T)).toEqual({ isPristine: false, openUntil: T + 1_000, hasOpened: true });
    expect(await circuit.admit(tenant, HOOK, T + 999)).toEqual({ ok: false, until: T + 1_000 });
    // Attempts that were under way change nothing any more.
    expect(await circuit.record(tenant, HOOK, [true, false], T + 999)).toEqual({ isPristine: false, openUntil: T + 1_000 });
    expect(await circuit.admit(tenant, HOOK, T + 1_000)).toEqual({ ok: true, isProbe: true });
    expect(await circuit.record(tenant, HOOK, [], T + 1_001)).toEqual({ isPristine: false, openUntil: T + 2_001 });
    expect(await circuit.record(tenant, HOOK, [false], T + 1_100)).toEqual({ isPristine: false, openUntil: T + 3_100 });
    expect(await circuit.admit(tenant, HOOK, T + 3_100)).toEqual({ ok: true, isProbe: true });
    expect(await circuit.record(tenant, HOOK, [true], T + 3_200)).toEqual({ isPristine: true, openUntil: null, hasClosed: true });
    expect(await circuit.admit(tenant, HOOK, T + 3_201)).toEqual({ ok: true, isProbe: false });
    expect(await circuit.record(tenant, HOOK, [true], T + 3_202)).toEqual({ isPristine: true, openUntil: null });
  });

  test("has one probe out however many ask at once", async () => {
    await circuit.record("circuit-2", HOOK, TEN, T);
    const admissions = await Promise.all(Array.from({ length: 50 }, () => circuit.admit("circuit-2", HOOK, T + 1_000)));
    expect(admissions.filter(({ ok }) => ok)).toEqual([{ ok: true, isProbe: true }]);
    expect(admissions.filter(({ ok }) => !ok)).toEqual(Array.from({ length: 49 }, () => ({ ok: false, until: T + 2_000 })));
  });

  test("is one for all that deliver to the URL, and each tenant's and each URL's own", async () => {
    await circuitPort(env.CIRCUIT).record("circuit-3", HOOK, TEN, T);
    expect(await circuit.admit("circuit-3", HOOK, T)).toEqual({ ok: false, until: T + 1_000 });
    expect(await circuit.admit("circuit-3", `${HOOK}/`, T)).toEqual({ ok: true, isProbe: false });
    expect(await circuit.admit("circuit-3b", HOOK, T)).toEqual({ ok: true, isProbe: false });
  });
});

describe("on disk", () => {
  test("a circuit costs no row while it is closed, whatever comes in, and one for each turn", async () => {
    const tenant = "circuit-4";
    const turn = async (work: () => Promise<unknown>): Promise<number> => {
      const before = (await stored(tenant)).rows;
      await work();
      return (await stored(tenant)).rows - before;
    };
    for (let times = 0; times < 3; times++) {
      expect(await turn(() => circuit.admit(tenant, HOOK, T))).toBe(0);
      expect(await turn(() => circuit.record(tenant, HOOK, [true, false, true], T))).toBe(0);
    }
    expect(await turn(() => circuit.record(tenant, HOOK, TEN.slice(1), T))).toBe(0);
    expect(await stored(tenant)).toEqual({ circuit: undefined, rows: 0 });
    expect(await turn(() => circuit.record(tenant, HOOK, [false], T))).toBe(1);
    expect(await turn(() => circuit.record(tenant, HOOK, [false, true, false], T + 1))).toBe(0);
    expect(await turn(() => circuit.admit(tenant, HOOK, T + 2))).toBe(0);
    expect(await turn(() => circuit.admit(tenant, HOOK, T + 1_000))).toBe(1);
    expect(await turn(() => circuit.admit(tenant, HOOK, T + 1_001))).toBe(0);
    expect(await turn(() => circuit.record(tenant, HOOK, [false], T + 1_002))).toBe(1);
    expect(await turn(() => circuit.admit(tenant, HOOK, T + 3_002))).toBe(1);
    expect(await turn(() => circuit.record(tenant, HOOK, [true], T + 3_003))).toBe(1);
    expect(await turn(() => circuit.record(tenant, HOOK, [true], T + 3_004))).toBe(0);
  });

  test("an open circuit outlives its object, with its cool-down and its probe; failures that opened nothing do not", async () => {
    const tenant = "circuit-5";
    await circuit.record(tenant, HOOK, TEN.slice(1), T);
    await evictDurableObject(stubOf(tenant));
    expect(await circuit.record(tenant, HOOK, [false], T)).toEqual({ isPristine: false, openUntil: null });
    await circuit.record(tenant, HOOK, TEN, T);
    await evictDurableObject(stubOf(tenant));
    expect(await circuit.admit(tenant, HOOK, T + 999)).toEqual({ ok: false, until: T + 1_000 });
    expect(await circuit.admit(tenant, HOOK, T + 1_000)).toEqual({ ok: true, isProbe: true });
    await evictDurableObject(stubOf(tenant));
    expect(await circuit.admit(tenant, HOOK, T + 1_001)).toEqual({ ok: false, until: T + 2_001 });
    expect(await circuit.record(tenant, HOOK, [false], T + 1_500)).toEqual({ isPristine: false, openUntil: T + 3_500 });
    await evictDurableObject(stubOf(tenant));
    await circuit.admit(tenant, HOOK, T + 3_500);
    await circuit.record(tenant, HOOK, [true], T + 3_501);
    await evictDurableObject(stubOf(tenant));
    expect(await circuit.record(tenant, HOOK, [], T + 3_502)).toEqual({ isPristine: true, openUntil: null });
  });
});
