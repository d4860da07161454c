import { describe, expect, test } from "vitest";
import { type Batch, type Flushing, Registry } from "../../../src/metrics/registry.ts";
import { addAll, closed, MOST_SERIES, type OpenSeries, quantileOf } from "../../../src/metrics/series.ts";

/** A clock, what was sent at which time, and whether sending fails. */
class Wire {
  now = 1_000_000;
  fails = false;
  readonly sent: { readonly at: number; readonly batch: Batch }[] = [];
  readonly #waiting: { readonly due: number; readonly go: () => void }[] = [];
  readonly flushing: Flushing = {
    every: 5_000,
    shardOf: (tenant) => (tenant === "far" ? 1 : 0),
    send: async (batch) => {
      if (this.fails) throw new Error("away");
      this.sent.push({ at: this.now, batch });
    },
    now: () => this.now,
    wait: (milliseconds) => new Promise<void>((resolve) => this.#waiting.push({ due: this.now + milliseconds, go: resolve })),
  };

  async pass(milliseconds: number): Promise<void> {
    this.now += milliseconds;
    for (const { due, go } of this.#waiting) if (due <= this.now) go();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const count = (registry: Registry, tenant: string, by = 1): void => registry.count(tenant, "rivulet_queue_operations_total", {}, by);
const total = (batches: readonly Batch[], tenant: string): number =>
  batches.reduce((sum, { tenants }) => sum + Number(tenants[tenant]?.["rivulet_queue_operations_total"]?.["[]"] ?? 0), 0);

describe("what is counted", () => {
  test("leaves at once, then at most every five seconds, and all of it", async () => {
    const wire = new Wire();
    const registry = new Registry(() => "i1");
    for (let second = 0; second < 20; second++) {
      count(registry, "t1");
      void registry.soon(wire.flushing);
      await wire.pass(1_000);
    }
    await wire.pass(5_000);
    expect(
      total(
        wire.sent.map(({ batch }) => batch),
        "t1",
      ),
    ).toBe(20);
    const times = wire.sent.map(({ at }) => at);
    expect(times.slice(1).every((at, index) => at - (times[index] as number) >= 5_000)).toBe(true);
    expect(times).toHaveLength(5);
  });

  test("is not waited for by who cannot wait: it leaves at once where it is due, else with whoever comes next", async () => {
    const wire = new Wire();
    const registry = new Registry(() => "i1");
    const sent = (): number =>
      total(
        wire.sent.map(({ batch }) => batch),
        "t1",
      );
    expect(registry.ifDue(wire.flushing)).toBeUndefined();
    count(registry, "t1");
    await registry.ifDue(wire.flushing);
    expect(sent()).toBe(1);
    count(registry, "t1");
    expect(registry.ifDue(wire.flushing)).toBeUndefined();
    await wire.pass(5_000);
    expect(sent()).toBe(1);
    await registry.ifDue(wire.flushing);
    expect(sent()).toBe(2);
  });

  test("asks for nothing where nothing was counted", () => {
    const wire = new Wire();
    expect(new Registry(() => "i1").soon(wire.flushing)).toBeUndefined();
  });

  test("waits where it cannot be sent, as the batch that it was", async () => {
    const wire = new Wire();
    const registry = new Registry(() => "i1");
    wire.fails = true;
    count(registry, "t1");
    await registry.flush(wire.flushing);
    wire.fails = false;
    count(registry, "t1");
    await registry.flush(wire.flushing);
    expect(wire.sent.map(({ batch: { from, sequence } }) => [from, sequence])).toEqual([
      ["i1", 1],
      ["i1", 2],
    ]);
    expect(
      total(
        wire.sent.map(({ batch }) => batch),
        "t1",
      ),
    ).toBe(2);
  });

  test("goes to the shard of its tenant, each tenant's by itself", async () => {
    const wire = new Wire();
    const registry = new Registry(() => "i1");
    count(registry, "near");
    count(registry, "far", 2);
    await registry.flush(wire.flushing);
    expect(wire.sent.map(({ batch: { shard, tenants } }) => [shard, Object.keys(tenants)])).toEqual([
      [0, ["near"]],
      [1, ["far"]],
    ]);
  });

  test("is sent by somebody else where the one who promised it is gone", async () => {
    const wire = new Wire();
    const registry = new Registry(() => "i1");
    count(registry, "t1");
    await registry.soon(wire.flushing);
    count(registry, "t1");
    const gone = { ...wire.flushing, wait: () => new Promise<void>(() => {}) };
    void registry.soon(gone);
    await wire.pass(6_000);
    expect(registry.soon(wire.flushing)).toBeUndefined();
    await wire.pass(20_000);
    await registry.soon(wire.flushing);
    expect(
      total(
        wire.sent.map(({ batch }) => batch),
        "t1",
      ),
    ).toBe(2);
  });

  test("takes no more than so many series of an isolate, however many labels there are", async () => {
    const wire = new Wire();
    const registry = new Registry(() => "i1");
    for (let tenant = 0; tenant < 10; tenant++)
      for (let index = 0; index < 1_000; index++) registry.count(`t${tenant}`, "rivulet_events_published_total", { category: `c${index}` });
    await registry.flush(wire.flushing);
    const series = wire.sent.flatMap(({ batch: { tenants } }) => Object.values(tenants).flatMap((own) => Object.values(own).flatMap(Object.keys)));
    expect(series).toHaveLength(5_000);
  });
});

describe("series of a tenant", () => {
  test("are told apart up to a limit; what comes beyond it counts as other, so that sums stay true", () => {
    const series: OpenSeries = new Map();
    for (let index = 0; index < MOST_SERIES + 100; index++) addAll(series, { rivulet_events_published_total: { [`["c${index}"]`]: 1 } });
    const own = closed(series)["rivulet_events_published_total"] ?? {};
    expect(Object.keys(own)).toHaveLength(MOST_SERIES + 1);
    expect(own['["other"]']).toBe(100);
  });

  test("that this code does not know are left out, and nothing inherited is one", () => {
    const series: OpenSeries = new Map();
    addAll(series, { no_such_metric: { "[]": 1 }, constructor: { "[]": 1 } });
    expect(closed(series)).toEqual({});
  });

  test("a quantile lies within its bucket in proportion", () => {
    const buckets = [0, 0, 0, 0, 0, 0, 0, 10, 0, 10, 0, 0, 0];
    expect(quantileOf({ buckets, sum: 0, count: 20 }, 0.25)).toBe(0.75);
    expect(quantileOf({ buckets, sum: 0, count: 20 }, 0.75)).toBe(3.75);
    expect(quantileOf({ buckets: [], sum: 500, count: 1 }, 0.5)).toBe(120);
    expect(quantileOf({ buckets: [], sum: 0, count: 0 }, 0.5)).toBeUndefined();
  });
});
