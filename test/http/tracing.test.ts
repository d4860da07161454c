import { describe, expect, test } from "vitest";
import { type Answer, append, eventsOf, expectProblem, get, send, type StoredEvent } from "../support/http.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const given = `00-${traceId}-${spanId}-01`;
const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const happened = { type: "trace.Happened", data: 1 };

const traceOf = (value: unknown): string => String(value).split("-")[1] ?? "";
const correlationOf = (answer: Answer): string => answer.headers.get("x-correlation-id") as string;
const metadata = async (stream: string): Promise<StoredEvent["metadata"]> => ((await eventsOf(stream)).at(-1) as StoredEvent).metadata;

/** One request for each kind of answer there is. */
const anyAnswer: readonly [string, () => Promise<Answer>][] = [
  ["a read", () => get("/v1/events")],
  ["an append", () => append("trace-any", [happened])],
  ["a 401", () => get("/v1/events", { authorization: undefined })],
  ["a 403", () => append("audit-log", [happened])],
  ["a 404", () => get("/v1/nothing")],
  ["a 405", () => send("DELETE", "/v1/events")],
  ["a 400", () => send("POST", "/v1/streams/trace-any/events", "{")],
  ["a 422", () => append("trace-any", [])],
  ["a health check", () => get("/health", { authorization: undefined })],
  ["an OPTIONS", () => send("OPTIONS", "/v1/events")],
  ["an unknown webhook", () => send("POST", "/v1/webhooks/default/none", "{}", { authorization: undefined })],
];

describe.each(anyAnswer)("%s", (_, request) => {
  test("carries traceresponse and X-Correlation-Id, new each time", async () => {
    const [one, two] = [await request(), await request()];
    expect(one.headers.get("traceresponse")).toMatch(form);
    expect(correlationOf(one)).toMatch(/^[A-Za-z0-9._~:-]{1,128}$/);
    expect(traceOf(two.headers.get("traceresponse"))).not.toBe(traceOf(one.headers.get("traceresponse")));
    expect(correlationOf(two)).not.toBe(correlationOf(one));
  });
});

describe("X-Correlation-Id", () => {
  test.each(["a", "order:1", "A.z_0~9:-", "x".repeat(128)])("%s is given back and stored", async (id) => {
    const stream = `trace-corr${id.length}${id.charCodeAt(0)}`;
    expect(correlationOf(await append(stream, [happened, happened], { "x-correlation-id": id }))).toBe(id);
    expect((await eventsOf(stream)).map(({ metadata }) => metadata["correlationId"])).toEqual([id, id]);
    for (const path of ["/v1/events", "/v1/nothing", "/health"]) expect(correlationOf(await get(path, { "x-correlation-id": id }))).toBe(id);
  });

  test.each(["x".repeat(129), "a b", "a/b", "ü", "a,b", '"a"', "<script>", ""])("%s is ignored, and one is made", async (id) => {
    const stream = `trace-ignored${id.length}${id.charCodeAt(0)}`;
    const answer = await append(stream, [happened], { "x-correlation-id": id });
    expect(answer.status).toBe(201);
    expect(correlationOf(answer)).toMatch(/^[A-Za-z0-9._~:-]{1,128}$/);
    expect(correlationOf(answer)).not.toBe(id);
    expect((await metadata(stream))["correlationId"]).toBe(correlationOf(answer));
  });

  test("that is made is the stored events' too", async () => {
    const answer = await append("trace-made", [happened]);
    expect((await metadata("trace-made"))["correlationId"]).toBe(correlationOf(answer));
  });
});

describe("traceparent", () => {
  test("is continued: the same trace, a span of our own", async () => {
    const answer = await append("trace-on", [happened], { traceparent: given });
    const response = answer.headers.get("traceresponse") as string;
    expect(response).toMatch(form);
    expect(traceOf(response)).toBe(traceId);
    expect(response).not.toContain(spanId);
    expect(response.endsWith("-01")).toBe(true);
    const stored = (await metadata("trace-on"))["traceparent"] as string;
    expect(stored).toMatch(form);
    expect(traceOf(stored)).toBe(traceId);
    expect(stored).not.toContain(spanId);
  });

  test("is continued on reads and refusals", async () => {
    for (const path of ["/v1/events", "/v1/nothing", "/health"])
      expect(traceOf((await get(path, { traceparent: given })).headers.get("traceresponse"))).toBe(traceId);
  });

  test("of a later version is continued by what it shares with this one", async () => {
    const { headers } = await get("/health", { traceparent: `cc-${traceId}-${spanId}-01-what-comes-later` });
    expect(traceOf(headers.get("traceresponse"))).toBe(traceId);
  });

  test.each([
    "nonsense",
    "",
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-zz`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `cc-${traceId}-${spanId}-01.x`,
    `${given},${given}`,
  ])("%s is bad, is ignored, and a new trace begins", async (bad) => {
    const answer = await append("trace-bad", [happened], { traceparent: bad, tracestate: "a=b" });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("traceresponse")).toMatch(form);
    expect(traceOf(answer.headers.get("traceresponse"))).not.toBe(traceId);
    expect(traceOf((await metadata("trace-bad"))["traceparent"])).toBe(traceOf(answer.headers.get("traceresponse")));
  });

  test("with a bad tracestate is continued all the same", async () => {
    const answer = await get("/health", { traceparent: given, tracestate: "=,;broken" });
    expect([answer.status, traceOf(answer.headers.get("traceresponse"))]).toEqual([200, traceId]);
  });
});

describe("an event's metadata", () => {
  test("names the key that wrote it", async () => {
    await append("trace-actor", [happened]);
    expect((await metadata("trace-actor"))["actor"]).toMatch(/^key:./);
  });

  test("keeps the client's correlationId, causationId, priority and own keys", async () => {
    const own = { correlationId: "mine", causationId: "cause-1", priority: "critical", colour: "red", nested: { a: [1, { b: null }] } };
    await append("trace-own", [{ ...happened, metadata: own }], { "x-correlation-id": "not-mine" });
    expect(await metadata("trace-own")).toMatchObject(own);
  });

  test("is no way round that", async () => {
    for (const metadata of ['{"__proto__":{"actor":"key:mallory"}}', '{"Actor":"key:mallory"}', '{"nested":{"actor":"key:mallory"}}']) {
      await send("POST", "/v1/streams/trace-round/events", `{"events":[{"type":"trace.Happened","data":1,"metadata":${metadata}}]}`);
    }
    for (const { metadata } of await eventsOf("trace-round")) expect(metadata["actor"]).toMatch(/^key:(?!mallory)/);
  });

  test("that is nested without end is refused and no fault", async () => {
    const refused = await send(
      "POST",
      "/v1/streams/trace-deep/events",
      `{"events":[{"type":"x","data":1,"metadata":{"a":${"[".repeat(5000)}${"]".repeat(5000)}}}]}`,
    );
    expectProblem(refused, 422);
  });

  test.each([
    ["actor", "key:mallory"],
    ["traceparent", given],
  ])("never has the client's %s", async (key, value) => {
    const answer = await append(`trace-forged_${key}`, [{ ...happened, metadata: { [key]: value } }]);
    if (answer.status === 201) expect((await metadata(`trace-forged_${key}`))[key]).not.toBe(value);
    else expect(answer.status).toBe(422);
  });
});
