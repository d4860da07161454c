import { beforeEach, afterEach, describe, expect, test } from "vitest";
import { READ_SCOPE, readGenerations, readOf, scopeOf } from "../../src/views/generations.ts";
import { type FoundRow, type RowQuery, selectRows } from "../../src/views/read-rows.ts";
import { rowView } from "../../src/views/row-view.ts";
import { append, deliver, draft, env } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { notes, testViews } from "../support/worker.ts";

/** The view `notes`, and the same under another name with two columns indexed. */
const indexed = { ...notes, name: "indexed_notes", search: [], index: ["text", "stars", "isLong", "author"] };
testViews.push(rowView(indexed));

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const collect = (): Promise<readonly string[]> => deliver(faults.captured?.splice(0) ?? []);

/** Notes with these texts and stars, by id. */
async function write(tenant: string, texts: Readonly<Record<string, readonly [text: string, stars: number]>>): Promise<void> {
  for (const [id, [text, stars]] of Object.entries(texts)) await append(tenant, `note-${id}`, [draft("notes.Written", { text, stars })]);
  await collect();
}

async function ask(tenant: string, column: string, value: string | number, more: Partial<RowQuery> = {}) {
  const query = { tenant, view: "indexed_notes", where: [{ column, value, isIndexed: true }], limit: 100, ...more };
  const { results, meta } = await selectRows(env.VIEWS_0, query).all<FoundRow>();
  const scanned = { ...query, view: "notes", where: query.where.map(({ column, value }) => ({ column, value })) };
  // What the index finds is what a look at every row finds.
  expect((await selectRows(env.VIEWS_0, scanned).all<FoundRow>()).results.map(({ row }) => row)).toEqual(results.map(({ row }) => row));
  return { keys: results.map(({ key }) => key), read: meta.rows_read };
}

describe("a filter by an indexed column", () => {
  test("finds what a look at every row finds: texts, numbers, booleans, nothing for null, sorted and paged", async () => {
    const tenant = "index-1";
    await write(tenant, { a: ["x", 1], b: ["y", 2], c: ["x", 3], d: ["a text of over twenty letters", 1], e: ["x", 0] });
    expect((await ask(tenant, "text", "x")).keys).toEqual(["a", "c", "e"]);
    expect((await ask(tenant, "stars", 1)).keys).toEqual(["a", "d"]);
    expect((await ask(tenant, "stars", 1.5)).keys).toEqual([]);
    expect((await ask(tenant, "stars", "1")).keys).toEqual([]);
    expect((await ask(tenant, "isLong", 1)).keys).toEqual(["d"]);
    expect((await ask(tenant, "author", "")).keys).toEqual([]);
    expect((await ask(tenant, "text", "x", { sort: { column: "stars", isDescending: true } })).keys).toEqual(["c", "a", "e"]);
    expect((await ask(tenant, "text", "x", { after: { value: null, key: "a" }, limit: 1 })).keys).toEqual(["c"]);
  });

  test("finds rows by what they are now, and none that are gone", async () => {
    const tenant = "index-2";
    await write(tenant, { a: ["x", 1], b: ["x", 1] });
    await write(tenant, { a: ["y", 1] });
    await append(tenant, "note-b", [draft("notes.Erased", {})]);
    await collect();
    expect((await ask(tenant, "text", "x")).keys).toEqual([]);
    expect((await ask(tenant, "text", "y")).keys).toEqual(["a"]);
    const { results } = await env.VIEWS_0.prepare("SELECT count(*) AS entries FROM view_index WHERE scope = ?").bind(tenant).all();
    expect(results).toEqual([{ entries: 3 }]);
  });

  test("reads three rows for each that matches, where a look at every row reads all", async () => {
    const tenant = "index-3";
    await write(tenant, Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`n${n}`, [`t${n % 20}`, n] as const])));
    const none = await ask(tenant, "text", "none");
    const three = await ask(tenant, "text", "t7");
    expect([none.keys.length, three.keys.length, three.read - none.read]).toEqual([0, 3, 9]);
    // What finds the scope, whatever is asked.
    expect(none.read).toBeLessThan(10);
    const { meta } = await selectRows(env.VIEWS_0, { tenant, view: "notes", where: [{ column: "text", value: "t7" }], limit: 100 }).all();
    expect(meta.rows_read).toBeGreaterThanOrEqual(60);
  });

  test("costs one row written for each value that is new, none for one that stays, and nothing where no column is indexed", async () => {
    const tenant = "index-4";
    const written = async (name: string, text: string, stars: number): Promise<number> => {
      const view = rowView(name === "plain" ? { ...notes, name: "plain", search: [] } : indexed);
      const event = { type: "notes.Written", stream: `note-${name}`, schemaVersion: 1, data: JSON.stringify({ text, stars }), metadata: {} } as never;
      const read = view.reads?.(tenant, [event]);
      const rows =
        read &&
        (
          await env.VIEWS_0.prepare(read.sql)
            .bind(...read.params)
            .all<Record<string, unknown>>()
        ).results;
      const statements = view.fold(tenant, [event], rows ?? []).map(({ sql, params }) => env.VIEWS_0.prepare(sql).bind(...params));
      const results = statements.length > 0 ? await env.VIEWS_0.batch(statements) : [];
      return results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
    };
    expect(await written("plain", "x", 1)).toBe(1);
    // The row, and three columns that have a value.
    expect(await written("one", "x", 1)).toBe(1 + 3);
    expect(await written("one", "x", 1)).toBe(0);
    // The row, one entry that goes and one that comes.
    expect(await written("one", "x", 2)).toBe(1 + 2);
  });
});

test("the scope that a read finds for itself is the one that the generations say, whatever they are", async () => {
  const plain = ["live", "frozen", "old", "discarding", "compared"].map((state) => [state, ""] as const);
  const kinds = [...plain, ...["catch-up", "rebuild", ""].map((purpose) => ["building", purpose] as const)];
  const insert = (tenant: string, generation: number, [state, purpose]: readonly [string, string]): D1PreparedStatement =>
    env.VIEWS_0.prepare("INSERT INTO view_generations (tenant, view, generation, version, state, purpose) VALUES (?, 'v', ?, 1, ?, ?)").bind(
      tenant,
      generation,
      state,
      purpose,
    );
  const tenants = ["scope-none", ...kinds.flatMap((_, one) => kinds.map((_, other) => `scope-${one}-${other}`))];
  await env.VIEWS_0.batch(
    kinds.flatMap((first, one) => kinds.flatMap((second, other) => [insert(`scope-${one}-${other}`, 0, first), insert(`scope-${one}-${other}`, 1, second)])),
  );
  for (const tenant of tenants) {
    const said = scopeOf(tenant, readOf(await readGenerations(env.VIEWS_0, tenant), "v")?.generation ?? 0);
    const found = await env.VIEWS_0.prepare(`SELECT ${READ_SCOPE} AS scope`).bind(tenant, "v").first("scope");
    expect(found, tenant).toBe(said);
  }
});
