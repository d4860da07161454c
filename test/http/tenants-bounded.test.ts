import { beforeAll, describe, expect, test, vi } from "vitest";
import { append, expectProblem, get, newerThan, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { pairOf, tokenOf } from "../support/tokens.ts";
import { made, subscribe, pull } from "./subscriptions.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };
const critical = { ...note, metadata: { priority: "critical" } };
const bound = (id: string, body: object, headers = {}) => send("PATCH", `/v1/tenants/${id}`, body, headers);
const requests = (limit: number) => ({ requests: { limit, periodSeconds: 86_400 } });

const listed = async (admin: { readonly "tenant-id": string }) => (await get("/v1/subscriptions?limit=1000", admin)).json<{ items: readonly object[] }>().items;

/** A tenant with these bounds, and a key of it that may do everything. */
async function bounded(id: string, body: object) {
  await send("POST", "/v1/tenants", { id, name: id });
  const { as } = await makeKey("all", ["*:*"], {}, { "tenant-id": id });
  expect((await bound(id, body)).status).toBe(200);
  return { as, admin: { "tenant-id": id } };
}

describe("the bounds of a tenant", () => {
  test("are set by the admin key alone, shown, listed, and replaced one part at a time", async () => {
    await send("POST", "/v1/tenants", { id: "bounded", name: "Bounded" });
    const limits = { ...requests(5), eventsPerDay: 7, subscriptions: 1 };
    expect((await bound("bounded", { limits })).json()).toMatchObject({ limits, readOnly: false, status: "active" });
    const last = await bound("bounded", { readOnly: true });
    expect(last.json()).toMatchObject({ limits, readOnly: true });
    expect((await get("/v1/tenants/bounded")).json()).toEqual(last.json());
    const { items } = (await get("/v1/tenants?limit=1000", newerThan(last))).json<{ items: readonly object[] }>();
    expect(items).toContainEqual(last.json());
    expect((await bound("bounded", { limits: {} })).json()).toMatchObject({ limits: {}, readOnly: true });
    for (const body of [{ limits: { eventsPerDay: 0 } }, { limits: { nothing: 1 } }, { read_only: true }]) expectProblem(await bound("bounded", body), 422);
    expectProblem(await bound("default", { readOnly: true }), 409);
    expectProblem(await bound("nobody-bound", { readOnly: true }), 404);
    const strong = await makeKey("would-bound", ["*:*"]);
    expectProblem(await bound("bounded", {}, strong.as), 403, "forbidden");
  });

  test("outlive its suspension", async () => {
    const { as } = await bounded("bound-nap", { limits: requests(1) });
    for (const verb of ["suspend", "resume"]) await send("POST", `/v1/tenants/bound-nap/${verb}`);
    expect([(await get("/v1/streams", as)).status, (await get("/v1/streams", as)).status]).toEqual([200, 429]);
  });
});

describe("a tenant's limit of requests", () => {
  test("lets through exactly so many of all its keys and tokens together, that come at once", async () => {
    const { as, admin } = await bounded("many-keys", {});
    const other = await makeKey("other", ["*:*"], { limits: { requests: { limit: 1_000, periodSeconds: 60 } } }, admin);
    const pair = await pairOf("ES256", "k1");
    const issuer = { issuer: "https://many.example/", audience: "many", jwks: { keys: [pair.jwk] }, algorithms: ["ES256"] };
    await send("POST", "/v1/issuers", { ...issuer, claims: { scopes: "scope", actor: "sub" } }, admin);
    const token = await tokenOf(pair, { alg: "ES256", kid: "k1" }, { iss: issuer.issuer, aud: "many", scope: "streams:read", sub: "ann" });
    await bound("many-keys", { limits: requests(30) });
    const all = [as, other.as, { authorization: `Bearer ${token}` }];
    const answers = await Promise.all(Array.from({ length: 90 }, (_, n) => get("/v1/streams", all[n % 3])));
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(30);
    const turned = answers.find(({ status }) => status === 429);
    expect(expectProblem(turned ?? expect.unreachable(), 429, "tenant_rate_limited").detail).toContain("of all this tenant's keys");
    expect(turned?.headers.get("ratelimit-policy")).toBe('"tenant";q=30;w=86400');
    expect((await get("/v1/streams", admin)).status).toBe(200);
    await bound("many-keys", { limits: requests(31) });
    expect((await get("/v1/streams", as)).status).toBe(200);
  });

  test("leaves critical events ten times as much room of their own, for who has their scope", async () => {
    const { as, admin } = await bounded("critical", {});
    const lacks = await makeKey("lacks", ["events:write"], {}, admin);
    await bound("critical", { limits: requests(3) });
    for (let n = 0; n < 3; n++) expect((await append("c-1", [note], as)).status).toBe(201);
    expectProblem(await append("c-1", [note], as), 429, "tenant_rate_limited");
    expectProblem(await append("c-1", [critical, note], as), 429, "tenant_rate_limited");
    expectProblem(await append("c-1", [critical], lacks.as), 429, "tenant_rate_limited");
    const passed = await Promise.all(Array.from({ length: 40 }, () => append("c-2", [critical], as)));
    expect(passed.filter(({ status }) => status === 201)).toHaveLength(30);
    const turned = passed.find(({ status }) => status === 429);
    expect(turned?.headers.get("ratelimit-policy")).toBe('"critical";q=30;w=86400');
    expectProblem(await append("c-1", [note], as), 429, "tenant_rate_limited");
  });

  test("is told of by nobody where there is none", async () => {
    const { as } = await bounded("unbound", { limits: { eventsPerDay: 1_000 } });
    expect((await get("/v1/streams", as)).headers.get("ratelimit")).toBeNull();
  });
});

describe("a tenant that is read-only", () => {
  let as: { readonly authorization: string };
  let admin: { readonly "tenant-id": string };

  beforeAll(async () => {
    ({ as, admin } = await bounded("frozen", {}));
    await send("PUT", "/v1/sources/bare", { scheme: "none", stream: "bare-1" }, as);
    await append("f-1", [note], as);
    await bound("frozen", { readOnly: true });
  });

  test("is written by none of its keys, nor by its webhooks, and read as before", async () => {
    const writes = [
      await append("f-1", [note], as),
      await send("POST", "/v1/webhooks/frozen/bare", { a: 1 }, as),
      await send("POST", "/v1/aggregates/inventory/tea/Receive", { quantity: 1 }, as),
      await send("DELETE", "/v1/streams/f-1", undefined, as),
      await subscribe("frozen", { sink: pull }, as),
      await send("POST", "/v1/keys", { name: "new", scopes: ["streams:read"] }, as),
    ];
    for (const answer of writes) expectProblem(answer, 403, "tenant_read_only");
    expect((await get("/v1/streams/f-1", as)).json()).toMatchObject({ version: 1 });
  });

  test("is written by the admin key, and by all when it is so no more", async () => {
    expect((await append("f-1", [note], admin)).status).toBe(201);
    await bound("frozen", { readOnly: false });
    expect((await append("f-1", [note], as)).status).toBe(201);
  });
});

describe("a tenant's quotas", () => {
  test("of events: what its log has taken today fills it, and it says when there is room again", async () => {
    const { as, admin } = await bounded("day", {});
    const write = await append("d-1", [note, note, note, note, note], as);
    await get("/v1/events", { ...admin, ...newerThan(write) });
    await bound("day", { limits: { eventsPerDay: 6 } });
    const turned = await append("d-1", [note], as);
    expectProblem(turned, 429, "quota_exceeded");
    expect(Number(turned.headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
    expectProblem(await send("POST", "/v1/aggregates/inventory/tea/Receive", { quantity: 1 }, as), 429, "quota_exceeded");
    expect((await get("/v1/streams/d-1", as)).json()).toMatchObject({ version: 5 });
    await bound("day", { limits: { eventsPerDay: 1_000 } });
    expect((await append("d-1", [note], as)).status).toBe(201);
  });

  test("of storage: what its log has taken in all fills it, and what is there can be read", async () => {
    const { as, admin } = await bounded("full", {});
    const large = { type: "notes.NoteAdded", data: { text: "é".repeat(5_000) } };
    const write = await append("s-1", [large], as);
    await get("/v1/events", { ...admin, ...newerThan(write) });
    await bound("full", { limits: { storageBytes: 50_000 } });
    expect((await append("s-1", [note], as)).status).toBe(201);
    await bound("full", { limits: { storageBytes: 10_000 } });
    // What was believed of it is five seconds old at most; another tenant's room is not asked for.
    expectProblem(await append("s-1", [note], as), 403, "storage_exceeded");
    expectProblem(await send("POST", "/v1/aggregates/inventory/tea/Receive", { quantity: 1 }, as), 403, "storage_exceeded");
    expect((await get("/v1/streams/s-1", as)).json()).toMatchObject({ version: 2 });
    expect((await append("s-1", [note], admin)).status).toBe(201);
  });

  test("of subscriptions", async () => {
    const { as, admin } = await bounded("subs", { limits: { subscriptions: 1 } });
    const keyed = { ...as, "idempotency-key": "the first" };
    const first = await subscribe("first", { sink: pull }, keyed);
    expect(first.status, first.text).toBe(201);
    await get("/v1/subscriptions", { ...admin, ...newerThan(first) });
    expectProblem(await subscribe("second", { sink: pull }, as), 409, "quota_exceeded");
    expect((await subscribe("first", { sink: pull }, keyed)).headers.get("idempotency-replayed")).toBe("true");
    await made("third", { sink: pull }, admin);
  });

  test("of subscriptions: of many that are made at once there are as many as it has places, whoever leaves makes room at once", async () => {
    const { as, admin } = await bounded("subs-at-once", { limits: { subscriptions: 5 } });
    let made = 0;
    const twenty = () => Promise.all(Array.from({ length: 20 }, () => subscribe(`at-once-${++made}`, { sink: pull }, as)));
    const answers = await twenty();
    const ids = answers.filter(({ status }) => status === 201).map((answer) => answer.json<{ id: string }>().id);
    expect(ids).toHaveLength(5);
    for (const answer of answers) if (answer.status !== 201) expectProblem(answer, 409, "quota_exceeded");
    for (const id of ids.slice(0, 2)) expect((await send("DELETE", `/v1/subscriptions/${id}`, undefined, as)).status).toBe(204);
    // By the admin key, which counts in nothing: its place is missed only when somebody wants it.
    expect((await send("DELETE", `/v1/subscriptions/${ids[2]}`, undefined, admin)).status).toBe(204);
    await vi.waitFor(async () => expect((await listed(admin)).length).toBe(2), { timeout: 20_000 });
    expect((await twenty()).filter(({ status }) => status === 201)).toHaveLength(3);
    await vi.waitFor(async () => expect((await listed(admin)).length).toBe(5), { timeout: 20_000 });
  });

  test("of subscriptions: what is refused takes no place, and those from before the quota have theirs", async () => {
    const { as, admin } = await bounded("subs-before", {});
    await get("/v1/subscriptions", { ...admin, ...newerThan(await subscribe("before", { sink: pull }, as)) });
    await bound("subs-before", { limits: { subscriptions: 2 } });
    const keyed = { ...as, "idempotency-key": "comes again" };
    for (let n = 0; n < 3; n++) expectProblem(await subscribe("before", { sink: pull }, keyed), 409, "subscription_exists");
    for (let n = 0; n < 3; n++) expectProblem(await subscribe("nowhere", { sink: { url: "ftp://a" } }, as), 422);
    expect((await subscribe("after", { sink: pull }, as)).status).toBe(201);
    expectProblem(await subscribe("too many", { sink: pull }, as), 409, "quota_exceeded");
  });
});
