import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import { append, deliver, draft, env, fireAlarm, stub } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import worker from "../support/worker.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const thousand = Array.from({ length: 1000 }, () => draft("notes.Added", {}));

test("a stream whose tail the log lacks too much of is refused, and taken again once the log has it", async () => {
  for (let i = 0; i < 11; i++) expect(await append("over-1", "note-1", thousand)).toMatchObject({ ok: true });
  expect(await append("over-1", "note-1", thousand)).toMatchObject({ ok: false, code: "stream_backlog" });
  expect((await stub("over-1", "note-1").describe())?.version).toBe(11_000);
  faults.captured?.splice(0);
  await fireAlarm("over-1", "note-1");
  await deliver(faults.captured?.splice(0) ?? []);
  expect(await append("over-1", "note-1", [draft("notes.Added", {})])).toMatchObject({ ok: true, events: [{ version: 11_001 }] });
});

test("the log is asked before a stream is refused: one that has it all is not", async () => {
  for (let i = 0; i < 11; i++) {
    await append("over-2", "note-1", thousand);
    // Its alarm would ask as well, and on a slow machine it goes off in between.
    await runInDurableObject(stub("over-2", "note-1"), (_, state) => state.storage.deleteAlarm());
    await deliver(faults.captured?.splice(0) ?? []);
  }
  let asked = 0;
  faults.beforeQuery = (_, sql) => {
    if (sql.includes("FROM streams")) asked++;
  };
  // Those that come at once ask together.
  expect(await Promise.all([append("over-2", "note-1", thousand), append("over-2", "note-1", thousand)])).toMatchObject([{ ok: true }, { ok: true }]);
  expect(asked).toBe(1);
});

test("more appends than an object can hold are refused early, and those that were taken are answered", async () => {
  const results = await Promise.all(Array.from({ length: 2_500 }, (_, n) => append("over-3", "note-1", [draft("notes.Added", { n })])));
  const taken = results.filter((result) => result.ok).length;
  expect(results.every((result) => result.ok || result.code === "overloaded")).toBe(true);
  expect((await stub("over-3", "note-1").describe())?.version).toBe(taken);
});

test("a database that is overloaded makes a read 503 with Retry-After, one that fails otherwise 500 without its message", async () => {
  const get = async (message: string) => {
    faults.beforeQuery = () => {
      throw new Error(message);
    };
    return worker.fetch(new Request("http://rivulet/v1/events", { headers: { authorization: "Bearer test-admin-key" } }), env);
  };
  const overloaded = await get("D1_ERROR: D1 DB is overloaded. Requests queued for too long.");
  expect([overloaded.status, overloaded.headers.get("retry-after")]).toEqual([503, "1"]);
  const failed = await get("D1_ERROR: a secret thing: SQLITE_ERROR");
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain("secret");
});
