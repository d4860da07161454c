import { afterEach, beforeEach, expect, test } from "vitest";
import { logHead } from "../../src/log/log-heads.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { readGenerations } from "../../src/views/generations.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { append, deliver, dispatcher, draft, env, fireDispatcher } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const TENANT = "discarded";
const generations = async () =>
  (await readGenerations(env.VIEWS_0, TENANT)).filter(({ view }) => view === "event_types").map(({ generation, state }) => `${generation} ${state}`);
const left = async (table: string) => (await env.VIEWS_0.prepare(`SELECT count(*) AS count FROM ${table} WHERE tenant = ?`).bind(TENANT).first())?.["count"];

async function rebuilt(): Promise<void> {
  const { position } = await logHead(env.LOG_0, TENANT);
  expect(await beginBuild(env.VIEWS_0, TENANT, eventTypesView, { purpose: "rebuild", head: position, now: Date.now() })).toBe("begun");
  await dispatcher(TENANT).wake();
  for (let round = 0; round < 50; round++) if (!(await fireDispatcher(TENANT))) return;
  throw new Error("expected the dispatcher to let go within 50 alarms");
}

test("rows before the last are discarded to the last one, though one of their tables is empty long before the other", async () => {
  await append(TENANT, "note-1", [draft("notes.Added", {})]);
  await deliver(faults.captured?.splice(0) ?? []);
  // As many streams as take three steps to delete; their one type goes with the first.
  await env.VIEWS_0.prepare(
    `WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2500)
     INSERT INTO event_type_streams (tenant, type, stream) SELECT ?, 'notes.Added', 'other-' || n FROM counted`,
  )
    .bind(TENANT)
    .run();
  await rebuilt();
  expect(await generations()).toEqual(["0 old", "1 live"]);
  expect(await left("event_type_streams")).toBe(2501);
  await rebuilt();
  expect(await generations()).toEqual(["1 old", "2 live"]);
  expect([await left("event_types"), await left("event_type_streams")]).toEqual([0, 0]);
});
