import { describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { deliver, idsOf, putSource } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const producer = PRODUCERS["standard"] as Producer;
const requests = (limit: number) => ({ limits: { requests: { limit, periodSeconds: 86_400 } } });
const bound = (id: string, body: object) => send("PATCH", `/v1/tenants/${id}`, body);
const note = { type: "notes.NoteAdded", data: { n: 1 } };

/** A tenant with these bounds, a source of signed webhooks, and a key that may do everything. */
async function bounded(id: string, body: object) {
  await send("POST", "/v1/tenants", { id, name: id });
  await putSource("signed", { ...producer.settings, secret: producer.secret }, id);
  const { as } = await makeKey("all", ["*:*"], {}, { "tenant-id": id });
  expect((await bound(id, body)).status).toBe(200);
  const hook = (delivery: string, more: object = {}) => deliver("signed", producer, { id: delivery, ...more }, id);
  return { as, hook, admin: { "tenant-id": id } };
}

describe("a delivery that is proved", () => {
  test("counts in its tenant's limit beside the keys' requests, exactly, and what is too much is not written", async () => {
    const { as, hook } = await bounded("hooked", requests(12));
    for (let n = 0; n < 2; n++) expect((await get("/v1/streams", as)).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => hook(`d-${n}`)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(10);
    expect(answers[0]?.headers.get("ratelimit-policy")).toBe('"tenant";q=12;w=86400');
    const turned = answers.find(({ status }) => status === 429) ?? expect.unreachable();
    expectProblem(turned, 429, "tenant_rate_limited");
    expect(Number(turned.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(turned.headers.get("ratelimit")).toMatch(/^"tenant";r=0;t=\d+$/);
    expectProblem(await get("/v1/streams", as), 429, "tenant_rate_limited");
    expect(await idsOf("signed", "hooked")).toHaveLength(10);
  });

  test("counts in the limit of the key that proves it", async () => {
    const { admin } = await bounded("hooked-by-key", {});
    await putSource("bare", { scheme: "none", stream: "bare-1" }, "hooked-by-key");
    const { as } = await makeKey("few", ["*:*"], { limits: { requests: { limit: 2, periodSeconds: 86_400 } } }, admin);
    const statuses: number[] = [];
    for (let n = 0; n < 3; n++) statuses.push((await send("POST", "/v1/webhooks/hooked-by-key/bare", { n }, as)).status);
    expect(statuses).toEqual([202, 202, 429]);
    expect((await send("POST", "/v1/webhooks/hooked-by-key/bare", { n: 3 }, admin)).status).toBe(202);
  });

  test("is told of no limit where there is none", async () => {
    const { hook } = await bounded("hooked-freely", {});
    const answer = await hook("d-1");
    expect([answer.status, answer.headers.get("ratelimit")]).toEqual([202, null]);
  });
});

test("strangers use up nothing of a tenant's limit, and leave no rows, however many come", async () => {
  const { as, hook, admin } = await bounded("flooded", requests(3));
  const before = (await everything("/v1/events?limit=1000&category=rivulet_source", admin)).length;
  for (let n = 0; n < 15; n++) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => hook("forged", { secret: producer.otherSecret })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(answers[0]?.headers.get("ratelimit")).toBeNull();
  }
  expect([(await hook("d-1")).status, (await hook("d-2")).status, (await get("/v1/streams", as)).status]).toEqual([202, 202, 200]);
  expect((await hook("d-3")).status).toBe(429);
  expect(await idsOf("signed", "flooded")).toEqual(["d-1", "d-2"]);
  expect(await everything("/v1/events?limit=1000&category=rivulet_source", admin)).toHaveLength(before);
});

describe("a tenant's other bounds hold for signed deliveries:", () => {
  test("its day", async () => {
    const { as, hook, admin } = await bounded("hook-day", {});
    await get("/v1/events", { ...admin, ...newerThan(await append("d-1", [note, note, note, note, note], as)) });
    await bound("hook-day", { limits: { eventsPerDay: 6 } });
    const turned = await hook("d-1");
    expectProblem(turned, 429, "quota_exceeded");
    expect(turned.headers.has("retry-after")).toBe(true);
    await bound("hook-day", { limits: { eventsPerDay: 1_000 } });
    expect((await hook("d-1")).status).toBe(202);
  });

  test("its storage", async () => {
    const { as, hook, admin } = await bounded("hook-full", {});
    await get("/v1/events", { ...admin, ...newerThan(await append("s-1", [{ ...note, data: "x".repeat(5_000) }], as)) });
    await bound("hook-full", { limits: { storageBytes: 4_000 } });
    expectProblem(await hook("d-1"), 403, "storage_exceeded");
  });

  test("that it is read-only, or suspended, and a stranger is told of neither", async () => {
    const { hook } = await bounded("hook-shut", { readOnly: true });
    expectProblem(await hook("d-1"), 403, "tenant_read_only");
    await bound("hook-shut", { readOnly: false });
    await send("POST", "/v1/tenants/hook-shut/suspend");
    expectProblem(await hook("d-1"), 403, "tenant_suspended");
    expectProblem(await hook("d-1", { secret: producer.otherSecret }), 401);
    await send("POST", "/v1/tenants/hook-shut/resume");
    expect((await hook("d-1")).status).toBe(202);
    expect(await idsOf("signed", "hook-shut")).toEqual(["d-1"]);
  });
});
