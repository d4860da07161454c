import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { followMatching, type FollowQuery } from "../../src/log/follow-matching.ts";
import { append, deliver, draft, env } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

/** Appends events of these types to a stream, and brings them into the log. */
async function logged(tenant: string, stream: string, types: readonly string[], text = ""): Promise<void> {
  for (const type of types) await append(tenant, stream, [draft(type, { text })]);
  await deliver(faults.captured?.splice(0) ?? []);
}
/** A page as a follower sees it: which positions, how far was looked, and whether the mark there is that of the event there. */
async function follow(tenant: string, query: Partial<FollowQuery>) {
  const { events, lookedTo, entryTo } = await followMatching(env.LOG_0, tenant, { after: 0, types: ["#"], limit: 100, ...query });
  const there = await env.LOG_0.prepare("SELECT entry FROM events WHERE tenant = ? AND position = ?").bind(tenant, lookedTo).first<string>("entry");
  return { positions: events.map(({ position }) => position), lookedTo, isMarked: entryTo === there };
}
const isMarked = true;

describe("a page of what a follower wants", () => {
  test("goes up to the head, or to where the follower wants it to end, whether anything matches there or not", async () => {
    await logged("follow-1", "note-1", ["notes.A", "notes.A", "other.B", "other.B"]);
    expect(await follow("follow-1", { types: ["notes.A"] })).toEqual({ positions: [1, 2], lookedTo: 4, isMarked });
    expect(await follow("follow-1", { types: ["notes.A"], to: 3 })).toEqual({ positions: [1, 2], lookedTo: 3, isMarked });
    expect(await follow("follow-1", { types: ["notes.A"], after: 2 })).toEqual({ positions: [], lookedTo: 4, isMarked });
    expect(await follow("follow-1", { types: ["notes.A"], after: 4 })).toEqual({ positions: [], lookedTo: 4, isMarked });
  });

  test("that its limit has ended looked no further than its last event: there may be more behind it", async () => {
    await logged("follow-2", "note-1", ["notes.A", "other.B", "notes.A", "other.B", "notes.A"]);
    expect(await follow("follow-2", { types: ["notes.A"], limit: 2 })).toEqual({ positions: [1, 3], lookedTo: 3, isMarked });
    expect(await follow("follow-2", { types: ["notes.A"], limit: 2, after: 3 })).toEqual({ positions: [5], lookedTo: 5, isMarked });
  });

  test("that its bytes have ended looked no further either, and has one event at least", async () => {
    await logged("follow-3", "note-1", ["notes.A", "notes.A", "notes.A"], "x".repeat(400_000));
    expect(await follow("follow-3", {})).toEqual({ positions: [1, 2], lookedTo: 2, isMarked });
    expect(await follow("follow-3", { after: 2 })).toEqual({ positions: [3], lookedTo: 3, isMarked });
    await logged("follow-4", "note-1", ["notes.A", "notes.A"], "x".repeat(1_010_000));
    expect(await follow("follow-4", {})).toEqual({ positions: [1], lookedTo: 1, isMarked });
  });

  test("looks at 10,000 positions at most, and says so: what comes behind them is not passed over", async () => {
    const tenant = "follow-5";
    // As the guard of the log wants it: each behind its predecessor.
    await env.LOG_0.batch([
      env.LOG_0.prepare("INSERT INTO heads (tenant, position, epoch) VALUES (?, 10010, 'e')").bind(tenant),
      env.LOG_0.prepare(
        `INSERT INTO events (tenant, position, stream, version, id, type, schema_version, time, recorded, source, metadata, hash, previous_hash, data_hash, data, entry)
         WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 10010)
         SELECT ?1, n, 'note-1', n, 'id-' || n, CASE WHEN n > 10000 THEN 'notes.A' ELSE 'other.B' END, 1, '', '', '', '{}', 'h' || n,
           CASE n WHEN 1 THEN 'sha256:' || printf('%064d', 0) ELSE 'h' || (n - 1) END, '', '{}', 'entry-' || n
         FROM counted ORDER BY n`,
      ).bind(tenant),
    ]);
    expect(await follow(tenant, { types: ["notes.A"] })).toEqual({ positions: [], lookedTo: 10_000, isMarked });
    const positions = Array.from({ length: 10 }, (_, n) => 10_001 + n);
    expect(await follow(tenant, { types: ["notes.A"], after: 10_000 })).toEqual({ positions, lookedTo: 10_010, isMarked });
  });

  test("of one stream has that one's alone", async () => {
    for (const stream of ["note-1", "note-2", "note-1"]) await logged("follow-6", stream, ["notes.A"]);
    expect(await follow("follow-6", { stream: "note-1", types: ["notes.A"] })).toEqual({ positions: [1, 3], lookedTo: 3, isMarked });
  });

  test.each<[readonly string[], readonly number[]]>([
    [["a.b"], [2]],
    [["a.#"], [1, 2, 3]],
    [["a.*"], [1, 2, 3]],
    [["a"], [1]],
    [
      ["a.b.c", "ab"],
      [3, 4],
    ],
    [
      ["a.b", "#"],
      [1, 2, 3, 4, 5],
    ],
    [[], [1, 2, 3, 4, 5]],
  ])("narrowed by %j has at least what matches, and nothing that begins otherwise", async (types, positions) => {
    const tenant = `follow-types-${types.join("-").replaceAll(/\W/g, (sign) => `x${sign.charCodeAt(0)}`)}`;
    await logged(tenant, "note-1", ["a", "a.b", "a.b.c", "ab", "b"]);
    expect((await follow(tenant, { types })).positions).toEqual(positions);
  });
});
