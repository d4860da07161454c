import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import { append, deliver, draft, env, stub } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

async function stream(tenant: string, isLogged = true): Promise<void> {
  await append(
    tenant,
    "note-1",
    Array.from({ length: 5 }, (_, n) => draft("notes.Added", { n })),
  );
  const messages = faults.captured?.splice(0) ?? [];
  if (isLogged) await deliver(messages);
}
const tamper = (tenant: string, statement: string) => runInDurableObject(stub(tenant, "note-1"), (_, state) => state.storage.sql.exec(statement).toArray());
const verify = (tenant: string, from = 1, to = 5) => stub(tenant, "note-1").verify(from, to);

test("an untouched stream is valid, as a whole and in any range", async () => {
  await stream("verify-1");
  const whole = await verify("verify-1");
  expect(whole).toMatchObject({ valid: true, from: 1, to: 5 });
  expect(await verify("verify-1", 2, 4)).toMatchObject({ valid: true, from: 2, to: 4 });
  expect(await verify("verify-1", 3, 99)).toMatchObject({ valid: true, from: 3, to: 5, lastHash: "lastHash" in whole && whole.lastHash });
});

test.each([
  ["data was changed", `UPDATE events_v1 SET data = '{"n":9}' WHERE version = 3`, /^Its data hashes to/],
  ["envelope was changed", "UPDATE events_v1 SET envelope = replace(envelope, 'notes.Added', 'notes.Other') WHERE version = 3", /^Its content hashes to/],
  ["event was taken out", "DELETE FROM events_v1 WHERE version = 3", /^Version 3 is missing/],
])("a stream whose %s is invalid from there on", async (name, statement, reason) => {
  const tenant = `verify-2-${name.replaceAll(" ", "-")}`;
  await stream(tenant, false);
  await tamper(tenant, statement);
  expect(await verify(tenant)).toEqual({ valid: false, firstBadVersion: 3, reason: expect.stringMatching(reason) });
});

test("a stream that was rewritten with hashes that fit is caught by its link and by the log's copy", async () => {
  await stream("verify-3");
  await stream("verify-4");
  // Another tenant's chain of the same data: consistent in itself, but not this stream's.
  const rows = await tamper("verify-4", "SELECT version, envelope FROM events_v1");
  for (const { version, envelope } of rows) {
    await tamper("verify-3", `UPDATE events_v1 SET envelope = '${String(envelope).replaceAll("'", "''")}' WHERE version = ${version}`);
  }
  expect(await verify("verify-3")).toMatchObject({ valid: false, firstBadVersion: 1 });
});

test.each([
  ["data", `UPDATE events SET data = '{"n":9}' WHERE tenant = ? AND version = 2`, /^In the log's copy: Its data hashes to/],
  ["type", "UPDATE events SET type = 'notes.Other' WHERE tenant = ? AND version = 2", /^In the log's copy: Its content hashes to/],
  ["whole row", "DELETE FROM events WHERE tenant = ? AND version = 2", /^The log has no copy/],
])("a log whose copy lost or changed its %s is noticed", async (name, statement, reason) => {
  const tenant = `verify-5-${name.replaceAll(" ", "-")}`;
  await stream(tenant);
  await env.LOG_0.prepare(statement).bind(tenant).run();
  expect(await verify(tenant)).toEqual({ valid: false, firstBadVersion: 2, reason: expect.stringMatching(reason) });
});

test("a stream of over 1,000 events is walked in steps, and a fault behind the first step is found", async () => {
  for (let n = 0; n < 3; n++)
    await append(
      "verify-6",
      "note-1",
      Array.from({ length: 500 }, (_, i) => draft("notes.Added", { i })),
    );
  expect(await verify("verify-6", 1, 1500)).toMatchObject({ valid: true, to: 1500 });
  await tamper("verify-6", "UPDATE events_v1 SET data = '1' WHERE version = 1203");
  expect(await verify("verify-6", 1, 1500)).toMatchObject({ valid: false, firstBadVersion: 1203 });
});
