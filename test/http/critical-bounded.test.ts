import { describe, expect, test } from "vitest";
import { BATCH, ONE } from "../support/cloudevents.ts";
import { type Answer, append, eventsOf, expectProblem, get, type HeaderFields, newerThan, ok, send, type StoredEvent } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { deliver, eventOf, putSource } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const producer = PRODUCERS["standard"] as Producer;
const required = { specversion: "1.0", source: "/s", type: "notes.Noted" };
let made = 0;

/** A tenant whose limit has no room left: one request was let through. */
async function full(id: string): Promise<HeaderFields> {
  await send("POST", "/v1/tenants", { id, name: id });
  const { as } = await makeKey("all", ["*:*"], {}, { "tenant-id": id });
  await putSource("critical", { ...producer.settings, secret: producer.secret, priority: "critical" }, id);
  await putSource("normal", { ...producer.settings, secret: producer.secret }, id);
  await send("PATCH", `/v1/tenants/${id}`, { limits: { requests: { limit: 1, periodSeconds: 86_400 } } });
  expect((await get("/v1/streams", as)).status).toBe(200);
  return as;
}

/** Every way in, with an event of this priority. */
const WAYS: Readonly<Record<string, (path: string, priority: string, as: HeaderFields) => Promise<Answer>>> = {
  structured: (path, priority, as) => send("POST", path, JSON.stringify({ ...required, id: `${++made}`, priority }), { ...as, "content-type": ONE }),
  batched: (path, priority, as) =>
    send("POST", path, JSON.stringify([1, 2].map(() => ({ ...required, id: `${++made}`, priority }))), { ...as, "content-type": BATCH }),
  binary: (path, priority, as) =>
    send("POST", path, "{}", {
      ...as,
      ...Object.fromEntries(Object.entries({ ...required, id: `${++made}`, priority }).map(([name, value]) => [`ce-${name}`, value])),
    }),
};

describe("an event that is critical passes where its tenant's limit has no room left,", () => {
  test.each(Object.entries(WAYS))("as a %s CloudEvent, into a stream and into the log", async (name, way) => {
    const tenant = `crit-${name}`;
    const as = await full(tenant);
    for (const path of ["/v1/streams/notes-1/events", "/v1/events"]) {
      const passed = await way(path, "critical", as);
      expect(passed.status, passed.text).toBe(201);
      expect(passed.headers.get("ratelimit-policy")).toBe('"critical";q=10;w=86400');
      for (const other of ["high", "urgent"]) expectProblem(await way(path, other, as), 429, "tenant_rate_limited");
    }
    expect((await eventsOf("notes-1", { "tenant-id": tenant }))[0]?.metadata).toMatchObject({ priority: "critical" });
    const all = await Promise.all(Array.from({ length: 20 }, () => way("/v1/events", "critical", as)));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(8);
  });

  test("delivered to a source whose events are, and to no other", async () => {
    const as = await full("crit-hook");
    const hook = (source: string) => deliver(source, producer, { id: `h-${++made}` }, "crit-hook");
    expectProblem(await hook("normal"), 429, "tenant_rate_limited");
    const all = await Promise.all(Array.from({ length: 20 }, () => hook("critical")));
    expect(all.filter(({ status }) => status === 202)).toHaveLength(10);
    expect(all.find(({ status }) => status === 429)?.headers.get("ratelimit-policy")).toBe('"critical";q=10;w=86400');
    expectProblem(await append("n-1", [{ type: "n.N", data: 1, metadata: { priority: "critical" } }], as), 429, "tenant_rate_limited");
  });
});

test("a batch with an event that is not critical has no room of its own", async () => {
  const as = await full("crit-mixed");
  const mixed = ["critical", "normal"].map((priority) => ({ ...required, id: `${++made}`, priority }));
  expectProblem(await send("POST", "/v1/events", JSON.stringify(mixed), { ...as, "content-type": BATCH }), 429, "tenant_rate_limited");
  expectProblem(await send("POST", "/v1/events", "[]", { ...as, "content-type": BATCH }), 429, "tenant_rate_limited");
});

describe("events:critical is wanted", () => {
  test.each(Object.entries(WAYS))("by a %s CloudEvent that is", async (name, way) => {
    const { as } = await makeKey(`uncritical-${name}`, ["events:write"]);
    for (const path of ["/v1/streams/uncritical-1/events", "/v1/events"]) {
      expect(expectProblem(await way(path, "critical", as), 403, "missing_scope")).toMatchObject({ missingScope: "events:critical" });
      expect((await way(path, "low", as)).status).toBe(201);
    }
  });

  test("by who sets up a source whose events are, and by who delivers to it with a key", async () => {
    const { as } = await makeKey("sources", ["admin:sources", "events:write"]);
    const settings = { scheme: "none", stream: "bare-1", priority: "critical" };
    expect(expectProblem(await send("PUT", "/v1/sources/bare-critical", settings, as), 403, "missing_scope")).toMatchObject({
      missingScope: "events:critical",
    });
    expect((await send("PUT", "/v1/sources/bare-critical", { ...settings, priority: "high" }, as)).status).toBe(201);
    expect((await send("POST", "/v1/webhooks/default/bare-critical", { n: 1 }, as)).status).toBe(202);
    const set = await send("PUT", "/v1/sources/bare-critical", settings);
    expect(ok(set)).toMatchObject({ priority: "critical" });
    expectProblem(await send("POST", "/v1/webhooks/default/bare-critical", { n: 2 }, as), 403, "missing_scope");
    const delivered = await send("POST", "/v1/webhooks/default/bare-critical", { n: 3 });
    expect((await eventOf(delivered, "bare-critical")).metadata).toMatchObject({ priority: "critical" });
    const events = ok<{ items: readonly StoredEvent[] }>(await get("/v1/events?stream=bare-1", newerThan(delivered))).items;
    expect(events.map(({ metadata }) => metadata["priority"])).toEqual(["high", "critical"]);
  });
});
