import { beforeEach, describe, expect, test, vi } from "vitest";
import type { HopRecord } from "../../../src/tracing/hop.ts";
import { SLOW } from "../../../src/tracing/hop.ts";
import { Recorder, type TraceSink } from "../../../src/tracing/recorder.ts";
import { BELIEVED, MOST_NEW, MOST_NOTABLE, Sampler } from "../../../src/tracing/sampler.ts";
import { continueTrace } from "../../../src/tracing/trace-context.ts";
import { defaultRate, tracers } from "../../../src/tracing-composed.ts";
import { annotate, note, spanNow, traced, traceparentNow } from "../../../src/tracing/traced.ts";
import { Tracer } from "../../../src/tracing/tracer.ts";

let time: number;
let kept: HopRecord[];
let asked: string[];
let sampler: Sampler;
let work: Promise<unknown>[];

const sink: TraceSink = {
  name: "test",
  write(hops, tenants) {
    kept.push(...hops);
    asked.push(...tenants);
  },
};

beforeEach(() => {
  time = 1_000_000;
  kept = [];
  asked = [];
  sampler = new Sampler(0);
  work = [];
});

const tracer = (): Tracer => {
  const now = (): number => time;
  return new Tracer({ now, recorder: new Recorder(now), sampler, sinks: () => [sink] }, (one) => work.push(one));
};
const traceparent = (flags: string, digit = "a"): string => `00-${digit.repeat(32)}-${"b".repeat(16)}-${flags}`;
const hopOf = (flags: string, more: object = {}) => ({ service: "s", name: "n", tenant: "t", context: { traceparent: traceparent(flags) }, ...more });
const settled = async (): Promise<readonly HopRecord[]> => {
  await Promise.all(work);
  return kept;
};

describe("a hop of a trace that its caller records", () => {
  test("is kept, as the caller's child, and hands on that it is", async () => {
    const handed = await tracer().hop(hopOf("01"), async () => traceparentNow(undefined));
    const [hop] = await settled();
    expect(hop?.spans[0]).toMatchObject({ parentSpanId: "b".repeat(16), status: "unset", name: "n" });
    expect(handed).toBe(`00-${"a".repeat(32)}-${hop?.spans[0].spanId}-01`);
  });
});

describe("a hop of a trace that its caller does not record", () => {
  test("is not kept, and hands that on, whatever the rate", async () => {
    sampler = new Sampler(1);
    expect(await tracer().hop(hopOf("00"), async () => traceparentNow(undefined))).toMatch(/-00$/);
    expect(await settled()).toEqual([]);
  });

  test("is kept where it fails, and what is handed on from then on says so", async () => {
    const seen: (string | undefined)[] = [];
    const failing = tracer().hop(hopOf("00"), async () => {
      seen.push(traceparentNow(undefined));
      await traced("a try", async () => Promise.reject(new Error("no"))).catch(() => undefined);
      seen.push(traceparentNow(undefined));
      throw new Error("not this way");
    });
    await expect(failing).rejects.toThrow("not this way");
    expect(seen.map((context) => context?.slice(-2))).toEqual(["00", "01"]);
    expect((await settled())[0]?.spans.map(({ name, status, error }) => [name, status, error])).toEqual([
      ["n", "error", "not this way"],
      ["a try", "error", "no"],
    ]);
    expect(kept[0]?.spans[1]).toMatchObject({
      attributes: { "error.type": "Error" },
      events: [{ name: "exception", attributes: { "exception.type": "Error", "exception.message": "no" } }],
    });
  });

  test.each([
    [SLOW, 1],
    [SLOW - 1, 0],
  ])("that takes %i ms is kept %i times", async (took, times) => {
    await tracer().hop(hopOf("00"), async () => void (time += took));
    expect(await settled()).toHaveLength(times);
  });

  test("and that fails is kept as long as there are not too many of them in a second", async () => {
    const failing = (): Promise<unknown> =>
      tracer()
        .hop(hopOf("00"), async () => Promise.reject(new Error("no")))
        .catch(() => undefined);
    for (let n = 0; n < MOST_NOTABLE + 5; n++) await failing();
    time += 1_000;
    await failing();
    expect(await settled()).toHaveLength(MOST_NOTABLE + 1);
  });

  test("is kept where it is worth it from the start", async () => {
    expect(await tracer().hop(hopOf("00", { isKept: true }), async () => traceparentNow(undefined))).toMatch(/-01$/);
    expect(await settled()).toHaveLength(1);
  });
});

describe("a new trace", () => {
  const begun = (tenant: string) => ({ service: "api", name: "GET", context: continueTrace(undefined), tenant });

  test.each([
    [0, 0],
    [1, MOST_NEW],
    [0.5, 10],
  ])("at the rate %d is kept by that share, and at most so many a second", async (rate, most) => {
    sampler = new Sampler(rate);
    const one = tracer();
    for (let n = 0; n < MOST_NEW * (rate === 0.5 ? 1 : 2); n++) {
      // Its last digits decide.
      const traceId = `${"1".repeat(24)}${n % 2 === 0 ? "0" : "f"}${String(n).padStart(7, "0")}`;
      one.end(one.begin({ service: "api", name: "GET", tenant: "t", context: { traceId, spanId: "c".repeat(16), flags: "01" } }));
    }
    expect(await settled()).toHaveLength(most);
  });

  test("a second later there is room again", async () => {
    sampler = new Sampler(1);
    const one = tracer();
    const all = (): void => {
      for (let n = 0; n < MOST_NEW + 5; n++) one.end(one.begin(begun("t")));
    };
    all();
    time += 1_000;
    all();
    expect(await settled()).toHaveLength(2 * MOST_NEW);
  });

  test("goes by the rate of its own tenant, which is read again after a while", async () => {
    const one = tracer();
    one.end(one.begin(begun("t")));
    await settled();
    expect([kept.length, asked]).toEqual([0, ["t"]]);
    sampler.learn("t", 1);
    one.end(one.begin(begun("t")));
    one.end(one.begin(begun("u")));
    time += BELIEVED;
    one.end(one.begin(begun("t")));
    await settled();
    expect(kept.map(({ tenant }) => tenant)).toEqual(["t", "t"]);
    expect(asked).toEqual(["t", "u", "t"]);
  });

  test("that is nobody's is not kept", async () => {
    sampler = new Sampler(1);
    const one = tracer();
    const hop = one.begin({ service: "api", name: "GET", context: continueTrace(undefined) });
    hop.root.fail("no key");
    one.end(hop);
    expect(await settled()).toEqual([]);
  });
});

describe("code of a user", () => {
  test("has spans within spans, with attributes and events, and runs the same where nothing is traced", async () => {
    const run = (): Promise<number> =>
      traced("outer", async () => {
        annotate({ "cart.items": 3 });
        note("asked", { whom: "bank" });
        return traced("inner", () => 7);
      });
    expect(await run()).toBe(7);
    expect(await tracer().hop(hopOf("01"), run)).toBe(7);
    const [root, outer, inner] = (await settled())[0]?.spans ?? [];
    expect(outer).toMatchObject({
      name: "outer",
      parentSpanId: root?.spanId,
      attributes: { "cart.items": 3 },
      events: [{ name: "asked", time, attributes: { whom: "bank" } }],
    });
    expect(inner).toMatchObject({ name: "inner", parentSpanId: outer?.spanId });
    expect(spanNow()).toBeUndefined();
  });

  test("that says more than a span keeps has the beginning of it, of names, attributes and events", async () => {
    await tracer().hop(hopOf("01", { attributes: { first: "f".repeat(2_000) } }), async () => {
      note("n".repeat(2_000), { whom: "w".repeat(2_000), ...Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`a${at}`, at])) });
      traced("s".repeat(2_000), () => annotate({ ["k".repeat(2_000)]: "v".repeat(2_000) }));
    });
    const [root, own] = (await settled())[0]?.spans ?? [];
    const short = (letter: string): string => `${letter.repeat(1_000)}…`;
    expect(root?.attributes).toEqual({ first: short("f") });
    expect(root?.events[0]).toMatchObject({ name: short("n"), attributes: { whom: short("w") } });
    expect(Object.keys(root?.events[0]?.attributes ?? {})).toHaveLength(64);
    expect(own).toMatchObject({ name: short("s"), attributes: { [short("k")]: short("v") } });
  });

  test("that makes spans without end keeps the first, and counts the others", async () => {
    await tracer().hop(hopOf("01"), async () => {
      for (let n = 0; n < 250; n++) traced(`span ${n}`, () => undefined);
    });
    const [hop] = await settled();
    expect(hop?.spans).toHaveLength(200);
    expect(hop?.spans[0].attributes).toEqual({ "rivulet.spans.dropped": 51 });
  });
});

describe("a batch", () => {
  const carrier = (tenant: string, context: string) => ({ tenant, metadata: { traceparent: context, correlationId: "c" } });

  test("is a piece in each trace that is kept, linked to the others that it was done for there", async () => {
    const other = `00-${"a".repeat(32)}-${"d".repeat(16)}-01`;
    const carriers = [carrier("t", traceparent("01")), carrier("t", other), carrier("t", traceparent("01", "e")), carrier("u", traceparent("00", "f"))];
    tracer().pieces(carriers, { service: "projector", name: "project", start: time - 5 });
    const hops = await settled();
    expect(hops.map(({ tenant, traceId, spans: [{ parentSpanId, links, durationMs }] }) => [tenant, traceId[0], parentSpanId?.[0], links, durationMs])).toEqual(
      [
        ["t", "a", "b", [{ traceId: "a".repeat(32), spanId: "d".repeat(16) }], 5],
        ["t", "e", "b", [], 5],
      ],
    );
    expect(hops[0]?.spans[0].attributes).toMatchObject({ "messaging.batch.message_count": 4, "rivulet.events": 2 });
  });

  test("that fails is kept in every trace; one trace of two tenants is a piece for each", async () => {
    tracer().pieces([carrier("t", traceparent("00")), carrier("u", traceparent("00"))], { service: "views", name: "fold", start: time, error: "no" });
    expect((await settled()).map(({ tenant, spans: [{ status }] }) => [tenant, status])).toEqual([
      ["t", "error"],
      ["u", "error"],
    ]);
  });
});

describe("tracing", () => {
  test("is there where a sink is, and switched off there is nothing of it", () => {
    const tracerOf = tracers(() => time, fetch);
    const bound = { TELEMETRY: {} as D1Database };
    expect(tracerOf({})).toBeUndefined();
    expect(tracerOf({ ...bound, TRACE_RATE: "off" })).toBeUndefined();
    for (const env of [bound, { ...bound, TRACE_RATE: "0" }, { OTLP_URL: "http://collector.test" }]) expect(tracerOf(env)).toBeInstanceOf(Tracer);
  });

  test.each([
    [undefined, 1],
    ["", 1],
    ["0", 0],
    ["0.25", 0.25],
    ["2", 1],
    ["some", 1],
  ])("at TRACE_RATE %j keeps the share %d", (said, rate) => {
    expect(defaultRate(said === undefined ? {} : { TRACE_RATE: said })).toBe(rate);
  });
});

describe("a sink", () => {
  test("that fails, or that never has room, does nothing to what is traced", async () => {
    const now = (): number => time;
    const broken: TraceSink = { name: "broken", write: () => Promise.reject(new Error("away")) };
    const lost = new Map<string, number>();
    const recorder = new Recorder(now, (name, hops) => lost.set(name, (lost.get(name) ?? 0) + hops.length));
    const one = new Tracer({ now, recorder, sampler, sinks: () => [broken, sink] }, (each) => work.push(each));
    const answers = await Promise.all(Array.from({ length: 3_000 }, (_, n) => one.hop(hopOf("01"), async () => n)));
    expect(answers).toHaveLength(3_000);
    // What waits has an end: the rest is lost, and nothing else.
    expect(await settled()).toHaveLength(2_000);
    expect([...lost]).toEqual([
      ["broken", 3_000],
      ["test", 1_000],
    ]);
  });

  test("that never answers keeps no other from anything: it has a writer or two, and so many hops that wait for it", async () => {
    const now = (): number => time;
    let asked = 0;
    let held = 0;
    const hanging: TraceSink = {
      name: "hanging",
      write(hops) {
        asked++;
        held += hops.length;
        return new Promise(() => undefined);
      },
    };
    let lost = 0;
    const recorder = new Recorder(now, (name, hops) => (lost += name === "hanging" ? hops.length : Number.NaN));
    const one = new Tracer({ now, recorder, sampler, sinks: () => [hanging, sink] }, () => undefined);
    for (let turn = 1; turn <= 10; turn++) {
      for (let n = 0; n < 500; n++) await one.hop(hopOf("01"), async () => n);
      await vi.waitFor(() => expect(kept).toHaveLength(turn * 500), { timeout: 30_000 });
    }
    // 250 are with it, 2,000 wait, and the others are lost to it alone.
    expect([asked, held, lost]).toEqual([1, 250, 5_000 - 2_250]);
    time += 15_000;
    await one.hop(hopOf("01"), async () => 0);
    await vi.waitFor(() => expect(asked).toBe(2), { timeout: 30_000 });
    expect([held, lost]).toEqual([500, 5_001 - 2_250]);
  });

  test("gets hops together, not one by one", async () => {
    const sizes: number[] = [];
    const now = (): number => time;
    const one = new Tracer(
      { now, recorder: new Recorder(now), sampler, sinks: () => [{ name: "sizes", write: (hops) => void sizes.push(hops.length) }] },
      (each) => work.push(each),
    );
    for (let n = 0; n < 300; n++) await one.hop(hopOf("01"), async () => n);
    await settled();
    expect([work.length, sizes]).toEqual([1, [250, 50]]);
  });
});
