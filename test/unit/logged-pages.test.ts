import { expect, test } from "vitest";
import { LoggedPages, MOST_HANDED_ON } from "../../src/log/logged-page.ts";

const head = (position: number) => ({ position, epoch: "e" });
const written = (after: number, rows: readonly string[]) => ({ after, to: after + rows.length, entryAt: `entry-${after}`, rows });

test("each transaction of a run is a page, behind the one before, for each tenant", () => {
  const pages = new LoggedPages();
  pages.add("a", written(5, ["6", "7"]));
  pages.add("b", { ...written(0, ["1"]), entryAt: null });
  pages.add("a", written(7, ["8"]));
  expect(pages.upTo("a", head(8))).toEqual([
    { after: 5, to: 7, entryAt: "entry-5", rows: "[6,7]" },
    { after: 7, to: 8, entryAt: "entry-7", rows: "[8]" },
  ]);
  expect(pages.upTo("b", head(1))).toEqual([{ after: 0, to: 1, entryAt: null, rows: "[1]" }]);
  expect(pages.upTo("c", head(1))).toEqual([]);
});

test("what another wrote in between is missing, and with it what came before", () => {
  const pages = new LoggedPages();
  pages.add("a", written(5, ["6", "7"]));
  pages.add("a", written(8, ["9"]));
  expect(pages.upTo("a", head(9))).toMatchObject([{ after: 8, to: 9 }]);
  pages.add("a", written(9, ["10"]));
  expect(pages.upTo("a", head(10))).toMatchObject([{ after: 8 }, { after: 9 }]);
});

test("they are good for the head that they end at, and for no other", () => {
  const pages = new LoggedPages();
  pages.add("a", written(5, ["6", "7"]));
  expect(pages.upTo("a", head(8))).toEqual([]);
  expect(pages.upTo("a", head(7))).toHaveLength(1);
});

test("a row that is too large to be handed on is missing, and with it what came before", () => {
  const pages = new LoggedPages();
  pages.add("a", written(0, ["1"]));
  pages.add("a", { after: 1, to: 2, entryAt: "entry-1", rows: undefined });
  expect(pages.upTo("a", head(2))).toEqual([]);
  pages.add("a", written(2, ["3"]));
  expect(pages.upTo("a", head(3))).toMatchObject([{ after: 2, to: 3 }]);
});

test("all of them together are handed on up to a number of characters, and else none", () => {
  const half = "x".repeat(MOST_HANDED_ON / 2 - 2);
  const pages = new LoggedPages();
  pages.add("a", written(0, [half]));
  pages.add("a", written(1, [half]));
  expect(pages.upTo("a", head(2))).toHaveLength(2);
  pages.add("a", written(2, ["3"]));
  expect(pages.upTo("a", head(3))).toEqual([]);
});
