import { describe, expect, test } from "vitest";
import { type Members, sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { eventsOf, type HeaderFields, type StoredEvent } from "../support/http.ts";

const required = { specversion: "1.0", source: "/s", type: "flow.Happened" };
const trace = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
let made = 0;

async function metadata(extensions: Members, headers: HeaderFields = {}): Promise<StoredEvent["metadata"]> {
  const stream = `flow-${++made}`;
  const answer = await sendCloudEvents(`/v1/streams/${stream}/events`, { ...required, id: "1", ...extensions }, headers);
  expect(answer.status, answer.text).toBe(201);
  return (await eventsOf(stream))[0]?.metadata ?? {};
}

describe("the extension traceparent", () => {
  test("is continued: the same trace, a span of our own, and its tracestate", async () => {
    const { traceparent, tracestate } = await metadata({ traceparent: trace("a"), tracestate: "vendor=1" });
    expect(traceparent).toMatch(new RegExp(`^00-${"a".repeat(32)}-(?!a{16})[0-9a-f]{16}-01$`));
    expect(tracestate).toBe("vendor=1");
  });

  test("comes after the request's own", async () => {
    const { traceparent, tracestate } = await metadata({ traceparent: trace("a"), tracestate: "vendor=1" }, { traceparent: trace("b") });
    expect(traceparent).toContain("b".repeat(32));
    expect(tracestate).toBeUndefined();
  });

  test("is continued where the request's own is bad", async () => {
    expect((await metadata({ traceparent: trace("a") }, { traceparent: "nonsense" }))["traceparent"]).toContain("a".repeat(32));
  });

  test.each(["nonsense", trace("0"), 5, ""])("that is %j begins nothing", async (traceparent) => {
    expect((await metadata({ traceparent, tracestate: "vendor=1" }))["traceparent"]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
  });

  test("is each event's own in a batch, and in binary mode a header", async () => {
    const stream = `flow-${++made}`;
    const batch = ["c", "d"].map((digit) => ({ ...required, id: digit, traceparent: trace(digit) }));
    await sendCloudEvents(`/v1/streams/${stream}/events`, batch);
    await sendBinary(`/v1/streams/${stream}/events`, { ...required, id: "e", traceparent: trace("e") });
    const traces = (await eventsOf(stream)).map(({ metadata }) => String(metadata["traceparent"]).split("-")[1]);
    expect(traces).toEqual(["c", "d", "e"].map((digit) => digit.repeat(32)));
  });
});

describe("the extensions correlationid and causationid", () => {
  test("are the event's", async () => {
    expect(await metadata({ correlationid: "order:1", causationid: "order 1/paid" }, { "x-correlation-id": "request" })).toMatchObject({
      correlationId: "order:1",
      causationId: "order 1/paid",
    });
    expect(await metadata({ correlationid: 7, causationid: 8 })).toMatchObject({ correlationId: "7", causationId: "8" });
  });

  test("are only extensions where they are none of ours", async () => {
    for (const bad of ["", "a b", "x".repeat(129)])
      expect(await metadata({ correlationid: bad }, { "x-correlation-id": "request" })).toMatchObject({ correlationId: "request" });
    for (const bad of ["", "x".repeat(257)]) expect(await metadata({ causationid: bad })).not.toHaveProperty("causationId");
  });
});

test("who wrote it is never what an extension says", async () => {
  expect((await metadata({ actor: "key:mallory", priority: "critical" }))["actor"]).toBe("key:admin");
});
