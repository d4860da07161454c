import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FoundRow, type RowQuery, selectRow, selectRows } from "../../src/views/read-rows.ts";
import { append, deliver, draft, env } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const write = async (tenant: string, id: string, text: string, stars?: number): Promise<void> =>
  add(tenant, id, "notes.Written", { text, ...(stars !== undefined && { stars }) });

async function add(tenant: string, id: string, type: string, data: object): Promise<void> {
  await append(tenant, `note-${id}`, [draft(type, data)]);
  await deliver(faults.captured?.splice(0) ?? []);
}

const found = async (tenant: string, query: Partial<RowQuery> = {}): Promise<readonly FoundRow[]> =>
  (await selectRows(env.VIEWS_0, { tenant, view: "notes", where: [], limit: 100, ...query }).all<FoundRow>()).results;
const list = async (tenant: string, query: Partial<RowQuery> = {}): Promise<readonly string[]> => (await found(tenant, query)).map(({ key }) => key);
const row = async (tenant: string, key: string): Promise<unknown> => {
  const one = await selectRow(env.VIEWS_0, { tenant, view: "notes", key }).first<FoundRow>();
  return one && JSON.parse(one.row);
};

describe("a declared view", () => {
  test("has the row that the events make, writes it again with each, and drops it when there is none any more", async () => {
    await write("rows-1", "a", "hello");
    expect(await row("rows-1", "a")).toEqual({ noteId: "a", text: "hello", stars: 0, isLong: false, author: null });
    await add("rows-1", "a", "notes.Starred", {});
    await add("rows-1", "a", "notes.Starred", {});
    expect(await row("rows-1", "a")).toMatchObject({ stars: 2 });
    await add("rows-1", "a", "notes.Erased", {});
    expect(await row("rows-1", "a")).toBeNull();
    expect(await list("rows-1")).toEqual([]);
  });

  test("folds many events of one row that come together, in their order", async () => {
    await append("rows-2", "note-a", [
      draft("notes.Written", { text: "x" }),
      draft("notes.Starred", {}),
      draft("notes.Erased", {}),
      draft("notes.Written", { text: "y" }),
      draft("notes.Starred", {}),
    ]);
    await deliver(faults.captured?.splice(0) ?? []);
    expect(await row("rows-2", "a")).toMatchObject({ text: "y", stars: 1 });
  });

  test("is filtered by its columns, booleans and numbers among them, and sorted either way", async () => {
    const tenant = "rows-3";
    await write(tenant, "a", "short", 2);
    await write(tenant, "b", "a text of over twenty letters", 1);
    await write(tenant, "c", "short", 3);
    expect(await list(tenant, { where: [{ column: "text", value: "short" }] })).toEqual(["a", "c"]);
    expect(await list(tenant, { where: [{ column: "isLong", value: 1 }] })).toEqual(["b"]);
    expect(
      await list(tenant, {
        where: [
          { column: "stars", value: 3 },
          { column: "text", value: "short" },
        ],
      }),
    ).toEqual(["c"]);
    expect(await list(tenant, { sort: { column: "stars", isDescending: false } })).toEqual(["b", "a", "c"]);
    expect(await list(tenant, { sort: { column: "stars", isDescending: true } })).toEqual(["c", "a", "b"]);
  });

  test.each([
    ["up", false],
    ["down", true],
  ])("is paged %s through equal and missing values without a gap or a repeat", async (_, isDescending) => {
    const tenant = `rows-4-${isDescending}`;
    for (let n = 0; n < 12; n++) await write(tenant, `n${String(n).padStart(2, "0")}`, "t", n % 3);
    await env.VIEWS_0.prepare("UPDATE view_rows SET row = json_remove(row, '$.stars') WHERE scope = ? AND key IN ('n01', 'n05')").bind(tenant).run();
    const sort = { column: "stars", isDescending };
    const whole = await found(tenant, { sort });
    const paged: string[] = [];
    for (let after: RowQuery["after"]; ;) {
      const page = await found(tenant, { limit: 2, sort, ...(after && { after }) });
      paged.push(...page.map(({ key }) => key));
      const last = page.at(-1);
      if (last === undefined) break;
      after = { value: last.value, key: last.key };
    }
    expect(paged).toEqual(whole.map(({ key }) => key));
    expect(paged).toHaveLength(12);
  });

  test("is searched by words and their beginnings, without accents, and never over another tenant's rows", async () => {
    await write("rows-5", "a", "Crème brûlée for dessert");
    await write("rows-5", "b", "cream of mushroom");
    await write("rows-6", "a", "creme for shoes");
    expect(await list("rows-5", { search: "creme" })).toEqual(["a"]);
    expect(await list("rows-5", { search: "dess" })).toEqual(["a"]);
    expect(await list("rows-5", { search: "cr" })).toEqual(["a", "b"]);
    expect(await list("rows-5", { search: "cream mush" })).toEqual(["b"]);
    expect(await list("rows-5", { search: "shoes" })).toEqual([]);
    await write("rows-5", "a", "nothing sweet");
    expect(await list("rows-5", { search: "creme" })).toEqual([]);
    await add("rows-5", "b", "notes.Erased", {});
    expect(await list("rows-5", { search: "cream" })).toEqual([]);
  });

  test.each(['"', "'", "a AND", "NEAR(", "scope:x", "*", "-", "a OR b", "text : x", "👍", ")", "--", "%00"])(
    "a search for %s is words, never syntax",
    async (search) => {
      await write("rows-7", "a", "nothing of that");
      await expect(list("rows-7", { search })).resolves.toEqual(expect.any(Array));
    },
  );

  test("costs one row for each that has changed, and none for one that has not", async () => {
    await write("rows-8", "a", "same");
    const before = await env.VIEWS_0.prepare("SELECT row FROM view_rows WHERE scope = 'rows-8'").first();
    await write("rows-8", "a", "same");
    expect(await env.VIEWS_0.prepare("SELECT row FROM view_rows WHERE scope = 'rows-8'").first()).toEqual(before);
  });
});
