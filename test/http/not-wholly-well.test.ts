import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import { adminKey, append, expectProblem, get, newerThan, ok, send } from "../support/http.ts";
import { open } from "./open.ts";

const { LOG_0: log, AGGREGATE } = env as unknown as { LOG_0: D1Database; AGGREGATE: DurableObjectNamespace };
const noted = (n: number): object => ({ type: "ill.Noted", data: n });
const run = (sql: string): Promise<unknown> => log.prepare(sql).run();

afterEach(async () => {
  await run("DROP TRIGGER IF EXISTS ill");
});

/** Makes the log refuse every write of a tenant's events, as a database does that is down or busy. */
const refuseWrites = (tenant: string, reason: string): Promise<unknown> =>
  run(`CREATE TRIGGER ill BEFORE INSERT ON events WHEN NEW.tenant = '${tenant}' BEGIN SELECT RAISE(ABORT, '${reason}'); END`);

describe("GET /v1/streams/{stream}/verify", () => {
  async function ofFive(stream: string): Promise<void> {
    const write = await append(stream, [1, 2, 3, 4, 5].map(noted));
    await get("/v1/events?limit=1", newerThan(write));
  }

  test.each([
    ["data was changed", "UPDATE events SET data = '9' WHERE stream = ? AND version = 3"],
    ["time was changed", "UPDATE events SET recorded = '2020-01-01T00:00:00.000Z' WHERE stream = ? AND version = 3"],
    ["copy is gone", "DELETE FROM events WHERE stream = ? AND version = 3"],
  ])("says which version is bad, and why, where the %s in the log", async (name, sql) => {
    const stream = `ill-${name.replaceAll(" ", "_")}`;
    await ofFive(stream);
    await log.prepare(sql).bind(stream).run();
    const found = await get(`/v1/streams/${stream}/verify`);
    expect([found.status, found.json()]).toEqual([200, { valid: false, firstBadVersion: 3, reason: expect.stringMatching(/log/) }]);
    expect(ok(await get(`/v1/streams/${stream}/verify?from=4`))).toMatchObject({ valid: true, from: 4, to: 5 });
    expect(ok(await get(`/v1/streams/${stream}/verify?to=2`))).toMatchObject({ valid: true, from: 1, to: 2 });
  });
});

test("a stream whose tail the log lacks too much of is 429 stream_backlog with Retry-After, and is taken again once the log has it", async () => {
  const tenant = { "tenant-id": "ill-backlog" };
  await refuseWrites("ill-backlog", "the disk is full");
  const thousand = Array.from({ length: 1000 }, (_, n) => noted(n));
  for (let i = 0; i < 11; i++) expect((await append("ill-1", thousand, tenant)).status).toBe(201);
  const refused = await append("ill-1", thousand, { ...tenant, "idempotency-key": "ill" });
  expectProblem(refused, 429, "stream_backlog");
  expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  expect(ok(await get("/v1/streams/ill-1", tenant))).toMatchObject({ version: 11_000, loggedVersion: 0 });
  expect((await append("ill-2", [noted(1)], tenant)).status).toBe(201);

  await run("DROP TRIGGER ill");
  const other = await append("ill-2", [noted(2)], tenant);
  await get("/v1/events?limit=1", { ...tenant, ...newerThan(other) });
  const token = { "consistency-token": "ill-1@11000", prefer: "wait=30" };
  ok(await get("/v1/events?limit=1", { ...tenant, ...token }));
  const taken = await append("ill-1", thousand, { ...tenant, "idempotency-key": "ill" });
  expect([taken.status, taken.headers.has("idempotency-replayed")]).toEqual([201, false]);
});

test("a read that asks for what the log has not got yet is 503 with Retry-After, and loses nothing", async () => {
  const tenant = { "tenant-id": "ill-late" };
  await refuseWrites("ill-late", "D1 DB is overloaded. Requests queued for too long.");
  const write = await append("ill-1", [noted(1)], tenant);
  expect(write.status).toBe(201);
  const late = await get("/v1/events", { ...tenant, ...newerThan(write), prefer: "wait=0" });
  expectProblem(late, 503);
  expect(late.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  expect(late.text).not.toMatch(/D1|queued|trigger/i);
  expect(ok(await get("/v1/streams/ill-1/events", tenant))).toMatchObject({ version: 1 });
  await run("DROP TRIGGER ill");
  expect(ok<{ items: unknown[] }>(await get("/v1/events", { ...tenant, ...newerThan(write) })).items).toHaveLength(1);
});

test("a write that a fault has stopped is written once when it comes again with its key", async () => {
  await append("ill-fault", [noted(1)]);
  const inside = (sql: string): Promise<unknown> =>
    runInDurableObject(AGGREGATE.get(AGGREGATE.idFromName("default/ill-fault")), (_, state) => state.storage.sql.exec(sql).toArray());
  await inside("CREATE TRIGGER ill BEFORE INSERT ON events_v1 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
  const key = { "idempotency-key": "ill-fault" };
  const stopped = await append("ill-fault", [noted(2)], key);
  expectProblem(stopped, 503, "write_failed");
  expect(stopped.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  expect(stopped.text).not.toContain("disk");
  await inside("DROP TRIGGER ill");
  const again = await append("ill-fault", [noted(2)], key);
  expect([again.status, again.headers.has("idempotency-replayed")]).toEqual([201, false]);
  expect((await append("ill-fault", [noted(2)], key)).headers.get("idempotency-replayed")).toBe("true");
  expect(ok(await get("/v1/streams/ill-fault"))).toMatchObject({ version: 2 });
});

/** Puts this in the place of the table of heads while `work` is done. */
async function instead(view: string | undefined, work: () => Promise<void>): Promise<void> {
  await run("ALTER TABLE heads RENAME TO heads_away");
  if (view !== undefined) await run(`CREATE VIEW heads AS ${view}`);
  try {
    await work();
  } finally {
    if (view !== undefined) await run("DROP VIEW heads");
    await run("ALTER TABLE heads_away RENAME TO heads");
  }
}

test("a database that is overloaded makes a read 503 with Retry-After", async () => {
  // A path that is none makes the database fail with these words, as it does under load. The last are also the runtime's for a client that is gone.
  const inWords = (words: string): string => `SELECT 'default' AS tenant, json_extract('{}', '${words}') AS position, '' AS epoch`;
  for (const words of ["D1 DB is overloaded", "Network connection lost"])
    await instead(inWords(words), async () => {
      const late = await get("/v1/events");
      expectProblem(late, 503, "overloaded");
      expect(late.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      expect(late.text).not.toMatch(/D1|Network/);
    });
  expect((await get("/v1/events")).status).toBe(200);
});

test("a fault of the platform is a 500 problem that tells nothing of its inside", async () => {
  await instead(undefined, async () => {
    // Asked past the description, which promises no 500 to anybody.
    const { default: worker } = exports as unknown as { default: Fetcher };
    const failed = await worker.fetch("http://rivulet.test/v1/events", { headers: { authorization: `Bearer ${adminKey}`, "x-correlation-id": "ill:1" } });
    const text = await failed.text();
    expectProblem({ status: failed.status, headers: failed.headers, text, json: <Body>() => JSON.parse(text) as Body }, 500, "internal");
    expect(text).not.toMatch(/heads|table|sql/i);
    expect(failed.headers.get("x-correlation-id")).toBe("ill:1");
    expect(failed.headers.get("traceresponse")).toMatch(/^00-/);
  });
  expect((await get("/v1/events")).status).toBe(200);
});

test("a purge is held to its precondition, and its name is never used again", async () => {
  await append("ill-purged", [noted(1)]);
  expect(expectProblem(await send("DELETE", "/v1/streams/ill-purged?purge=true", undefined, { "if-match": '"7"' }), 412).currentVersion).toBe(1);
  expectProblem(await send("DELETE", "/v1/streams/ill-purged?purge=perhaps"), 422);
  ok(await send("DELETE", "/v1/streams/ill-purged?purge=true", undefined, { "if-match": '"1"' }));
  for (const headers of [{}, { "if-none-match": "*" }, { "if-match": '"0"' }, { "if-match": '"2"' }])
    expectProblem(await append("ill-purged", [noted(1)], headers), 410, "stream_closed");
});

test("HEAD of a live connection opens none: it has the headers, no socket is left behind, and its ticket is good still", async () => {
  await append("ill-head", [noted(1)]);
  const { ticket } = ok<{ ticket: string }>(await send("POST", "/v1/tickets"));
  const live = "/v1/streams/ill-head/live";
  for (const [path, headers] of [
    [live, {}],
    [`${live}?ticket=${ticket}`, { authorization: undefined }],
    [`/v1/events/live?ticket=${ticket}`, { authorization: undefined }],
  ] as const) {
    const head = await send("HEAD", path, undefined, headers);
    expect([head.status, head.headers.get("content-type"), head.headers.get("cache-control")]).toEqual([200, "text/event-stream", "no-store"]);
  }
  const left = await runInDurableObject(AGGREGATE.get(AGGREGATE.idFromName("default/ill-head")), (_, state) => state.getWebSockets().length);
  expect(left).toBe(0);
  const opened = await open(`${live}?ticket=${ticket}`, { authorization: undefined });
  expect(opened.status).toBe(200);
  await opened.body?.cancel();
  expect((await send("HEAD", `${live}?ticket=${ticket}`, undefined, { authorization: undefined })).status).toBe(401);
  expect((await send("HEAD", "/v1/streams/ill-none/live")).status).toBe(404);
});
