import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AlarmClock } from "../../durable-objects/aggregate/alarm-clock.ts";
import { append, draft, stub, wholeStream } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const note = (n: number, more = {}) => draft("notes.Added", { n }, more);

/** Makes SQLite refuse an event whose data says so, as a full disk or a bug might. */
const poison = (tenant: string, stream: string) =>
  runInDurableObject(stub(tenant, stream), (_, state) =>
    state.storage.sql.exec(`CREATE TRIGGER poison BEFORE INSERT ON events_v1 WHEN NEW.data LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'poisoned'); END`),
  );

test("appends that wait together commit together and send together", async () => {
  const results = await Promise.all(Array.from({ length: 10 }, (_, n) => append("group-1", "note-1", [note(n)])));
  expect(results.map((result) => result.ok && result.events[0]?.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(faults.captured).toHaveLength(1);
  expect((await stub("group-1", "note-1").costs()).alarmsSet).toBe(1);
});

test("one member's fault rolls back that member alone: its neighbours get consecutive versions", async () => {
  await append("group-2", "note-1", [note(0)]);
  await poison("group-2", "note-1");
  const results = await Promise.all([
    append("group-2", "note-1", [note(1)]),
    append("group-2", "note-1", [note(2), draft("notes.Added", "poison")]),
    append("group-2", "note-1", [note(3)]),
  ]);
  expect(results.map((result) => (result.ok ? result.events[0]?.version : result.code))).toEqual([2, "fault", 3]);
  expect((await wholeStream("group-2", "note-1")).map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }, { n: 3 }]);
  expect(await stub("group-2", "note-1").verify(1, 3)).toMatchObject({ valid: true, to: 3 });
});

test("what a member had moved in memory before its fault moves back: the next one follows what stands on disk", async () => {
  const keyed = (key: string) => ({ idempotency: { key, fingerprint: "f" } });
  await append("group-2b", "note-1", [note(0)], keyed("first"));
  // Its events are written by then, and the head in memory has moved: only its key is refused.
  await runInDurableObject(stub("group-2b", "note-1"), (_, state) =>
    state.storage.sql.exec("CREATE TRIGGER poison BEFORE INSERT ON seen WHEN NEW.id = 'poison' BEGIN SELECT RAISE(ABORT, 'poisoned'); END"),
  );
  const results = await Promise.all([
    append("group-2b", "note-1", [note(1)]),
    append("group-2b", "note-1", [note(2)], keyed("poison")),
    append("group-2b", "note-1", [note(3)]),
  ]);
  expect(results.map((result) => (result.ok ? result.events[0]?.version : result.code))).toEqual([2, "fault", 3]);
  expect(await stub("group-2b", "note-1").verify(1, 3)).toMatchObject({ valid: true, to: 3 });
});

test("a member that is rolled back is not remembered as seen, and can be sent again", async () => {
  await append("group-3", "note-1", [note(0)]);
  await poison("group-3", "note-1");
  const request = [note(1, { id: "x-1" }), draft("notes.Added", "poison")];
  expect(await append("group-3", "note-1", request, { idempotency: { key: "k", fingerprint: "f" } })).toMatchObject({ ok: false, code: "fault" });
  await runInDurableObject(stub("group-3", "note-1"), (_, state) => state.storage.sql.exec("DROP TRIGGER poison"));
  expect(await append("group-3", "note-1", request, { idempotency: { key: "k", fingerprint: "f" } })).toMatchObject({
    ok: true,
    created: true,
    replayed: false,
  });
});

test("a commit that fails as a whole writes nothing, forgets what it had in memory, and the next one is right", async () => {
  await append("group-4", "note-1", [note(0)]);
  faults.captured = [];
  vi.spyOn(AlarmClock.prototype, "arm").mockImplementationOnce(() => {
    throw new Error("the disk is full");
  });
  const results = await Promise.all([append("group-4", "note-1", [note(1)]), append("group-4", "note-1", [note(2)])]);
  expect(results).toMatchObject([{ code: "fault" }, { code: "fault" }]);
  expect(faults.captured).toEqual([]);
  expect(await wholeStream("group-4", "note-1")).toHaveLength(1);
  expect(await append("group-4", "note-1", [note(3)])).toMatchObject({ ok: true, events: [{ version: 2 }] });
  expect(await stub("group-4", "note-1").verify(1, 2)).toMatchObject({ valid: true, to: 2 });
});

test("the members of one commit see each other: of two at version 0 one is refused, of two with one id one is a repeat", async () => {
  const [first, second] = await Promise.all([
    append("group-5", "note-1", [note(1)], { precondition: { kind: "new" } }),
    append("group-5", "note-1", [note(2)], { precondition: { kind: "new" } }),
  ]);
  expect([first, second]).toMatchObject([{ ok: true }, { ok: false, code: "version_mismatch", currentVersion: 1 }]);
  const twins = await Promise.all([append("group-5", "note-1", [note(3, { id: "x" })]), append("group-5", "note-1", [note(3, { id: "x" })])]);
  expect(twins).toMatchObject([
    { created: true, events: [{ version: 2 }] },
    { created: false, events: [{ version: 2 }] },
  ]);
});

test("a new object keeps its own name, and an evicted one goes on where it was", async () => {
  await append("group-6", "note-1", [note(1)]);
  await evictDurableObject(stub("group-6", "note-1"));
  expect(await append("group-6", "note-1", [note(3)])).toMatchObject({ ok: true, events: [{ version: 2 }] });
  const table = await runInDurableObject(stub("group-6", "note-1"), (_, state) =>
    state.storage.sql.exec("SELECT sql FROM sqlite_master WHERE name = 'events_v1'").one(),
  );
  expect(table["sql"]).toContain("-- group-6/note-1\n");
});
