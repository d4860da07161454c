import { beforeAll, describe, expect, test } from "vitest";
import { SCOPE_PATTERN } from "../../src/kernel/index.ts";
import { append, expectProblem, get, type Problem, send } from "../support/http.ts";
import { makeKey, type Made } from "../support/keys.ts";

interface Operation {
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

const note = (more: object = {}) => ({ type: "notes.NoteAdded", data: { n: 1 }, ...more });
let none: Made;
let operations: readonly (readonly [method: string, path: string, scopes: readonly string[]])[];

beforeAll(async () => {
  none = await makeKey("none", ["nothing:at-all"]);
  const { paths } = (await get("/openapi.json")).json<{ paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>();
  operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { security }]) => [method.toUpperCase(), path, security[0]?.["key"] ?? []] as const),
  );
});

test("a key without the scope is refused everywhere, before anything else is looked at, and told which one is missing", async () => {
  const closed = operations.filter(([, , scopes]) => scopes.length > 0);
  for (const [method, path, [scope = ""]] of closed) {
    const sent = path.replaceAll(/\{\w+\}/g, "x1");
    // A body that is nothing: had anything been read of it, the answer would be another.
    const answer = await send(method, sent, method === "GET" || method === "DELETE" ? undefined : "{", { ...none.as, "if-match": "unquoted" });
    const { missingScope, detail } = expectProblem(answer, 403, "missing_scope") as Problem & { missingScope: string };
    const isOfPath = (name: string): boolean => path.includes(name);
    expect(missingScope, `${method} ${path}`).toBe(scopeOf(scope, isOfPath));
    expect(detail).toContain(missingScope);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer .*error="insufficient_scope"/);
  }
  expect(closed.length).toBeGreaterThan(100);
  expect(operations.length - closed.length).toBe(4);
});

/** An append to a plain stream is one of a category that has no decider. */
function scopeOf(scope: string, isOfPath: (name: string) => boolean): string {
  expect(scope.replaceAll(/\{\w+\}/g, "x")).toMatch(SCOPE_PATTERN);
  return scope.replaceAll(/\{\w+\}/g, (name) => (isOfPath(name) ? "x1" : name));
}

describe("the scope", () => {
  test("events:write:<stream> lets append there and nowhere else, whatever the form", async () => {
    const { as } = await makeKey("writer", ["events:write:desk-*"]);
    const cloud = (stream: string) => ({ specversion: "1.0", id: "e-1", source: "/s", type: "x.Y", stream });
    const structured = { ...as, "content-type": "application/cloudevents+json" };
    const batched = { ...as, "content-type": "application/cloudevents-batch+json" };
    expect((await append("desk-1", [note()], as)).status).toBe(201);
    expect((await send("POST", "/v1/streams/desk-2/events", cloud("any-1"), structured)).status).toBe(201);
    expect((await send("POST", "/v1/events", cloud("desk-3"), structured)).status).toBe(201);
    expectProblem(await append("desks-1", [note()], as), 403, "missing_scope");
    expectProblem(await send("POST", "/v1/events", cloud("chair-1"), structured), 403, "missing_scope");
    expectProblem(await send("POST", "/v1/events", [cloud("desk-4"), cloud("chair-1")], batched), 403, "missing_scope");
    for (const stream of ["desk-4", "chair-1", "desks-1"]) expectProblem(await get(`/v1/streams/${stream}`), 404);
    expectProblem(await get("/v1/streams/desk-1", as), 403, "missing_scope");
  });

  test("events:critical is wanted by an event that is", async () => {
    const { as } = await makeKey("plain", ["events:write:lamp-*"]);
    const critical = note({ metadata: { priority: "critical" } });
    expect(expectProblem(await append("lamp-1", [note(), critical], as), 403, "missing_scope")).toMatchObject({ missingScope: "events:critical" });
    expectProblem(await get("/v1/streams/lamp-1"), 404);
    const both = await makeKey("critical", ["events:write:lamp-*", "events:critical"]);
    expect((await append("lamp-1", [critical], both.as)).status).toBe(201);
  });

  test("events:import:<category> is wanted where a decider's rules are not asked", async () => {
    const received = { type: "commerce.StockReceived", data: { quantity: 3 } };
    const { as } = await makeKey("no-import", ["events:write"]);
    expect(expectProblem(await append("inventory-s1", [received], as), 403, "missing_scope")).toMatchObject({ missingScope: "events:import:inventory" });
    const importer = await makeKey("import", ["events:import:inventory"]);
    expect((await append("inventory-s1", [{ type: "no.Such", data: 1 }], importer.as)).status).toBe(422);
    expectProblem(await append("note-s1", [note()], importer.as), 403, "missing_scope");
  });

  test("streams:read:<stream> lets read that, the log of it, and its part of the directory", async () => {
    await append("shelf-1", [note()]);
    const { as } = await makeKey("reader", ["streams:read:shelf-*"]);
    for (const path of [
      "/v1/streams/shelf-1",
      "/v1/streams/shelf-1/events",
      "/v1/streams/shelf-1/verify",
      "/v1/events?stream=shelf-1",
      "/v1/events?category=shelf",
      "/v1/streams?category=shelf",
      "/v1/streams?prefix=shelf-1",
    ])
      expect((await get(path, as)).status, path).toBe(200);
    for (const path of [
      "/v1/streams/book-1",
      "/v1/events",
      "/v1/events?category=book",
      "/v1/events?type=notes.%23",
      "/v1/streams",
      "/v1/streams?prefix=s",
      "/v1/streams?category=shelfs",
      "/v1/event-types",
      "/v1/events/any",
      "/v1/correlations/any",
    ])
      expectProblem(await get(path, as), 403, "missing_scope");
  });

  test("commands:<category>:<Command> lets send that one", async () => {
    const { as } = await makeKey("commander", ["commands:inventory:Receive"]);
    expect((await send("POST", "/v1/aggregates/inventory/s2/Receive", { quantity: 1 }, as)).status).toBe(200);
    expectProblem(await send("POST", "/v1/aggregates/inventory/s2/Reserve", { orderId: "o", quantity: 1 }, as), 403, "missing_scope");
    expectProblem(await get("/v1/aggregates/inventory/s2", as), 403, "missing_scope");
  });

  test("views:read:<view> lets read that one", async () => {
    const { as } = await makeKey("viewer", ["views:read:stock"]);
    expect((await get("/v1/views/stock", as)).status).toBe(200);
    expectProblem(await get("/v1/views/sales_per_day", as), 403, "missing_scope");
    expect((await get("/v1/projections/stock", as)).status).toBe(200);
    expectProblem(await get("/v1/projections", as), 403, "missing_scope");
  });

  test("streams:purge:<stream> is wanted to empty a stream, and streams:close is not enough", async () => {
    await append("box-1", [note()]);
    const { as } = await makeKey("closer", ["streams:close:box-*"]);
    expect(expectProblem(await send("DELETE", "/v1/streams/box-1?purge=true", undefined, as), 403, "missing_scope")).toMatchObject({
      missingScope: "streams:purge:box-1",
    });
    expect((await send("DELETE", "/v1/streams/box-1", undefined, as)).status).toBe(200);
    const purger = await makeKey("purger", ["streams:purge:box-*"]);
    expect((await send("DELETE", "/v1/streams/box-1?purge=true", undefined, purger.as)).json()).toMatchObject({ purged: true });
  });

  test("of reading is wanted to have events sent elsewhere", async () => {
    const { as } = await makeKey("subscriber", ["subscriptions:write"]);
    expect(expectProblem(await send("POST", "/v1/subscriptions", { name: "s", types: ["#"], sink: { pull: true } }, as), 403, "missing_scope")).toMatchObject({
      missingScope: "streams:read",
    });
  });

  test("of writing is wanted of a key that delivers a webhook", async () => {
    await send("PUT", "/v1/sources/bare", { scheme: "none", stream: "bare-1" });
    const { as } = await makeKey("deliverer", ["events:write:other-*"]);
    expectProblem(await send("POST", "/v1/webhooks/default/bare", { a: 1 }, as), 403, "missing_scope");
    const writer = await makeKey("bare-writer", ["events:write:bare-1"]);
    expect((await send("POST", "/v1/webhooks/default/bare", { a: 1 }, writer.as)).status).toBe(202);
    expect((await send("POST", "/v1/reconcile", { objects: [] }, writer.as)).status).toBe(403);
  });

  test("admin:* is every administrative one, and no other", async () => {
    const { as } = await makeKey("administrator", ["admin:*"]);
    for (const path of ["/v1/keys", "/v1/sources"]) expect((await get(path, as)).status, path).toBe(200);
    for (const path of ["/v1/events", "/v1/subscriptions", "/v1/sagas"]) expectProblem(await get(path, as), 403, "missing_scope");
  });
});
