import { describe, expect, test } from "vitest";
import { positionAt } from "../../src/log/follow-matching.ts";
import { env } from "../support/engine.ts";

const GENESIS = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const START = Date.parse("2026-01-01T00:00:00.000Z");
const SECOND = 1_000;
const at = (seconds: number): string => new Date(START + seconds * SECOND).toISOString();

/** Seconds after the start at which the event at a position was recorded: growing, but some come late, and one stream came 3,000 events at once, a day late. */
function secondsOf(position: number): number {
  if (position > 4_500 && position <= 7_500) return position - 86_400;
  return position % 7 === 0 ? position - 3_600 : position;
}

/** Puts events into the log as a projector does, one transaction for 500 of them. */
async function write(tenant: string, from: number, to: number): Promise<void> {
  const db = env.LOG_0;
  for (let first = from; first <= to; first += 500) {
    const last = Math.min(first + 499, to);
    const recorded = Array.from({ length: last - first + 1 }, (_, index) => at(secondsOf(first + index)));
    await db.batch([
      db
        .prepare(
          `INSERT INTO events (tenant, position, stream, version, id, type, schema_version, time, recorded, source, metadata, hash, previous_hash, data_hash, data, entry)
           SELECT ?1, ?2 + key, 'note-1', ?2 + key, 'id-' || (?2 + key), 'notes.Written', 1, value, value, '/test', '{}', 'h' || (?2 + key),
             iif(?2 + key = 1, ?4, 'h' || (?2 + key - 1)), 'd', '{}', 'e' FROM json_each(?3)`,
        )
        .bind(tenant, first, JSON.stringify(recorded), GENESIS),
      db
        .prepare(
          `INSERT INTO streams (tenant, stream, version, hash, position, created, updated) VALUES (?1, 'note-1', ?2, 'h' || ?2, ?2, '', '')
           ON CONFLICT (tenant, stream) DO UPDATE SET version = excluded.version, hash = excluded.hash, position = excluded.position`,
        )
        .bind(tenant, last),
      db
        .prepare("INSERT INTO heads (tenant, position, epoch) VALUES (?1, ?2, 'x') ON CONFLICT (tenant) DO UPDATE SET position = excluded.position")
        .bind(tenant, last),
    ]);
  }
}

/** The position, and how many rows were read to find it. */
async function found(tenant: string, time: string): Promise<{ readonly position: number; readonly read: number }> {
  let read = 0;
  const prepare = (sql: string) => ({
    bind: (...values: readonly unknown[]) => ({
      async all() {
        const answer = await env.LOG_0.prepare(sql)
          .bind(...values)
          .all();
        read += answer.meta.rows_read;
        return answer;
      },
    }),
  });
  return { position: await positionAt({ prepare } as unknown as D1Database, tenant, time), read };
}

/** By a look at every event. */
function expected(head: number, time: string): number {
  for (let position = 1; position <= head; position++) if (at(secondsOf(position)) >= time) return position;
  return head + 1;
}

const times = [-90_000, -3_000, 0, 1, 2, 500, 1_000, 1_001, 4_400, 4_500, 4_501, 7_400, 7_500, 7_501, 9_996, 9_999.001, 10_000, 10_001].map(at);

describe("the position of a time", () => {
  test("is exact in a log of 10,000 events in which many came late, and reads about a thousand of them", async () => {
    await write("times-1", 1, 10_000);
    for (const time of times) {
      const { position, read } = await found("times-1", time);
      expect([time, position]).toEqual([time, expected(10_000, time)]);
      expect(read).toBeLessThanOrEqual(1_000 + 10 + 4);
    }
    const { results } = await env.LOG_0.prepare("SELECT count(*) AS rows FROM times WHERE tenant = 'times-1'").all();
    expect(results).toEqual([{ rows: 10 }]);
  });

  test("is exact between the thousands, and before the first one", async () => {
    await write("times-2", 1, 10);
    for (const time of times) expect((await found("times-2", time)).position).toBe(expected(10, time));
    await write("times-2", 11, 1_700);
    for (const time of times) expect((await found("times-2", time)).position).toBe(expected(1_700, time));
  });

  test("is 1 in a tenant without a log", async () => {
    expect((await found("times-none", at(0))).position).toBe(1);
  });

  test("is exact in a log from before the marks, from its next thousand on", async () => {
    await write("times-3", 1, 3_500);
    await env.LOG_0.prepare("DELETE FROM times WHERE tenant = 'times-3'").run();
    for (const time of times) expect((await found("times-3", time)).position).toBe(expected(3_500, time));
    await write("times-3", 3_501, 5_000);
    for (const time of times) expect((await found("times-3", time)).position).toBe(expected(5_000, time));
    expect((await found("times-3", at(4_400))).read).toBeLessThanOrEqual(1_014);
  });

  test("is not that of a log that was deleted", async () => {
    await write("times-4", 1, 3_000);
    for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = 'times-4'`).run();
    // Marks that would lead beyond the head.
    await env.LOG_0.prepare("UPDATE times SET latest = '2000' WHERE tenant = 'times-4'").run();
    await write("times-4", 1, 900);
    for (const time of times) expect((await found("times-4", time)).position).toBe(expected(900, time));
    await write("times-4", 901, 1_100);
    for (const time of times) expect((await found("times-4", time)).position).toBe(expected(1_100, time));
  });
});
