import { expect, test } from "vitest";
import { LoggedPages, PAGE_EVENTS } from "../../src/log/logged-page.ts";

const head = (position: number) => ({ position, epoch: "e" });

test("what several transactions of one run write behind each other is one page", () => {
  const pages = new LoggedPages();
  pages.add("a", { after: 5, entryAt: "entry-5", rows: ["6", "7"] });
  pages.add("b", { after: 0, entryAt: null, rows: ["1"] });
  pages.add("a", { after: 7, entryAt: "entry-7", rows: ["8"] });
  expect(pages.upTo("a", head(8))).toEqual({ after: 5, entryAt: "entry-5", rows: "[6,7,8]" });
  expect(pages.upTo("b", head(1))).toEqual({ after: 0, entryAt: null, rows: "[1]" });
  expect(pages.upTo("c", head(1))).toBeUndefined();
});

test("what another wrote in between makes it none, and so it stays", () => {
  const pages = new LoggedPages();
  pages.add("a", { after: 5, entryAt: "entry-5", rows: ["6", "7"] });
  pages.add("a", { after: 8, entryAt: "entry-8", rows: ["9"] });
  expect(pages.upTo("a", head(9))).toBeUndefined();
  pages.add("a", { after: 9, entryAt: "entry-9", rows: ["10"] });
  expect(pages.upTo("a", head(10))).toBeUndefined();
});

test("it is good for the head that it ends at, and for no other", () => {
  const pages = new LoggedPages();
  pages.add("a", { after: 5, entryAt: "entry-5", rows: ["6", "7"] });
  expect(pages.upTo("a", head(8))).toBeUndefined();
  expect(pages.upTo("a", head(7))).toBeDefined();
});

test("more events, more characters, or a row that is too large to be handed on make it none", () => {
  const pages = new LoggedPages();
  pages.add("many", { after: 0, entryAt: null, rows: Array.from({ length: PAGE_EVENTS }, () => "0") });
  expect(pages.upTo("many", head(PAGE_EVENTS))).toBeDefined();
  pages.add("many", { after: PAGE_EVENTS, entryAt: "entry", rows: ["0"] });
  expect(pages.upTo("many", head(PAGE_EVENTS + 1))).toBeUndefined();
  pages.add("long", { after: 0, entryAt: null, rows: ["x".repeat(1_000_001)] });
  expect(pages.upTo("long", head(1))).toBeUndefined();
  pages.add("long", { after: 1, entryAt: "entry", rows: ["0"] });
  expect(pages.upTo("long", head(2))).toBeUndefined();
  pages.add("large", { after: 0, entryAt: null, rows: [] });
  pages.add("large", { after: 1, entryAt: "entry", rows: ["0"] });
  expect(pages.upTo("large", head(2))).toBeUndefined();
});
