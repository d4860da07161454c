import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HOP_BLOBS, HOP_DOUBLES, MOST_BLOB_BYTES, MOST_INDEX_BYTES, MOST_POINTS, analyticsSink } from "../../src/tracing/analytics-sink.ts";
import { type D1SinkParts, d1Sink } from "../../src/tracing/d1-sink.ts";
import { eraseTraces } from "../../src/tracing/erase-traces.ts";
import type { HopRecord } from "../../src/tracing/hop.ts";
import { listTraces, readTrace } from "../../src/tracing/read-traces.ts";
import type { SpanRecord } from "../../src/tracing/span.ts";
import { annotate, note, traced } from "../../src/tracing/traced.ts";
import { hex, type ShownTrace } from "../support/traces.ts";
import { append, deliver, draft, env } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import worker, { sinks } from "../support/worker.ts";

const db = (env as unknown as { TELEMETRY: D1Database }).TELEMETRY;
const span = (more: Partial<SpanRecord> = {}): SpanRecord => ({
  spanId: hex(16),
  parentSpanId: null,
  name: "n",
  kind: "internal",
  start: 1_000,
  durationMs: 5,
  status: "unset",
  attributes: {},
  events: [],
  links: [],
  ...more,
});
const hop = (tenant: string, traceId: string, more: Partial<SpanRecord> = {}, others: readonly SpanRecord[] = []): HopRecord => ({
  tenant,
  traceId,
  service: "s",
  correlationId: "c",
  isEntry: true,
  spans: [span(more), ...others],
});

describe("the database of traces", () => {
  let time = 10_000_000;
  const parts = (more: Partial<D1SinkParts> = {}): D1SinkParts => ({
    now: () => time,
    retention: { hops: 1_000, age: 1_000_000_000 },
    cleaned: new Map(),
    learn: () => undefined,
    ...more,
  });
  const traces = async (tenant: string): Promise<readonly string[]> => (await listTraces(db, tenant, { filter: {}, limit: 1_000 })).map(({ trace }) => trace);
  const hopsOf = async (tenant: string): Promise<number> =>
    (await db.prepare("SELECT count(*) AS hops FROM hops WHERE tenant = ?").bind(tenant).first<{ hops: number }>())?.hops ?? 0;

  test("has what is written twice once, and a trace as its first hop says it, whatever the order", async () => {
    const [late, early] = [hop("d1-twice", "t1", { name: "late", start: 2_000, durationMs: 50, status: "error" }), hop("d1-twice", "t1", { name: "early" })];
    const sink = d1Sink(db, parts());
    await sink.write([late], []);
    await sink.write([early, late], []);
    expect((await readTrace(db, "d1-twice", "t1")).map(({ spans }) => spans[0]?.name)).toEqual(["early", "late"]);
    expect(await listTraces(db, "d1-twice", { filter: {}, limit: 10 })).toMatchObject([
      { name: "early", start: 1_000, duration: 1_050, is_error: 1, spans: 2 },
    ]);
  });

  test("takes all of a flush in one batch, however many hops", async () => {
    let batches = 0;
    const counting = { prepare: (sql: string) => db.prepare(sql), batch: (all: D1PreparedStatement[]) => (batches++, db.batch(all)) } as unknown as D1Database;
    await d1Sink(counting, parts()).write(
      Array.from({ length: 250 }, () => hop("d1-batch", hex(32))),
      ["d1-batch"],
    );
    expect([batches, await hopsOf("d1-batch")]).toEqual([1, 250]);
  });

  test("keeps so many hops of a tenant, the newest, and leaves another's alone", async () => {
    const few = parts({ retention: { hops: 3, age: 1_000_000_000 } });
    await d1Sink(db, parts()).write([hop("d1-b", "old")], []);
    const hops = [1, 2, 3, 4, 5].map((n) => hop("d1-a", `t${n}`, { start: n * 1_000 }));
    await d1Sink(db, few).write(hops, []);
    expect(await traces("d1-a")).toEqual(["t5", "t4", "t3"]);
    expect([await hopsOf("d1-a"), await hopsOf("d1-b"), await traces("d1-b")]).toEqual([3, 1, ["old"]]);
  });

  test("keeps hops so long, and looks once a minute", async () => {
    const short = parts({ retention: { hops: 1_000, age: 60_000 } });
    const sink = d1Sink(db, short);
    await sink.write([hop("d1-age", "old", { start: time - 59_000 })], []);
    time += 30_000;
    await sink.write([hop("d1-age", "new", { start: time })], []);
    expect(await traces("d1-age")).toEqual(["new", "old"]);
    time += 31_000;
    await sink.write([hop("d1-age", "newer", { start: time })], []);
    expect(await traces("d1-age")).toEqual(["newer", "new"]);
  });

  test("has nothing left of a tenant that was deleted, and takes nothing more of it", async () => {
    const sink = d1Sink(db, parts());
    const hops = [...Array.from({ length: 1_200 }, () => hop("d1-gone", hex(32))), hop("d1-stays", "t1")];
    for (let at = 0; at < hops.length; at += 250) await sink.write(hops.slice(at, at + 250), []);
    expect([await eraseTraces(db, "d1-gone"), await eraseTraces(db, "d1-gone")]).toEqual([{ isEnd: false }, { isEnd: true }]);
    await sink.write([hop("d1-gone", "late"), hop("d1-stays", "t2")], []);
    expect([await hopsOf("d1-gone"), await traces("d1-gone"), await hopsOf("d1-stays")]).toEqual([0, [], 2]);
  });

  test("tells the rates that are asked for, in the same batch", async () => {
    await db.prepare("INSERT INTO trace_rates (tenant, rate) VALUES ('d1-rated', 0.25)").run();
    const learnt: [string, number | undefined][] = [];
    await d1Sink(db, parts({ learn: (tenant, rate) => void learnt.push([tenant, rate]) })).write([], ["d1-rated", "d1-unrated"]);
    expect(learnt).toEqual([
      ["d1-rated", 0.25],
      ["d1-unrated", undefined],
    ]);
  });

  test("cuts a hop that is too large for it down, the largest spans first, and says so; the others stay as they are", async () => {
    const wordy = (spanId: string, bytes: number) => span({ spanId, parentSpanId: "root", attributes: { text: '"'.repeat(Math.floor(bytes / 4)) } });
    const others = [wordy("a", 600_000), wordy("b", 500_000), wordy("c", 1_000)];
    const large = hop("d1-large", "large", { spanId: "root", attributes: { own: 1 }, status: "error", error: "no" }, others);
    expect(await d1Sink(db, parts()).write([large, hop("d1-large", "small", { attributes: { own: 2 } })], [])).toEqual([]);
    const [spans, small] = await Promise.all(["large", "small"].map(async (trace) => (await readTrace(db, "d1-large", trace))[0]?.spans));
    expect(spans?.map(({ spanId, parentSpanId, attributes: { text } }) => [spanId, parentSpanId, String(text ?? "").length])).toEqual([
      ["root", null, 0],
      ["a", "root", 0],
      ["b", "root", 125_000],
      ["c", "root", 250],
    ]);
    expect(spans?.[0]).toMatchObject({ status: "error", error: "no", attributes: { own: 1, "rivulet.spans.cut": 1 } });
    expect(small?.[0]?.attributes).toEqual({ own: 2 });
  });

  test("gives back a hop that is too large however it is cut, so that it is counted, and takes the others", async () => {
    const large = { ...hop("d1-huge", "large"), service: "x".repeat(1_000_000) };
    expect(await d1Sink(db, parts()).write([large, hop("d1-huge", "small")], [])).toEqual([large]);
    expect(await traces("d1-huge")).toEqual(["small"]);
  });
});

describe("Analytics Engine", () => {
  const points: AnalyticsEngineDataPoint[] = [];
  const record = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point ?? {}) };
  beforeEach(() => void points.splice(0));

  test("gets a point for each hop, by its tenant, with the columns of the schema", async () => {
    const failing = span({ status: "error", error: "no" });
    await analyticsSink(record).write([hop("ae", "t1", { name: "append", kind: "server", parentSpanId: "p" }, [failing])], []);
    const [{ indexes, blobs = [], doubles = [] } = {}] = points;
    expect(indexes).toEqual(["ae"]);
    expect(Object.fromEntries(HOP_BLOBS.map((name, at) => [name, blobs[at]]))).toEqual({
      record: "hop",
      trace: "t1",
      span: expect.stringMatching(/^[0-9a-f]{16}$/),
      parent: "p",
      service: "s",
      name: "append",
      kind: "server",
      status: "error",
      error: "no",
      correlation: "c",
    });
    expect(Object.fromEntries(HOP_DOUBLES.map((name, at) => [name, doubles[at]]))).toEqual({ durationMs: 5, spans: 2, failedSpans: 1, startedAt: 1_000 });
    expect([blobs.length, doubles.length]).toEqual([HOP_BLOBS.length, HOP_DOUBLES.length]);
  });

  test("never gets more than it takes, of bytes or of points", async () => {
    const long = "ü".repeat(5_000);
    const hops = Array.from({ length: MOST_POINTS + 10 }, () => ({
      ...hop("t".repeat(200), "t1", { name: long, status: "error", error: long }),
      service: long,
      correlationId: long,
    }));
    const sink = analyticsSink(record);
    expect(await sink.write(hops, [])).toHaveLength(10);
    expect(await sink.write(hops, [])).toHaveLength(MOST_POINTS + 10);
    expect(points.length).toBe(MOST_POINTS);
    for (const { indexes = [], blobs = [], doubles = [] } of points.slice(0, 2)) {
      expect(indexes.map((index) => Buffer.byteLength(index as string))).toEqual([MOST_INDEX_BYTES]);
      expect(blobs.reduce((sum, blob) => sum + Buffer.byteLength(blob as string), 0)).toBeLessThanOrEqual(MOST_BLOB_BYTES);
      expect([blobs.length <= 20, doubles.length <= 20]).toEqual([true, true]);
      expect(blobs.join("")).not.toContain("\ufffd");
    }
  });
});

/** A trace as a client is shown it. */
async function shown(tenant: string, traceId: string, isWhole: (trace: ShownTrace) => boolean): Promise<ShownTrace> {
  for (let turn = 0; turn < 200; turn++) {
    const request = new Request(`http://rivulet.test/v1/traces/${traceId}`, { headers: { authorization: "Bearer test-admin-key", "tenant-id": tenant } });
    const answer = await worker.fetch(request as never, env);
    const trace = answer.status === 200 ? await answer.json<ShownTrace>() : undefined;
    if (trace !== undefined && isWhole(trace)) return trace;
    await scheduler.wait(50);
  }
  return expect.unreachable("the trace never became whole");
}

describe("in a trace", () => {
  beforeEach(() => {
    faults.captured = [];
  });
  afterEach(() => {
    heal();
    sinks.handle = async () => {};
  });

  const happened = (traceparent: string, type = "handled.Happened") =>
    draft(type, {}, { metadata: { correlationId: "c", priority: "normal", traceparent, actor: "key:test" } });

  test("a handler has spans, attributes and events of its own", async () => {
    const traceId = hex(32);
    sinks.handle = async () => {
      annotate({ "shop.items": 2 });
      await traced("ask the shop", async () => note("answered", { price: 7 }));
    };
    await append("traces-code", "note-1", [happened(`00-${traceId}-${hex(16)}-01`)]);
    await deliver(faults.captured?.splice(0) ?? []);
    const { spans } = await shown("traces-code", traceId, (trace) => trace.spans.some(({ name }) => name === "ask the shop"));
    const handled = spans.find(({ service }) => service === "handler:tested");
    expect(handled).toMatchObject({ name: "handle handled.Happened", status: "ok", attributes: { "shop.items": 2, "rivulet.attempt": 1 } });
    expect(spans.find(({ name }) => name === "ask the shop")).toMatchObject({
      parentSpanId: handled?.spanId,
      events: [{ name: "answered", attributes: { price: 7 } }],
    });
  });

  test("that nobody records, a failure is kept, and with it what comes after, and what is missing is named", async () => {
    const [traceId, before] = [hex(32), hex(16)];
    let attempts = 0;
    sinks.handle = async () => {
      if (++attempts === 1) throw new Error("not yet");
    };
    await append("traces-failed", "note-1", [happened(`00-${traceId}-${before}-00`)]);
    await deliver(faults.captured?.splice(0) ?? []);
    const trace = await shown("traces-failed", traceId, ({ spans }) => spans.length >= 2);
    expect(trace.spans.map(({ service, status, error, attributes }) => [service, status, error, attributes["rivulet.attempt"]])).toEqual([
      ["handler:tested", "error", "not yet", 1],
      ["handler:tested", "ok", undefined, 2],
    ]);
    expect(trace.missing).toEqual([before]);
  });

  test("a batch of appends is a piece for each, with the others of its trace as links", async () => {
    const [traceId, one, other] = [hex(32), hex(16), hex(16)];
    await append("traces-links", "note-1", [happened(`00-${traceId}-${one}-01`, "notes.A"), happened(`00-${traceId}-${other}-01`, "notes.B")]);
    await deliver(faults.captured?.splice(0) ?? []);
    const { spans } = await shown("traces-links", traceId, (trace) => trace.spans.some(({ service }) => service === "views"));
    for (const service of ["projector", "views"])
      expect(
        spans.find((span) => span.service === service),
        service,
      ).toMatchObject({
        parentSpanId: one,
        kind: "consumer",
        links: [{ traceId, spanId: other }],
        attributes: { "rivulet.events": 2 },
      });
  });
});

describe("telemetry that is down", () => {
  afterEach(heal);

  test("neither fails nor delays what is asked for, and nothing is asked of it where it is switched off", async () => {
    let asked = 0;
    const hanging = {
      prepare: () => {
        asked++;
        return { bind: () => ({}) };
      },
      batch: () => new Promise(() => undefined),
    };
    const request = (): Request =>
      new Request("http://rivulet.test/v1/streams/none-1", {
        headers: { authorization: "Bearer test-admin-key", traceparent: `00-${hex(32)}-${hex(16)}-01`, "tenant-id": "traces-down" },
      });
    const work: Promise<unknown>[] = [];
    const invocation = { waitUntil: (one: Promise<unknown>) => void work.push(one), passThroughOnException: () => undefined };
    const off = await worker.fetch(request() as never, { ...env, TELEMETRY: hanging, TRACE_RATE: "off" } as never, invocation as never);
    // What else is done after the answer is done by then.
    await Promise.all(work);
    expect([off.status, asked]).toEqual([404, 0]);
    const on = await worker.fetch(request() as never, { ...env, TELEMETRY: hanging } as never, invocation as never);
    expect(on.status).toBe(404);
  });
});
