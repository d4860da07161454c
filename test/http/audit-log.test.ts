import { env } from "cloudflare:workers";
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished, test, vi } from "vitest";
import type { DenialsObject } from "../../durable-objects/denials.ts";
import { Aggregate, Denials } from "../../src/worker.ts";
import { append, eventsOf, everything, expectProblem, get, send, type StoredEvent } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { eventually } from "./eventually.ts";

const { DENIALS } = env as unknown as { DENIALS: DurableObjectNamespace<DenialsObject> };
const note = { type: "notes.NoteAdded", data: { n: 1 } };

/** As if the minute were over. */
const minuteIsOver = (tenant: string): Promise<void> =>
  runInDurableObject(DENIALS.get(DENIALS.idFromName(tenant)), (denials) => denials.writeDown(Date.now() + 60_000));

/** As if this act had been on its way for longer than any request. */
const actsAreOver = (tenant: string): Promise<void> =>
  runInDurableObject(DENIALS.get(DENIALS.idFromName(tenant)), (denials) => denials.writeDown(Date.now() + 301_000));
const kept = (tenant: string): Promise<readonly unknown[]> =>
  runInDurableObject(DENIALS.get(DENIALS.idFromName(tenant)), (_, { storage }) => [...storage.kv.list()]);

/** What a part that is lost says: the request is 503, its outcome unknown. */
const LOST = "D1_ERROR: Network connection lost";
/** The first calls of a method of these streams are lost, before they are done or after that. */
function losing(method: "append" | "execute", stream: string, when: "before" | "after", losses = 1): void {
  const real = Aggregate.prototype[method] as (request: never) => Promise<never>;
  const lossy = vi.spyOn(Aggregate.prototype, method).mockImplementation(async function (this: InstanceType<typeof Aggregate>, request: never) {
    const { ctx } = this as unknown as { readonly ctx: DurableObjectState };
    const isLost = ctx.id.name?.includes(stream) === true && losses-- > 0;
    if (isLost && when === "before") throw new Error(LOST);
    const result = await real.call(this, request);
    if (isLost) throw new Error(LOST);
    return result;
  } as never);
  onTestFinished(() => lossy.mockRestore());
}

interface Written {
  readonly operation: string;
  readonly count?: number;
  readonly minute?: string;
  readonly stream?: string;
  readonly version?: number;
}

async function auditLog(tenant: string, type: string): Promise<readonly (readonly [actor: unknown, written: Written])[]> {
  const events = await eventsOf("audit-log", { "tenant-id": tenant });
  return events.filter((event) => event.type === type).map(({ metadata, data }) => [metadata["actor"], data as Written] as const);
}

test("an administrative act is in the audit log: who, what, from where, and where the change stands", async () => {
  const red = { "tenant-id": "audit-red" };
  const made = await makeKey("auditor", ["admin:*"], {}, { ...red, "cf-connecting-ip": "192.0.2.7" });
  await send("PUT", "/v1/sources/shop", { scheme: "github", secret: "a secret of some length" }, made.as);
  await send("DELETE", `/v1/keys/${made.id}`, undefined, red);
  expect(await auditLog("audit-red", "rivulet.AdministrativeAct")).toEqual([
    ["key:admin", { operation: "createKey", method: "POST", path: "/v1/keys", status: 201, from: "192.0.2.7", stream: `rivulet_key-${made.id}`, version: 1 }],
    ["key:auditor", { operation: "putSource", method: "PUT", path: "/v1/sources/shop", status: 201, stream: "rivulet_source-shop", version: 1 }],
    // The key was used in between, and said so.
    ["key:admin", { operation: "revokeKey", method: "DELETE", path: `/v1/keys/${made.id}`, status: 204, stream: `rivulet_key-${made.id}`, version: 3 }],
  ]);
  expect((await get("/v1/streams/audit-log/verify", red)).json()).toMatchObject({ valid: true });
  expect((await get("/v1/streams/audit-log/events", red)).text).not.toMatch(/a secret of some length|rvk_/);
});

test("what was refused, only read, or given again is no act", async () => {
  const none = { "tenant-id": "audit-none" };
  await send("POST", "/v1/keys", { name: "x" }, none);
  await get("/v1/keys", none);
  await append("note-1", [note], none);
  expect(await eventsOf("audit-log", none)).toEqual([]);
  const keyed = { ...none, "idempotency-key": "once" };
  for (let time = 0; time < 2; time++) await send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, keyed);
  expect(await auditLog("audit-none", "rivulet.AdministrativeAct")).toHaveLength(1);
});

test("an act whose entry was lost on the way is there once it is asked for again, once", async () => {
  const red = { "tenant-id": "audit-lost", "idempotency-key": "made" };
  losing("append", "/audit-log", "before");
  const asked = () => send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, red);
  expect((await asked()).status).toBe(201);
  expect(await auditLog("audit-lost", "rivulet.AdministrativeAct")).toEqual([]);
  for (let time = 0; time < 3; time++) expect((await asked()).headers.get("idempotency-replayed")).toBe("true");
  expect(await auditLog("audit-lost", "rivulet.AdministrativeAct")).toMatchObject([["key:admin", { operation: "createKey", version: 1 }]]);
});

test("an act whose entry was lost is in the audit log as begun, though nobody asks again, and one that was refused or is there is not", async () => {
  const red = { "tenant-id": "audit-begun", "cf-connecting-ip": "192.0.2.7" };
  losing("append", "/audit-log", "before");
  const lost = await send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, red);
  expect(lost.status).toBe(201);
  await send("POST", "/v1/keys", { name: "z", scopes: ["streams:read"] }, red);
  await send("POST", "/v1/keys", { name: "z", scopes: ["streams:read"] }, red);
  await minuteIsOver("audit-begun");
  expect(await auditLog("audit-begun", "rivulet.AdministrativeActBegun")).toEqual([]);
  for (let time = 0; time < 2; time++) await actsAreOver("audit-begun");
  expect(await auditLog("audit-begun", "rivulet.AdministrativeActBegun")).toEqual([
    ["key:admin", { operation: "createKey", method: "POST", path: "/v1/keys", from: "192.0.2.7", at: expect.stringMatching(/^\d{4}-.*Z$/) }],
  ]);
  expect(await auditLog("audit-begun", "rivulet.AdministrativeAct")).toHaveLength(1);
  expect(await kept("audit-begun")).toEqual([]);
});

test("an act that nobody lived to answer is in the audit log as begun, with the correlation that its events have", async () => {
  const red = { "tenant-id": "audit-killed", "x-correlation-id": "who-was-killed" };
  losing("execute", "/rivulet_key-", "after");
  expect((await send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, red)).status).toBe(503);
  await actsAreOver("audit-killed");
  const log = await eventsOf("audit-log", { "tenant-id": "audit-killed" });
  expect(log).toMatchObject([{ type: "rivulet.AdministrativeActBegun", metadata: { correlationId: "who-was-killed", actor: "key:admin" } }]);
  const made = await eventually(
    "the key's event in the log",
    () => everything<StoredEvent>("/v1/events?category=rivulet_key&correlationId=who-was-killed", { "tenant-id": "audit-killed" }),
    ({ length }) => length > 0,
  );
  expect(made).toMatchObject([{ type: "rivulet.KeyCreated" }]);
});

test("nothing is done that could not be noted first", async () => {
  const red = { "tenant-id": "audit-unnoted" };
  const mute = vi.spyOn(Denials.prototype, "begin").mockRejectedValue(new Error(LOST));
  onTestFinished(() => mute.mockRestore());
  expect((await send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, red)).status).toBe(503);
  mute.mockRestore();
  expect((await send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, red)).status).toBe(201);
});

test("an act that changes nothing is one, too, each time", async () => {
  const red = { "tenant-id": "audit-twice" };
  for (let time = 0; time < 3; time++) await send("PUT", "/v1/sources/shop", { scheme: "github", secret: "a secret of some length" }, red);
  expect(await auditLog("audit-twice", "rivulet.AdministrativeAct")).toHaveLength(3);
});

test("denied acts are counted: one event for each actor, operation and minute, however many they are", async () => {
  const tenant = { "tenant-id": "audit-blue" };
  const [ann, bo] = [await makeKey("ann", ["nothing:at-all"], {}, tenant), await makeKey("bo", ["events:write:note-*"], {}, tenant)];
  for (let time = 0; time < 20; time++) expectProblem(await get("/v1/events", ann.as), 403);
  for (let time = 0; time < 3; time++) expectProblem(await append("desk-1", [note], bo.as), 403);
  expectProblem(await append("note-1", [{ ...note, metadata: { priority: "critical" } }], bo.as), 403);
  expectProblem(await get("/v1/tenants", { ...tenant }), 403, "forbidden");
  // A category that is closed to all is no matter of who asks.
  expectProblem(await append("audit-log", [note], tenant), 403, "reserved_category");
  const id = DENIALS.idFromName("audit-blue");
  expect((await listDurableObjectIds(DENIALS)).some((one) => one.equals(id))).toBe(true);
  // On disk is the first of each and of each minute alone.
  expect(await runInDurableObject(DENIALS.get(id), (_, { storage }) => [...storage.kv.list({ prefix: "denied:" })].length)).toBeLessThanOrEqual(6);
  expect(await runInDurableObject(DENIALS.get(id), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now() - 60_000);
  expect(await auditLog("audit-blue", "rivulet.ActsDenied")).toEqual([]);
  await minuteIsOver("audit-blue");
  const denied = await auditLog("audit-blue", "rivulet.ActsDenied");
  const counts = new Map<string, number>();
  for (const [actor, { operation, count = 0 }] of denied) counts.set(`${actor} ${operation}`, (counts.get(`${actor} ${operation}`) ?? 0) + count);
  expect([...counts].sort()).toEqual([
    ["key:admin listTenants", 1],
    ["key:ann readLog", 20],
    ["key:bo appendEvents", 4],
  ]);
  // A minute may have ended meanwhile; in each there is one of a kind.
  expect(new Set(denied.map(([actor, { operation, minute }]) => `${actor} ${operation} ${minute}`)).size).toBe(denied.length);
  for (const [, { minute }] of denied) expect(minute).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$/);
  // Written down once, and nothing is left that would wake anybody.
  await minuteIsOver("audit-blue");
  expect(await auditLog("audit-blue", "rivulet.ActsDenied")).toEqual(denied);
  expect(await runInDurableObject(DENIALS.get(id), (_, { storage }) => [...storage.kv.list()].length)).toBe(0);
});

test("a delivery that is denied to a key counts as its tenant's and its own, and as nobody's else", async () => {
  const tenant = { "tenant-id": "audit-door" };
  await send("PUT", "/v1/sources/door", { scheme: "none" }, tenant);
  const stranger = await makeKey("stranger", ["events:write:window-*"], {}, tenant);
  for (let time = 0; time < 2; time++)
    expectProblem(await send("POST", "/v1/webhooks/audit-door/door", { type: "opened", data: { id: "front" } }, stranger.as), 403, "missing_scope");
  await minuteIsOver("audit-door");
  const denied = await auditLog("audit-door", "rivulet.ActsDenied");
  expect(new Set(denied.map(([actor, { operation }]) => `${actor} ${operation}`))).toEqual(new Set(["key:stranger receiveWebhook"]));
  expect(denied.reduce((sum, [, { count = 0 }]) => sum + count, 0)).toBe(2);
  const nobodys = DENIALS.idFromName("").toString();
  expect((await listDurableObjectIds(DENIALS)).map(String)).not.toContain(nobodys);
});

test("a count that was written down and then forgotten keeps no other out of the audit log", async () => {
  const denials = DENIALS.get(DENIALS.idFromName("audit-forgot"));
  await denials.deny("key:x", "readLog");
  await denials.deny("key:x", "readLog");
  await minuteIsOver("audit-forgot");
  // As it stood on disk before, with a count that began anew; in the same minute, or a first one in another.
  await denials.deny("key:x", "readLog");
  await denials.deny("key:y", "readLog");
  await minuteIsOver("audit-forgot");
  expect((await auditLog("audit-forgot", "rivulet.ActsDenied")).map(([actor]) => actor)).toContain("key:y");
});

test("the audit log is read with its scope", async () => {
  const tenant = { "tenant-id": "audit-green" };
  const reader = await makeKey("reader", ["streams:read:audit-log"], {}, tenant);
  expect(await eventsOf("audit-log", reader.as)).toHaveLength(1);
  const other = await makeKey("other", ["streams:read:note-*"], {}, tenant);
  expectProblem(await get("/v1/streams/audit-log", other.as), 403, "missing_scope");
});
