import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AppendRequest, EachAppended } from "../../durable-objects/aggregate/contract.ts";
import { append, draft, stub, wholeStream } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const note = (n: number, more: Partial<AppendRequest> = {}): AppendRequest => ({
  events: [draft("notes.Added", { n })],
  precondition: { kind: "none" },
  ...more,
});

async function appendEach(stream: string, requests: readonly AppendRequest[]): Promise<readonly EachAppended[]> {
  return JSON.parse(await stub("each", stream).appendEach(JSON.stringify(requests)));
}

const shown = (answers: readonly EachAppended[]) =>
  answers.map((answer) => ("thrown" in answer ? answer.thrown : answer.ok ? answer.events[0]?.version : answer.code));

test("appends of one call are one commit, in their order, and each is answered for itself", async () => {
  const idempotency = { key: "k", fingerprint: "f" };
  const asked = [note(1, { idempotency }), note(2, { precondition: { kind: "version", version: 7 } }), note(3), note(1, { idempotency })];
  const answers = await appendEach("note-1", asked);
  expect(shown(answers)).toEqual([1, "version_mismatch", 2, 1]);
  expect(answers.map((answer) => "ok" in answer && answer.ok && answer.replayed)).toEqual([false, false, false, true]);
  expect((await wholeStream("each", "note-1")).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 3 }]);
  expect(faults.captured).toHaveLength(1);
  expect((await stub("each", "note-1").costs()).alarmsSet).toBe(1);
});

test("the fault of one is rolled back, and is no other's", async () => {
  await append("each", "note-2", [draft("notes.Added", { n: 0 })]);
  await runInDurableObject(stub("each", "note-2"), (_, state) =>
    state.storage.sql.exec(`CREATE TRIGGER poison BEFORE INSERT ON events_v1 WHEN NEW.data LIKE '%13%' BEGIN SELECT RAISE(ABORT, 'poisoned'); END`),
  );
  expect(shown(await appendEach("note-2", [note(1), note(13), note(2)]))).toEqual([2, "fault", 3]);
  expect(await stub("each", "note-2").verify(1, 3)).toMatchObject({ valid: true, to: 3 });
});

test("what throws outside of the commit is told as such, and not as a write that was rolled back", async () => {
  await append("each", "note-3", [draft("notes.Added", { n: 0 })]);
  await runInDurableObject(stub("each", "note-3"), (_, state) => state.storage.sql.exec("ALTER TABLE events_v1 RENAME COLUMN envelope TO gone"));
  await evictDurableObject(stub("each", "note-3"));
  expect(shown(await appendEach("note-3", [note(1), note(2)]))).toEqual([expect.stringContaining("envelope"), expect.stringContaining("envelope")]);
});
