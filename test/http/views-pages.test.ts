import { describe, expect, test } from "vitest";
import { sendCloudEvents } from "../support/cloudevents.ts";
import { everything, expectProblem, get, newerThan, ok, type Page, pages } from "../support/http.ts";
import { command, type Fields, rowAfter, rowsOf, upTo } from "./commands.ts";

const tenant = { "tenant-id": "views-pages" };
const sku = (n: number): string => `sku.${String(n).padStart(3, "0")}`;
/** Pieces of a sku: five values that many share, so that a page can end between equals. */
const pieces = (n: number): number => 1 + (n % 5);
const COUNT = 130;

/** All skus in a few requests: every third has a threshold, a sorted column that is null elsewhere. */
async function fill(): Promise<void> {
  const of = (n: number, type: string, data: object, id: string) => ({ specversion: "1.0", id, source: "/fill", type, stream: `inventory-${sku(n)}`, data });
  const batch = upTo(COUNT).flatMap((n) => [
    of(n, "commerce.StockReceived", { quantity: pieces(n) }, `r${n}`),
    ...(n % 3 === 0 ? [of(n, "commerce.LowStockThresholdSet", { threshold: n % 2 }, `t${n}`)] : []),
  ]);
  ok(await sendCloudEvents("/v1/events", batch, tenant));
  // To over 32 streams there is no token: the view is there once it stands at the last of the events.
  const position = async (): Promise<number> => Number((await get("/v1/views/stock?limit=1", tenant)).headers.get("x-view-position"));
  for (let turn = 0; (await position()) < batch.length && turn < 200; turn++) await scheduler.wait(50);
}
const filled = fill();

const keys = (rows: readonly Fields[]): readonly unknown[] => rows.map(({ sku }) => sku);
const NULLS_FIRST = Number.NEGATIVE_INFINITY;
const order = (column: string, sign: number) => (one: Fields, other: Fields) => {
  const [left, right] = [one, other].map((row) => (row[column] === null ? NULLS_FIRST : Number(row[column]))) as [number, number];
  return left === right ? (String(one["sku"]) < String(other["sku"]) ? -1 : 1) : sign * (left < right ? -1 : 1);
};

describe("page by page a view gives every row once", () => {
  test.each(["", "sort=available", "sort=-available", "sort=threshold", "sort=-threshold", "sort=low", "sort=-low", "sort=sku", "sort=-sku"])(
    "with %s",
    async (sort) => {
      await filled;
      const all = await rowsOf("stock?limit=1000", tenant);
      expect(all).toHaveLength(COUNT);
      const column = sort.replace(/^sort=-?/, "") || "sku";
      const expected = column === "sku" ? (sort === "sort=-sku" ? all.toReversed() : all) : all.toSorted(order(column, sort.includes("-") ? -1 : 1));
      for (const limit of [7, 65, 130, 131]) {
        const given = await pages<Fields>(`/v1/views/stock?limit=${limit}${sort === "" ? "" : `&${sort}`}`, tenant);
        expect(keys(given.flatMap(({ items }) => items))).toEqual(keys(expected));
        expect(given).toHaveLength(Math.ceil(COUNT / limit));
        expect(given.every(({ items, next }) => items.length === limit || next === null)).toBe(true);
      }
    },
  );

  test("under a filter", async () => {
    await filled;
    const wanted = upTo(COUNT)
      .filter((n) => pieces(n) === 2)
      .map(sku);
    expect(keys(await everything<Fields>("/v1/views/stock?available=2&limit=4", tenant))).toEqual(wanted);
    expect(keys(await everything<Fields>("/v1/views/stock?available=2&limit=4&sort=-sku", tenant))).toEqual(wanted.toReversed());
  });

  test("while rows change and rows come: no row that stays is missing, and none is there twice", async () => {
    await filled;
    const own = { "tenant-id": "views-moving" };
    const firsts = upTo(40).map((n) => `k.${String(2 * n).padStart(3, "0")}`);
    for (const id of firsts) await rowAfter(`stock/${id}`, await command(`inventory/${id}/Receive`, { quantity: 1 }, own), own);
    const seen: unknown[] = [];
    let cursor = "";
    for (let page = 1; page < 100; page++) {
      const { items, next } = ok<Page<Fields>>(await get(`/v1/views/stock?limit=3${cursor}`, own));
      seen.push(...keys(items));
      if (next === null) break;
      cursor = `&cursor=${encodeURIComponent(next)}`;
      const odd = await command(`inventory/k.${String(2 * page + 1).padStart(3, "0")}/Receive`, { quantity: 1 }, own);
      await command(`inventory/${firsts[page % 40]}/Receive`, { quantity: 9 }, own);
      await get("/v1/views/stock?limit=1", { ...own, ...newerThan(odd) });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((key) => firsts.includes(key as string))).toEqual(firsts);
    expect(seen).toEqual(seen.toSorted());
  });
});

describe("a cursor", () => {
  const cursorOf = async (path: string): Promise<string> => encodeURIComponent(ok<Page>(await get(`/v1/views/${path}`, tenant)).next ?? "");

  test("is 422 with another sort, in another view, and where it is none", async () => {
    await filled;
    const bySku = await cursorOf("stock?limit=1");
    const byAvailable = await cursorOf("stock?limit=1&sort=available");
    for (const path of [
      `stock?sort=available&cursor=${bySku}`,
      `stock?sort=-available&cursor=${byAvailable}`,
      `stock?sort=threshold&cursor=${byAvailable}`,
      `stock?cursor=${byAvailable}`,
      `order_summary?cursor=${bySku}`,
      `stock?cursor=x`,
      `stock?cursor=${bySku}x`,
    ])
      expect(expectProblem(await get(`/v1/views/${path}`, tenant), 422).errors?.map(({ path }) => path)).toEqual(["cursor"]);
    expect(keys(await rowsOf(`stock?limit=1&cursor=${bySku}`, tenant))).toEqual([sku(2)]);
  });
});
