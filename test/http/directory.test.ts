import { beforeAll, describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, ok, type Page, pages, send } from "../support/http.ts";

interface Entry {
  readonly stream: string;
  readonly category: string;
  readonly version: number;
}

const tenant = { "tenant-id": "librarian" };
const opened = { type: "x.Opened", data: 1 };
const names = ["book-1", "book-10", "book-2", "book-A_1", "book-AB1", "book-a_1", "book-ab1", "book-a~1", "bookshelf-1", "film-1"];
const fresh: Record<string, string> = { ...tenant };

const list = async (query: string): Promise<string[]> => (await everything<Entry>(`/v1/streams${query}`, fresh)).map(({ stream }) => stream);

beforeAll(async () => {
  for (const name of names) {
    const answer = await append(name, [opened], tenant);
    await get("/v1/streams?limit=1", { ...tenant, ...newerThan(answer) });
  }
  Object.assign(fresh, newerThan(await append("film-1", [opened], tenant)));
});

describe("the directory", () => {
  test("lists every stream once", async () => {
    expect((await list("")).sort()).toEqual([...names].sort());
  });

  test("says each stream's category and version", async () => {
    const entries = await everything<Entry>("/v1/streams", fresh);
    expect(entries.find(({ stream }) => stream === "film-1")).toMatchObject({ category: "film", version: 2 });
    expect(entries.find(({ stream }) => stream === "book-A_1")).toMatchObject({ category: "book", version: 1 });
  });

  test("is narrowed to a category, and not to what begins like it", async () => {
    expect(await list("?category=bookshelf")).toEqual(["bookshelf-1"]);
    expect((await list("?category=book")).sort()).toEqual(names.filter((name) => name.startsWith("book-")).sort());
    expect(await list("?category=boo")).toEqual([]);
  });

  test.each(["book", "book-", "book-1", "book-10", "book-a", "book-A", "book-a_", "film-1", "b", "nothing"])(
    "is narrowed to the prefix %s, to the letter",
    async (prefix) => {
      expect((await list(`?prefix=${prefix}`)).sort()).toEqual(names.filter((name) => name.startsWith(prefix)).sort());
    },
  );

  test.each(["book-%25", "%25", "book-_", "_", "book-*", "BOOK"])("takes %s in a prefix for what it is", async (prefix) => {
    expect(await list(`?prefix=${prefix}`)).toEqual([]);
  });

  test("takes category and prefix together", async () => {
    expect((await list("?category=book&prefix=book-1")).sort()).toEqual(["book-1", "book-10"]);
    expect(await list("?category=film&prefix=book-1")).toEqual([]);
  });

  test.each(["", "category=book&", "prefix=book-a&"])("with ?%slimit=… pages through each stream once", async (query) => {
    const whole = await list(`?${query}`);
    for (const limit of [1, 2, 3, 100]) {
      const all = await pages<Entry>(`/v1/streams?${query}limit=${limit}`, fresh);
      expect(all.flatMap(({ items }) => items.map(({ stream }) => stream))).toEqual(whole);
      expect(Math.max(...all.map(({ items }) => items.length))).toBeLessThanOrEqual(limit);
    }
  });

  test.each(["limit=0", "limit=1001", "limit=x", "cursor=made-up"])("refuses ?%s with 422", async (query) => {
    expectProblem(await get(`/v1/streams?${query}`, tenant), 422);
  });
});

test("a stream is in the directory when its token is shown", async () => {
  for (const n of [1, 2, 3, 4, 5]) {
    const answer = await append(`fresh-${n}`, [opened, opened]);
    const { items } = ok<Page<Entry>>(await get(`/v1/streams?prefix=fresh-${n}`, newerThan(answer)));
    expect(items).toMatchObject([{ stream: `fresh-${n}`, version: 2 }]);
  }
});

test("the platform's streams are listed only where their category is named", async () => {
  const shop = { "tenant-id": "shopkeeper" };
  const source = await send("PUT", "/v1/sources/shop", { scheme: "github", secret: "a secret of some length" }, shop);
  const note = await append("note-1", [opened], shop);
  await get("/v1/streams", { ...shop, ...newerThan(source) });
  expect((await everything<Entry>("/v1/streams", { ...shop, ...newerThan(note) })).map(({ stream }) => stream)).toEqual(["note-1"]);
  for (const prefix of ["r", "n"]) {
    const found = await everything<Entry>(`/v1/streams?prefix=${prefix}`, { ...shop, ...newerThan(source) });
    expect(found.map(({ stream }) => stream)).toEqual(prefix === "n" ? ["note-1"] : []);
  }
  const named = await everything<Entry>("/v1/streams?category=rivulet_source", { ...shop, ...newerThan(source) });
  expect(named.map(({ category }) => category)).toEqual(["rivulet_source"]);
});
