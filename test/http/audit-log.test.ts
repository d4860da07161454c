import { env } from "cloudflare:workers";
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { expect, onTestFinished, test, vi } from "vitest";
import type { DenialsObject } from "../../durable-objects/denials.ts";
import { Aggregate } from "../../src/worker.ts";
import { append, eventsOf, expectProblem, get, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";

const { DENIALS } = env as unknown as { DENIALS: DurableObjectNamespace<DenialsObject> };
const note = { type: "notes.NoteAdded", data: { n: 1 } };

/** As if the minute were over. */
const minuteIsOver = (tenant: string): Promise<void> =>
  runInDurableObject(DENIALS.get(DENIALS.idFromName(tenant)), (denials) => denials.writeDown(Date.now() + 60_000));

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
  const { append } = Aggregate.prototype;
  let losses = 1;
  const lossy = vi.spyOn(Aggregate.prototype, "append").mockImplementation(function (this: InstanceType<typeof Aggregate>, request) {
    const { ctx } = this as unknown as { readonly ctx: DurableObjectState };
    if (ctx.id.name?.endsWith("audit-log") && losses-- > 0) throw new Error("a test loses the entry");
    return append.call(this, request);
  });
  onTestFinished(() => lossy.mockRestore());
  const asked = () => send("POST", "/v1/keys", { name: "y", scopes: ["streams:read"] }, red);
  expect((await asked()).status).toBe(201);
  expect(await auditLog("audit-lost", "rivulet.AdministrativeAct")).toEqual([]);
  for (let time = 0; time < 3; time++) expect((await asked()).headers.get("idempotency-replayed")).toBe("true");
  expect(await auditLog("audit-lost", "rivulet.AdministrativeAct")).toMatchObject([["key:admin", { operation: "createKey", version: 1 }]]);
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

test("the audit log is read with its scope", async () => {
  const tenant = { "tenant-id": "audit-green" };
  const reader = await makeKey("reader", ["streams:read:audit-log"], {}, tenant);
  expect(await eventsOf("audit-log", reader.as)).toHaveLength(1);
  const other = await makeKey("other", ["streams:read:note-*"], {}, tenant);
  expectProblem(await get("/v1/streams/audit-log", other.as), 403, "missing_scope");
});
