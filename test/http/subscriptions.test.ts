import { describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, ok, type Page, pages, send } from "../support/http.ts";
import { hook, made, NOBODY, pull, settings, type Subscription, subscribe } from "./subscriptions.ts";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("POST /v1/subscriptions", () => {
  test("makes a subscription with 201, where it is, its version, and every default", async () => {
    const answer = await subscribe("full of defaults");
    const body = ok<Subscription>(answer);
    expect(answer.status).toBe(201);
    expect(body.id).toMatch(ID);
    expect(answer.headers.get("location")).toBe(`/v1/subscriptions/${body.id}`);
    expect(answer.headers.get("etag")).toBe('"1"');
    expect(body).toEqual({
      id: body.id,
      name: "full of defaults",
      types: ["nobody.writes.this"],
      sink: { url: hook.url, headers: {}, secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/) },
      order: "stream",
      priority: "normal",
      concurrency: 6,
      timeoutMs: 15_000,
      retry: { maxAttempts: 8, minDelayMs: 1_000, maxDelayMs: 3_600_000 },
      format: "standard",
      status: "active",
      position: expect.any(Number),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  test("keeps everything that is said, and its own answer says it again", async () => {
    const said = {
      types: ["nobody.*", "no.#"],
      filter: { data: { total: [{ numeric: [">", 100] }] } },
      order: "none",
      priority: "high",
      concurrency: 13,
      timeoutMs: 250,
      retry: { maxAttempts: 3, minDelayMs: 5, maxDelayMs: 10 },
      format: "cloudevents",
    };
    const answer = await subscribe("all said", said);
    const found = ok<Subscription>(await get(answer.headers.get("location") as string));
    for (const shown of [answer.json<Subscription>(), found]) expect(shown).toMatchObject({ name: "all said", ...said });
  });

  test("takes a part of retry, and the rest is as it would have been", async () => {
    const { retry } = ok<Subscription>(await subscribe("retry in part", { retry: { maxAttempts: 2 } }));
    expect(retry).toEqual({ maxAttempts: 2, minDelayMs: 1_000, maxDelayMs: 3_600_000 });
  });

  test("makes one that is pulled, which has no URL, no headers and no secret", async () => {
    expect(ok<Subscription>(await subscribe("pulled", { sink: pull })).sink).toEqual({ pull: true });
  });

  test("takes a CEL expression as a filter", async () => {
    const { filter } = ok<Subscription>(await subscribe("cel", { filter: "event.data.total > 100" }));
    expect(filter).toBe("event.data.total > 100");
  });
});

describe("a name", () => {
  test("is one subscription's in its tenant: the same again is 409 and makes nothing", async () => {
    const tenant = { "tenant-id": "sub-names" };
    const first = await subscribe("orders", {}, tenant);
    expectProblem(await subscribe("orders", {}, tenant), 409, "subscription_exists");
    expect((await subscribe("Orders", {}, tenant)).status).toBe(201);
    expect((await subscribe("orders", {}, { "tenant-id": "sub-names2" })).status).toBe(201);
    const names = (await everything<Subscription>("/v1/subscriptions", { ...tenant, ...newerThan(first) })).map(({ name }) => name);
    expect(names.filter((name) => name === "orders")).toHaveLength(1);
  });

  test("that many want at the same moment is one's", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => subscribe("at once")));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  test("that a change wants is as much another's", async () => {
    await made("taken");
    const id = await made("taker");
    expectProblem(await send("PATCH", `/v1/subscriptions/${id}`, { name: "taken" }), 409, "subscription_exists");
    expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`)).name).toBe("taker");
  });
});

describe("where it begins", () => {
  const tenant = { "tenant-id": "sub-begins" };
  const begin = async (from: unknown): Promise<number | undefined> =>
    ok<Subscription>(await subscribe(`from ${JSON.stringify(from)}`, { from }, tenant)).position;

  test("is the head of the log, unless it says the beginning, a position, or a time", async () => {
    for (const n of [1, 2, 3]) {
      const write = await append(`begin-${n}`, [{ type: "x.Y", data: n }], tenant);
      await get("/v1/events", { ...tenant, ...newerThan(write) });
    }
    const { items } = ok<Page>(await get("/v1/events", tenant));
    const third = items[2] as { recorded: string; position: number };
    const head = async (): Promise<number> => ok<{ position: number }>(await get("/v1/events?category=rivulet_subscription&limit=1000", tenant)).position;
    const before = await head();
    const now = (await begin("now")) as number;
    expect(now).toBeGreaterThanOrEqual(before);
    expect(await begin("beginning")).toBe(0);
    expect(await begin(1)).toBe(0);
    expect(await begin(3)).toBe(2);
    expect(await begin(third.recorded)).toBe((ok<Page>(await get(`/v1/events?since=${third.recorded}`, tenant)).items[0]?.position as number) - 1);
    expect(await begin("2000-01-01T00:00:00Z")).toBe(0);
    expect(await begin("2999-01-01T00:00:00+01:00")).toBeGreaterThanOrEqual(now);
  });

  test("is the next position at the latest", async () => {
    const { errors } = expectProblem(await subscribe("too late", { from: 1_000_000 }, tenant), 422, "invalid_input");
    expect(errors).toEqual([{ path: "from", message: expect.stringMatching(/which comes next/) }]);
  });

  test("is 0 in a tenant that has no log, and there the first position comes next", async () => {
    const empty = { "tenant-id": "sub-empty" };
    expect(ok<Subscription>(await subscribe("first", {}, empty)).position).toBe(0);
    expectProblem(await subscribe("second", { from: 1_000 }, empty), 422);
  });
});

describe("a body that is none is 422 with its place, and makes nothing", () => {
  const secret = "whsec_c2hvcnQ=";
  test.each<[string, unknown]>([
    ["name", { name: "" }],
    ["name", { name: "x".repeat(201) }],
    ["name", { name: "a\u0000b" }],
    ["name", { name: " a" }],
    ["name", { name: 5 }],
    ["types", { types: [] }],
    ["types", { types: "a.*" }],
    ["types", { types: Array.from({ length: 51 }, (_, n) => `a.b${n}`) }],
    ["types[0]", { types: ["a..b"] }],
    ["types[1]", { types: ["a.b", "a.*b"] }],
    ["types[0]", { types: [`a.${"b".repeat(199)}`] }],
    ["sink", { sink: {} }],
    ["sink", { sink: "https://shop.example" }],
    ["sink.pull", { sink: { pull: false } }],
    ["sink.url", { sink: { url: "https://shop.example", pull: true } }],
    ["sink.url", { sink: { url: "not a url" } }],
    ["sink.url", { sink: { url: "ftp://shop.example/" } }],
    ["sink.url", { sink: { url: "http://localhost:1/" } }],
    ["sink.url", { sink: { url: "http://127.0.0.1/" } }],
    ["sink.url", { sink: { url: "http://2130706433/" } }],
    ["sink.url", { sink: { url: "http://[::ffff:10.0.0.1]/" } }],
    ["sink.url", { sink: { url: "https://user:pass@shop.example/" } }],
    ["sink.secret", { sink: { ...hook, secret } }],
    ["sink.secret", { sink: { ...hook, secret: "x" } }],
    ["sink.secret", { sink: { ...pull, secret } }],
    ["sink.headers", { sink: { ...hook, headers: { "webhook-id": "1" } } }],
    ["sink.headers", { sink: { ...hook, headers: { "a b": "1" } } }],
    ["sink.headers", { sink: { ...pull, headers: { a: "1" } } }],
    ["sink.headers.a", { sink: { ...hook, headers: { a: 1 } } }],
    ["from", { from: "yesterday" }],
    ["from", { from: 0 }],
    ["from", { from: 1.5 }],
    ["from", { from: "12" }],
    ["from", { from: null }],
    ["order", { order: "random" }],
    ["priority", { priority: "urgent" }],
    ["concurrency", { concurrency: 0 }],
    ["concurrency", { concurrency: 61 }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: 30_001 }],
    ["retry.maxAttempts", { retry: { maxAttempts: 0 } }],
    ["retry.maxAttempts", { retry: { maxAttempts: 101 } }],
    ["retry.maxDelayMs", { retry: { minDelayMs: 10, maxDelayMs: 9 } }],
    ["retry", { retry: { times: 3 } }],
    ["format", { format: "xml" }],
    ["filter.data.total[0]", { filter: { data: { total: [{ numerical: [">", 1] }] } } }],
    ["filter", { filter: "event.data.total >" }],
    ["filter", { filter: 5 }],
  ])("%s of %j", async (path, more) => {
    const tenant = { "tenant-id": "sub-invalid" };
    const answer = await send("POST", "/v1/subscriptions", { ...settings("invalid"), ...(more as object) }, tenant);
    const { errors } = expectProblem(answer, 422, "invalid_input");
    expect(errors?.map((error) => error.path).join(" ")).toContain(path);
    expect(answer.text).not.toContain(secret);
  });

  test("names every fault at once", async () => {
    const many = { filter: 5, sink: { url: "nowhere", secret: "x", headers: { host: "a" } }, retry: { minDelayMs: 2, maxDelayMs: 1 } };
    const { errors } = expectProblem(await subscribe("many", many), 422);
    expect(errors?.map(({ path }) => path)).toEqual(["filter", "sink.url", "sink.secret", "sink.headers", "retry.maxDelayMs"]);
  });

  test("and nothing came of any of them", async () => {
    const write = await subscribe("the only one", {}, { "tenant-id": "sub-invalid" });
    const names = (await everything<Subscription>("/v1/subscriptions", { "tenant-id": "sub-invalid", ...newerThan(write) })).map(({ name }) => name);
    expect(names).toEqual(["the only one"]);
  });

  test.each([
    ["a name of 200 characters", { name: "x".repeat(200) }],
    ["50 types of 200 characters", { types: Array.from({ length: 50 }, (_, n) => `a.${String(n).padStart(198, "b")}`) }],
    ["the smallest numbers", { timeoutMs: 1, concurrency: 1, retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } }],
    ["the largest numbers", { timeoutMs: 30_000, concurrency: 60, retry: { maxAttempts: 100, minDelayMs: 86_400_000, maxDelayMs: 86_400_000 } }],
    ["a secret of 24 bytes", { sink: { ...hook, secret: `whsec_${btoa("x".repeat(24))}` } }],
    ["a secret of 64 bytes", { sink: { ...hook, secret: `whsec_${btoa("x".repeat(64))}` } }],
  ])("but %s is taken", async (name, more) => {
    expect((await send("POST", "/v1/subscriptions", { ...settings(name), ...more }, { "tenant-id": "sub-taken" })).status).toBe(201);
  });
});

describe("GET /v1/subscriptions", () => {
  const tenant = { "tenant-id": "sub-list" };

  test("lists them in the order of their making, page by page, without secrets and headers", async () => {
    const sinks = [1, 2, 3, 4, 5].map((n) => (n === 3 ? pull : { ...hook, headers: { "x-shop": "a shop" } }));
    const ids: string[] = [];
    for (const [n, sink] of sinks.entries()) {
      const write = await subscribe(`listed ${n}`, { sink }, tenant);
      ids.push(ok<Subscription>(write).id);
      await get("/v1/subscriptions", { ...tenant, ...newerThan(write) });
      // A millisecond makes an id later than another.
      await scheduler.wait(2);
    }
    const write = await send("PATCH", `/v1/subscriptions/${ids[0]}`, { name: "renamed", timeoutMs: 1_000 }, tenant);
    const lists = await pages<Subscription>("/v1/subscriptions?limit=2", { ...tenant, ...newerThan(write) });
    expect(lists.map(({ items }) => items.length)).toEqual([2, 2, 1]);
    const items = lists.flatMap((list) => list.items);
    expect(items.map(({ id }) => id)).toEqual(ids);
    expect(items[0]).toMatchObject({ name: "renamed", timeoutMs: 1_000, status: "active", failing: false });
    expect(items.map(({ sink }) => sink)).toEqual([hook, hook, pull, hook, hook]);
    for (const { createdAt, updatedAt } of items) expect(String(updatedAt) >= createdAt).toBe(true);
    for (const item of items) expect(JSON.stringify(item)).not.toMatch(/x-shop|a shop|v[12]\./);
    expect(items[1]?.createdAt).toBe(ok<Subscription>(await get(`/v1/subscriptions/${ids[1]}`, tenant)).createdAt);
  });

  test("says who is paused and why, and no longer lists who is gone", async () => {
    const own = { "tenant-id": "sub-list2" };
    const [kept, gone] = [await made("kept", {}, own), await made("gone", {}, own)];
    const pause = await send("POST", `/v1/subscriptions/${kept}/pause`, { reason: "moving" }, own);
    await get("/v1/subscriptions", { ...own, ...newerThan(pause) });
    const write = await send("DELETE", `/v1/subscriptions/${gone}`, undefined, own);
    const paused = await everything<Subscription>("/v1/subscriptions", { ...own, ...newerThan(write) });
    expect(paused).toMatchObject([{ id: kept, status: "paused", reason: "moving" }]);
    const resumed = await send("POST", `/v1/subscriptions/${kept}/resume`, undefined, own);
    const [active] = await everything<Subscription>("/v1/subscriptions", { ...own, ...newerThan(resumed) });
    expect([active?.status, active?.reason]).toEqual(["active", undefined]);
  });

  test("is a list like the others: limit and cursor count", async () => {
    for (const query of ["limit=0", "limit=1001", "cursor=made-up"]) expectProblem(await get(`/v1/subscriptions?${query}`), 422, "invalid_input");
  });

  test("is its tenant's alone", async () => {
    expect(await everything("/v1/subscriptions", { "tenant-id": "sub-nobody" })).toEqual([]);
  });
});

describe("a subscription that is not there, or another tenant's, is 404", () => {
  const methods: readonly (readonly [string, string, unknown])[] = [
    ["GET", "", undefined],
    ["PATCH", "", { timeoutMs: 1 }],
    ["DELETE", "", undefined],
    ["POST", "/pause", undefined],
    ["POST", "/resume", undefined],
    ["POST", "/replay", { from: "beginning" }],
    ["POST", "/rotate-secret", undefined],
    ["POST", "/test", undefined],
    ["GET", "/attempts", undefined],
    ["GET", "/events", undefined],
    ["POST", "/ack", { positions: [1] }],
    ["POST", "/nack", { positions: [1] }],
    ["DELETE", "/replays/x", undefined],
  ];
  test.each(methods)("%s %s", async (method, path, body) => {
    const id = await made(`somebody's ${method}${path}`);
    for (const [where, headers] of [
      [NOBODY, {}],
      ["no-id-at-all", {}],
      ["..%2F1", {}],
      [id, { "tenant-id": "sub-stranger" }],
    ] as const)
      expectProblem(await send(method, `/v1/subscriptions/${where}${path}`, body, headers), 404, "not_found");
  });
});

describe("DELETE /v1/subscriptions/{id}", () => {
  test("is 204, then 404, and its name is free", async () => {
    const id = await made("short-lived");
    const gone = await send("DELETE", `/v1/subscriptions/${id}`);
    expect([gone.status, gone.text]).toEqual([204, ""]);
    for (const method of ["GET", "DELETE"]) expectProblem(await send(method, `/v1/subscriptions/${id}`), 404);
    expectProblem(await send("POST", `/v1/subscriptions/${id}/resume`), 404);
  });

  test("has a precondition like any other write", async () => {
    const id = await made("guarded");
    expectProblem(await send("DELETE", `/v1/subscriptions/${id}`, undefined, { "if-match": '"7"' }), 412, "version_mismatch");
    expectProblem(await send("DELETE", `/v1/subscriptions/${id}`, undefined, { "if-match": "1" }), 400);
    expect((await send("DELETE", `/v1/subscriptions/${id}`, undefined, { "if-match": '"1"' })).status).toBe(204);
  });
});

test("what is done to a subscription is an event of the platform, done by the key, in the flow of the request", async () => {
  const tenant = { "tenant-id": "sub-events" };
  const id = await made("told", {}, { ...tenant, "x-correlation-id": "sub-flow" });
  const write = await send("POST", `/v1/subscriptions/${id}/pause`, undefined, tenant);
  const events = await everything(`/v1/events?category=rivulet_subscription`, { ...tenant, ...newerThan(write) });
  expect(events.map(({ type }) => type)).toEqual(["rivulet.SubscriptionCreated", "rivulet.SubscriptionPaused"]);
  expect(events[0]).toMatchObject({ stream: `rivulet_subscription-${id}`, metadata: { correlationId: "sub-flow", actor: expect.stringMatching(/^key:/) } });
});
