import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { parkDeadLetter } from "../../src/followers/dead-letters.ts";
import { jsonText } from "../../src/kernel/index.ts";
import { eventsOf, everything, expectProblem, get, type HeaderFields, ok, type Page, pages, send } from "../support/http.ts";

const { VIEWS_0: views } = env as unknown as { VIEWS_0: D1Database };

interface Handler {
  readonly name: string;
  readonly on: readonly string[];
  readonly state: string;
  readonly [name: string]: unknown;
}

const list = (headers: HeaderFields = {}): Promise<readonly Handler[]> => everything<Handler>("/v1/handlers", headers);
/** A handler that the code has. */
const some = async (): Promise<string> => (await list())[0]?.name as string;
const act = (name: string, operation: string, body?: unknown, headers: HeaderFields = {}) => send("POST", `/v1/handlers/${name}/${operation}`, body, headers);

describe("GET /v1/handlers", () => {
  test("lists every handler in code, in the order of names, and how each stands", async () => {
    const all = await list();
    expect(all.length).toBeGreaterThan(2);
    expect(all.map(({ name }) => name)).toEqual(all.map(({ name }) => name).toSorted());
    for (const one of all) {
      expect(one).toEqual({
        name: expect.stringMatching(/^[a-z][a-z0-9-]*$/),
        on: expect.arrayContaining([expect.any(String)]),
        priority: expect.stringMatching(/^(critical|high|normal|low)$/),
        concurrency: expect.any(Number),
        timeoutMs: expect.any(Number),
        position: expect.any(Number),
        lag: expect.any(Number),
        state: "active",
        reason: null,
        health: "healthy",
        counts: { delivered: expect.any(Number), failed: 0, parked: 0 },
        retrying: 0,
        parked: 0,
      });
    }
  });

  test("gives them page by page", async () => {
    const lists = await pages<Handler>("/v1/handlers?limit=2");
    expect(lists.flatMap(({ items }) => items.map(({ name }) => name))).toEqual((await list()).map(({ name }) => name));
    expect(lists.every(({ items }) => items.length <= 2)).toBe(true);
    for (const query of ["limit=0", "cursor=made-up"]) expectProblem(await get(`/v1/handlers?${query}`), 422, "invalid_input");
  });
});

describe("a handler", () => {
  test("is paused for its tenant, with a reason, and resumed", async () => {
    const [name, headers] = [await some(), { "tenant-id": "handler-pause" }];
    const paused = await act(name, "pause", { reason: "moving" }, headers);
    expect([paused.status, paused.json()]).toEqual([200, { name, status: "paused", reason: "moving" }]);
    const stateOf = async (tenant: HeaderFields): Promise<string | undefined> => (await list(tenant)).find((one) => one.name === name)?.state;
    expect([await stateOf(headers), await stateOf({ "tenant-id": "handler-other" })]).toEqual(["paused", "active"]);
    expect((await act(name, "pause", undefined, headers)).headers.get("etag")).toBe('"1"');
    expect(ok(await act(name, "resume", undefined, headers))).toEqual({ name, status: "active" });
    expect(await stateOf(headers)).toBe("active");
    expect((await eventsOf(`rivulet_handler-${name}`, headers)).map(({ type }) => type)).toEqual(["rivulet.HandlerPaused", "rivulet.HandlerResumed"]);
  });

  test("that nothing has come for is behind nothing, also while it is paused", async () => {
    const [name, headers] = [await some(), { "tenant-id": "handler-idle" }];
    ok(await send("POST", "/v1/streams/thing-1/events", { events: [{ type: "nobody.Minds", data: {} }] }, headers));
    const behind = async () => (await list(headers)).map(({ lag, state }) => [lag, state]);
    expect(new Set((await behind()).map(String))).toEqual(new Set(["0,active"]));
    ok(await act(name, "pause", undefined, headers));
    expect(new Set((await behind()).map(String))).toEqual(new Set(["0,paused", "0,active"]));
  });

  test("is paused once under an Idempotency-Key", async () => {
    const [name, headers] = [await some(), { "tenant-id": "handler-keyed", "idempotency-key": "pause" }];
    const first = await act(name, "pause", undefined, headers);
    await act(name, "resume", undefined, { "tenant-id": "handler-keyed" });
    const again = await act(name, "pause", undefined, headers);
    expect([again.text, again.headers.get("idempotency-replayed"), again.headers.get("etag")]).toEqual([first.text, "true", first.headers.get("etag")]);
    expectProblem(await act(name, "resume", undefined, headers), 422, "idempotency_key_reused");
    expect(await eventsOf(`rivulet_handler-${name}`, { "tenant-id": "handler-keyed" })).toHaveLength(2);
  });

  test("that is none is 404, and what is no body of it is refused", async () => {
    for (const operation of ["pause", "resume"]) {
      expectProblem(await act("no-such-handler", operation), 404);
      expectProblem(await act(await some(), operation, { unknown: 1 }), 422);
      expectProblem(await act(await some(), operation, "x", { "content-type": "text/plain" }), 415);
    }
  });
});

describe("a handler's dead letter", () => {
  const parked = async (tenant: string, name: string): Promise<string> => {
    const event = { id: "e", stream: "thing-1", version: 1, position: 7, type: "dead.Thing", schemaVersion: 1 };
    await parkDeadLetter(views, tenant, {
      subscription: `handler:${name}`,
      position: 7,
      stream: event.stream,
      type: event.type,
      event: jsonText({
        ...event,
        time: "2026-11-20T10:00:00.000Z",
        recorded: "2026-11-20T10:00:00.000Z",
        source: "/v1",
        data: {},
        metadata: { correlationId: "c", priority: "normal", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", actor: "key:a" },
        ...Object.fromEntries(["hash", "previousHash", "dataHash"].map((name) => [name, `sha256:${"0".repeat(64)}`])),
      }),
      attempts: [{ at: "2026-11-20T10:00:00.000Z", status: null, error: "boom", durationMs: 1 }],
      parkedAt: "2026-11-20T10:00:00.000Z",
    });
    return `handler:${name}~7`;
  };

  test("is shown like a subscription's, by the percent-encoded id as well", async () => {
    const headers = { "tenant-id": "handler-letter" };
    const id = await parked("handler-letter", await some());
    for (const path of [id, encodeURIComponent(id)])
      expect(ok(await get(`/v1/dead-letters/${path}`, headers))).toMatchObject({ id, subscription: `handler:${await some()}`, waitingBehind: 0 });
    expect(ok<Page<object>>(await get(`/v1/dead-letters?subscription=handler:${await some()}`, headers)).items).toHaveLength(1);
  });

  test("is redriven and dropped by events in the handler's own stream", async () => {
    const [headers, name] = [{ "tenant-id": "handler-redrive" }, await some()];
    const id = await parked("handler-redrive", name);
    expect((await send("POST", `/v1/dead-letters/${id}/redrive`, { reason: "mended" }, headers)).status).toBe(202);
    const { redrives } = ok<{ redrives: readonly { id: string }[] }>(await send("POST", "/v1/dead-letters/redrive", {}, headers));
    expect(redrives).toEqual([{ subscription: `handler:${name}`, id: expect.any(String) }]);
    expect((await send("DELETE", `/v1/dead-letters/${id}?reason=old`, undefined, headers)).status).toBe(204);
    expect(await eventsOf(`rivulet_handler-${name}`, headers)).toMatchObject([
      { type: "rivulet.DeadLetterRedriven", data: { position: 7, reason: "mended" } },
      { type: "rivulet.DeadLettersRedriven", data: { id: redrives[0]?.id } },
      { type: "rivulet.DeadLetterDropped", data: { position: 7, reason: "old" } },
    ]);
    expectProblem(await get(`/v1/dead-letters/${id}`, headers), 404);
  });

  test("of a handler that the code no longer has is 409 to redrive, and can be dropped", async () => {
    const headers = { "tenant-id": "handler-gone" };
    const id = await parked("handler-gone", "no-longer");
    expect(ok(await get(`/v1/dead-letters/${id}`, headers))).toMatchObject({ waitingBehind: null });
    expectProblem(await send("POST", `/v1/dead-letters/${id}/redrive`, undefined, headers), 409, "no_such_handler");
    expect(ok(await send("POST", "/v1/dead-letters/redrive", {}, headers))).toEqual({ redrives: [] });
    expect((await send("DELETE", `/v1/dead-letters/${id}?reason=gone`, undefined, headers)).status).toBe(204);
    expectProblem(await get(`/v1/dead-letters/${id}`, headers), 404);
  });
});
