import { describe, expect, test } from "vitest";
import { append, eventsOf, expectProblem, get, type HeaderFields, newerThan, ok, type Page, send } from "../support/http.ts";
import { act, made, NOBODY, pull, type Subscription } from "./subscriptions.ts";

const shown = async (id: string, headers: HeaderFields = {}): Promise<Subscription> => ok<Subscription>(await get(`/v1/subscriptions/${id}`, headers));

describe("a pause", () => {
  test("is shown with its reason, and is over when it is resumed", async () => {
    const id = await made("paused");
    const paused = await act(id, "pause", { reason: "the shop moves" });
    expect([paused.status, paused.headers.get("etag")]).toEqual([200, '"2"']);
    for (const body of [paused.json<Subscription>(), await shown(id)]) expect(body).toMatchObject({ status: "paused", reason: "the shop moves" });
    const resumed = await act(id, "resume");
    expect(resumed.json<Subscription>().status).toBe("active");
    expect(resumed.json<Subscription>().reason).toBeUndefined();
    expect(await shown(id)).toMatchObject({ status: "active", state: "active", reason: null });
  });

  test("needs neither a body nor a reason", async () => {
    const id = await made("paused without");
    expect((await act(id, "pause")).json<Subscription>().status).toBe("paused");
    await act(id, "resume", {});
    expect((await act(id, "pause", {})).json<Subscription>().status).toBe("paused");
  });

  test("that is one already is no second event", async () => {
    const id = await made("paused twice");
    await act(id, "pause", { reason: "first" });
    const again = await act(id, "pause", { reason: "second" });
    expect([again.status, again.headers.get("etag"), again.json<Subscription>().reason]).toEqual([200, '"2"', "first"]);
  });

  test.each([
    ["an unknown name", { why: "x" }, 422],
    ["a reason that is no text", { reason: 5 }, 422],
    ["a reason over 1,000 characters", { reason: "x".repeat(1_001) }, 422],
    ["what is no JSON", "{", 400],
    ["nothing, called JSON", "", 400],
  ])("refuses %s", async (name, body, status) => {
    const id = await made(`not paused: ${name}`);
    expectProblem(await act(id, "pause", body, { "content-type": "application/json" }), status);
    expect((await shown(id)).status).toBe("active");
  });

  test("refuses a body of another type", async () => {
    const id = await made("not paused by text");
    expectProblem(await act(id, "pause", "reason", { "content-type": "text/plain" }), 415, "unsupported_media_type");
  });
});

describe("a subscription says how it stands", () => {
  test("where it is, how far behind, how well, and what it counted", async () => {
    const id = await made("stands");
    expect(await shown(id)).toMatchObject({
      position: expect.any(Number),
      lag: expect.any(Number),
      state: "active",
      reason: null,
      health: "healthy",
      counts: { delivered: 0, failed: 0, parked: 0 },
      retrying: 0,
      parked: 0,
      replays: [],
      redrives: [],
    });
  });

  test("its version is the ETag that a change wants", async () => {
    const id = await made("tagged");
    const etag = (await get(`/v1/subscriptions/${id}`)).headers.get("etag") as string;
    expect((await send("PATCH", `/v1/subscriptions/${id}`, { timeoutMs: 4 }, { "if-match": etag })).status).toBe(200);
  });
});

describe("a replay", () => {
  const tenant = { "tenant-id": "sub-replay" };
  /** A log with something in it; its head. */
  const filled = async (): Promise<number> => {
    const write = await append("replay-1", [{ type: "x.Y", data: 1 }], tenant);
    await get("/v1/events", { ...tenant, ...newerThan(write) });
    return ok<{ position: number }>(await get("/v1/events?category=replay&limit=1000", tenant)).position;
  };

  test("is 202 with its id, and goes over the whole log, at 50 a second, where nothing else is said", async () => {
    const head = await filled();
    const id = await made("replayed", {}, tenant);
    const answer = await act(id, "replay", { from: "beginning" }, tenant);
    expect([answer.status, answer.headers.get("location")]).toEqual([202, `/v1/subscriptions/${id}`]);
    const body = answer.json<Record<string, unknown>>();
    expect(body).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), subscription: id, from: 1, to: expect.any(Number), rate: 50 });
    expect(body["to"]).toBeGreaterThanOrEqual(head);
    const events = await eventsOf(`rivulet_subscription-${id}`, tenant);
    expect(events.at(-1)).toMatchObject({ type: "rivulet.ReplayStarted", data: { id: body["id"], from: 1, rate: 50 } });
  });

  test("goes over positions, times, types and a stream that are named", async () => {
    await filled();
    const id = await made("replayed in part", {}, tenant);
    const first = ok<Page>(await get("/v1/events?limit=1", tenant)).items[0] as { position: number; recorded: string };
    const asked = { from: first.position, to: first.position, types: ["x.*"], stream: "replay-1", rate: 1_000 };
    expect(ok(await act(id, "replay", asked, tenant))).toMatchObject(asked);
    const [since, until] = ["2026-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"];
    expect(ok(await act(id, "replay", { from: 1, since, until }, tenant))).toMatchObject({ from: 1, since, until });
  });

  test("from a time to a time has both as recorded", async () => {
    await filled();
    const id = await made("replayed by time", {}, tenant);
    const first = ok<Page>(await get("/v1/events?limit=1", tenant)).items[0] as { position: number; recorded: string };
    const head = ok<{ position: number }>(await get("/v1/events?category=replay&limit=1000", tenant)).position;
    const body = ok<Record<string, unknown>>(await act(id, "replay", { from: first.recorded, to: "2999-01-01T01:00:00+01:00" }, tenant));
    expect(body).toMatchObject({ from: 1, since: first.recorded, until: "2999-01-01T00:00:00.000Z" });
    expect(body["to"]).toBeGreaterThanOrEqual(head);
    const both = { from: "2026-01-01T00:00:00.000Z", since: "2026-02-01T00:00:00.000Z", to: "2999-02-01T00:00:00.000Z", until: "2999-01-01T00:00:00.000Z" };
    expect(ok(await act(id, "replay", both, tenant))).toMatchObject({ since: both.since, until: both.until });
  });

  test.each<[string, object]>([
    ["from", {}],
    ["from", { from: "now" }],
    ["from", { from: 0 }],
    ["from", { from: 1_000_000 }],
    ["to", { from: 1, to: 0 }],
    ["to", { from: 1, to: 1_000_000 }],
    ["to", { from: 2, to: 1 }],
    ["types[0]", { from: 1, types: ["a..b"] }],
    ["types", { from: 1, types: [] }],
    ["stream", { from: 1, stream: "Not A Stream" }],
    ["since", { from: 1, since: "yesterday" }],
    ["rate", { from: 1, rate: 0 }],
    ["rate", { from: 1, rate: 1_001 }],
    ["", { from: 1, speed: 5 }],
  ])("is 422 at %s of %j", async (path, body) => {
    await filled();
    await filled();
    const id = await made(`not replayed: ${JSON.stringify(body)}`, {}, tenant);
    const { errors } = expectProblem(await act(id, "replay", body, tenant), 422, "invalid_input");
    expect(errors?.map((error) => error.path)).toEqual([path]);
    expect(await eventsOf(`rivulet_subscription-${id}`, tenant)).toHaveLength(1);
  });

  test("that nobody started cannot be stopped", async () => {
    const id = await made("no replay");
    expectProblem(await send("DELETE", `/v1/subscriptions/${id}/replays/${NOBODY}`), 404);
  });
});

describe("what is for those who are called", () => {
  test.each([
    ["replay", { from: "beginning" }],
    ["rotate-secret", undefined],
    ["test", undefined],
  ])("is 409 for one that pulls: %s", async (operation, body) => {
    const id = await made(`pulls ${operation}`, { sink: pull });
    expectProblem(await act(id, operation, body), 409, "not_a_push_subscription");
  });
});

describe("what is for those who pull", () => {
  test("is 409 for one that is called", async () => {
    const id = await made("is called");
    expectProblem(await get(`/v1/subscriptions/${id}/events`), 409, "not_a_pull_subscription");
    for (const operation of ["ack", "nack"]) expectProblem(await act(id, operation, { positions: [1] }), 409, "not_a_pull_subscription");
  });
});

test("the attempts are a list like the others, empty before the first", async () => {
  const id = await made("untried");
  expect(ok<Page>(await get(`/v1/subscriptions/${id}/attempts`))).toEqual({ items: [], next: null });
  for (const query of ["limit=0", "cursor=made-up"]) expectProblem(await get(`/v1/subscriptions/${id}/attempts?${query}`), 422);
});
