import { readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { describe, expect, test } from "vitest";
import {
  deadLetter,
  deadLetterId,
  followerName,
  followerOf,
  followersWithDeadLetters,
  forgetDeadLetters,
  type LetterFilter,
  listDeadLetters,
  MAX_LETTERS_LOOKED_AT,
  parkDeadLetter,
  type ParkedLetter,
  parseDeadLetterId,
  unparkDeadLetters,
} from "../../../src/followers/dead-letters.ts";
import { jsonText } from "../../../src/kernel/index.ts";

type Asked = readonly [sql: string, params: readonly SQLInputValue[]];

/** The table as the migration makes it, in SQLite itself, and what was asked of it. */
function views(): { db: D1Database; database: DatabaseSync; asked: Asked[] } {
  const database = new DatabaseSync(":memory:");
  database.exec(readFileSync("migrations/views/0007_dead_letters.sql", "utf8"));
  const asked: Asked[] = [];
  const rows = ([sql, params]: Asked): object[] => {
    asked.push([sql, params]);
    return database
      .prepare(sql)
      .all(...params)
      .map((row) => ({ ...row }));
  };
  const statement = (sql: string, params: readonly SQLInputValue[] = []) => ({
    bind: (...values: SQLInputValue[]) => statement(sql, values),
    all: async () => ({ results: rows([sql, params]) }),
    first: async () => rows([sql, params])[0] ?? null,
    run: async () => rows([sql, params]),
  });
  return { db: { prepare: statement } as unknown as D1Database, database, asked };
}

const letter = (position: number, more: Partial<ParkedLetter> = {}): ParkedLetter => ({
  subscription: "s1",
  position,
  stream: `order-${position}`,
  type: "commerce.OrderPlaced",
  event: jsonText({ position, data: { total: 1 } }),
  attempts: [{ at: "2026-11-20T10:00:00.000Z", status: 500, error: "Internal", durationMs: 12, body: "no" }],
  parkedAt: `2026-11-20T10:00:00.${String(position).padStart(3, "0")}Z`,
  ...more,
});

async function parked(letters: readonly ParkedLetter[], tenant = "t"): Promise<D1Database> {
  const { db } = views();
  for (const one of letters) await parkDeadLetter(db, tenant, one);
  return db;
}

const page = { limit: 100, maxBytes: 1_000_000 };
const positionsOf = async (db: D1Database, filter: LetterFilter = {}): Promise<readonly number[]> =>
  (await listDeadLetters(db, "t", { filter, ...page })).letters.map(({ position }) => position);

describe("a dead letter's id", () => {
  test.each([
    ["0193a-7", 1],
    ["handler:send-mail", 999_999_999_999],
  ])("of %s at %i leads back to both", (subscription, position) => {
    expect(parseDeadLetterId(deadLetterId({ subscription, position }))).toEqual({ subscription, position });
  });

  test.each(["", "a", "a~", "~1", "a~0", "a~01", "a~1.5", "a~-1", "a~b~1", "a~1~", "a~1000000000000000"])("is never %j", (id) => {
    expect(parseDeadLetterId(id)).toBeUndefined();
  });

  test("tells a handler from a subscription", () => {
    for (const follower of [{ kind: "handler", id: "mail" } as const, { kind: "subscription", id: "0193" } as const])
      expect(followerOf(followerName(follower))).toEqual(follower);
    expect(followerName({ kind: "handler", id: "mail" })).not.toBe(followerName({ kind: "subscription", id: "mail" }));
  });
});

describe("a parked letter", () => {
  test("comes back as it was parked", async () => {
    const db = await parked([letter(7)]);
    expect(await deadLetter(db, "t", { subscription: "s1", position: 7 })).toEqual(letter(7));
  });

  test("parked again is one letter, with the later attempts", async () => {
    const again = letter(7, {
      attempts: [...letter(7).attempts, ...letter(7).attempts],
      parkedAt: "2026-11-21T00:00:00.000Z",
      event: jsonText({ edited: true }),
    });
    const db = await parked([letter(7), again]);
    expect((await listDeadLetters(db, "t", { filter: {}, ...page })).letters).toEqual([again]);
  });

  test("is its tenant's, its follower's and its position's alone", async () => {
    const db = await parked([letter(7)]);
    expect(await deadLetter(db, "u", { subscription: "s1", position: 7 })).toBeUndefined();
    expect(await deadLetter(db, "t", { subscription: "s2", position: 7 })).toBeUndefined();
    expect(await deadLetter(db, "t", { subscription: "s1", position: 8 })).toBeUndefined();
    expect((await listDeadLetters(db, "u", { filter: {}, ...page })).letters).toEqual([]);
  });

  test("taken out is gone, and no other with it", async () => {
    const db = await parked([letter(1), letter(2), letter(3), letter(2, { subscription: "s2" })]);
    await parkDeadLetter(db, "u", letter(2));
    await unparkDeadLetters(db, "t", "s1", [2, 3, 99]);
    expect((await listDeadLetters(db, "t", { filter: {}, ...page })).letters.map((one) => [one.subscription, one.position])).toEqual([
      ["s1", 1],
      ["s2", 2],
    ]);
    expect(await deadLetter(db, "u", { subscription: "s1", position: 2 })).toEqual(letter(2));
  });

  test("goes with its follower", async () => {
    const db = await parked([letter(1), letter(2), letter(3, { subscription: "s2" })]);
    await forgetDeadLetters(db, "t", "s1");
    expect(await positionsOf(db)).toEqual([3]);
  });
});

describe("the list", () => {
  const mixed = [
    letter(1),
    letter(2, { type: "commerce.stock.Reserved", stream: "stock-1" }),
    letter(3, { subscription: "handler:mail", type: "users.Registered" }),
    letter(4, { type: "commerce", stream: "stock-1" }),
  ];
  test.each<[LetterFilter, readonly number[]]>([
    [{}, [1, 2, 3, 4]],
    [{ subscription: "s1" }, [1, 2, 4]],
    [{ subscription: "handler:mail" }, [3]],
    [{ type: "commerce.OrderPlaced" }, [1]],
    [{ type: "commerce.*" }, [1]],
    [{ type: "commerce.#" }, [1, 2, 4]],
    [{ type: "*.Registered" }, [3]],
    [{ type: "commerce" }, [4]],
    [{ stream: "stock-1" }, [2, 4]],
    [{ stream: "stock-1", type: "#.Reserved" }, [2]],
    [{ since: "2026-11-20T10:00:00.002Z" }, [2, 3, 4]],
    [{ until: "2026-11-20T10:00:00.002Z" }, [1]],
    [{ since: "2026-11-20T10:00:00.002Z", until: "2026-11-20T10:00:00.004Z", subscription: "s1" }, [2]],
    [{ subscription: "s1' OR '1'='1" }, []],
  ])("of %j is %j", async (filter, positions) => {
    expect(await positionsOf(await parked(mixed), filter)).toEqual(positions);
  });

  test("is in the order of parking, and ends where it ends, whatever the pages", async () => {
    const at = (n: number) => `2026-11-20T10:00:00.${String(n).padStart(3, "0")}Z`;
    // Several at one time, and later positions parked earlier.
    const letters = Array.from({ length: 20 }, (_, n) => letter(n + 1, { parkedAt: at(9 - Math.floor(n / 4)), subscription: `s${n % 3}` }));
    const db = await parked(letters);
    const whole = (await listDeadLetters(db, "t", { filter: {}, limit: 100, maxBytes: 1_000_000 })).letters;
    const sorted = letters.toSorted((a, b) =>
      a.parkedAt < b.parkedAt
        ? -1
        : a.parkedAt > b.parkedAt
          ? 1
          : a.subscription < b.subscription
            ? -1
            : a.subscription > b.subscription
              ? 1
              : a.position - b.position,
    );
    expect(whole).toEqual(sorted);
    for (const limit of [1, 3, 19, 20]) {
      const found: ParkedLetter[] = [];
      let after: Awaited<ReturnType<typeof listDeadLetters>>["next"];
      do {
        const { letters, next } = await listDeadLetters(db, "t", { filter: {}, limit, maxBytes: 1_000_000, ...(after && { after }) });
        expect(letters.length).toBeLessThanOrEqual(limit);
        found.push(...letters);
        after = next;
      } while (after !== undefined);
      expect(found, `pages of ${limit}`).toEqual(whole);
    }
  });

  test("ends a page before it grows too large, but has at least one in it", async () => {
    const big = (n: number) => letter(n, { event: jsonText("x".repeat(1_000)) });
    const db = await parked([big(1), big(2), big(3)]);
    const first = await listDeadLetters(db, "t", { filter: {}, limit: 100, maxBytes: 2_500 });
    expect([first.letters.map(({ position }) => position), first.next?.position]).toEqual([[1, 2], 2]);
    const small = await listDeadLetters(db, "t", { filter: {}, limit: 100, maxBytes: 1 });
    expect([small.letters.length, small.next?.position]).toEqual([1, 1]);
  });

  test("looks at 10,000 in one go: a page may be empty though there are more", async () => {
    const { db, database } = views();
    database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ${MAX_LETTERS_LOOKED_AT})
      INSERT INTO dead_letters SELECT 't', 's1', i, 'a-1', iif(i > ${MAX_LETTERS_LOOKED_AT}, 'rare.Thing', 'usual.Thing'), '{}', '[]', '2026' FROM n`);
    const first = await listDeadLetters(db, "t", { filter: { type: "rare.#" }, ...page });
    expect([first.letters, first.next?.position]).toEqual([[], MAX_LETTERS_LOOKED_AT]);
    const second = await listDeadLetters(db, "t", { filter: { type: "rare.#" }, ...page, ...(first.next && { after: first.next }) });
    expect([second.letters.map(({ position }) => position), second.next]).toEqual([[MAX_LETTERS_LOOKED_AT + 1], undefined]);
  });
});

describe("the followers that have dead letters", () => {
  test("are named once each, where one of theirs matches", async () => {
    const db = await parked([
      letter(1, { subscription: "b" }),
      letter(2, { subscription: "b" }),
      letter(3, { subscription: "a", type: "users.Registered" }),
      letter(4, { subscription: "handler:c", type: "users.Registered", stream: "user-1" }),
    ]);
    const of = (filter: LetterFilter, limit = 10) => followersWithDeadLetters(db, "t", filter, limit);
    expect(await of({})).toEqual(["a", "b", "handler:c"]);
    expect(await of({ type: "users.*" })).toEqual(["a", "handler:c"]);
    expect(await of({ type: "users.*", stream: "user-1" })).toEqual(["handler:c"]);
    expect(await of({ subscription: "b", type: "users.*" })).toEqual([]);
    expect(await of({}, 2)).toEqual(["a", "b"]);
    expect(await followersWithDeadLetters(db, "u", {}, 10)).toEqual([]);
  });
});

test("a page of the list is read by its index, and sorts only what it shows", async () => {
  const { db, database, asked } = views();
  for (const n of [1, 2, 3]) await parkDeadLetter(db, "t", letter(n));
  asked.length = 0;
  await listDeadLetters(db, "t", { filter: {}, limit: 1, maxBytes: 1, after: { parkedAt: "", subscription: "", position: 0 } });
  const [light, full] = asked.map(([sql, params]) => JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...params)));
  expect(light).toMatch(/USING INDEX dead_letters_by_time/);
  expect(light).not.toMatch(/TEMP B-TREE FOR ORDER BY"|SCAN dead_letters/);
  expect(full).toMatch(/SEARCH dead_letters USING PRIMARY KEY/);
});
