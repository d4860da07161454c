import { describe, expect, test } from "vitest";
import { FreshPages } from "../../durable-objects/dispatcher/fresh-pages.ts";
import type { JsonText, LoggedPage, MarkedEvent } from "../../src/kernel/index.ts";

const head = (position: number, epoch = "e") => ({ position, epoch });
const page = (after: number, count: number, rows = ""): LoggedPage => ({ after, to: after + count, entryAt: `entry-${after}`, rows: rows as JsonText });

/** Pages of events that are known by their positions; how often each was read is counted. */
function held(): { readonly pages: FreshPages; readonly read: number[] } {
  const read: number[] = [];
  const pages = new FreshPages(({ after, to }) => {
    read.push(after);
    return Array.from({ length: to - after }, (_, at) => ({ position: after + at + 1, entry: `entry-${after + at + 1}` }) as MarkedEvent);
  });
  return { pages, read };
}
const positions = (pages: FreshPages, after: number) => pages.after(after)?.events.map(({ position }) => position);

describe("what has just come into the log", () => {
  test("is given to whoever stands before it, as one page behind the other, with the head as it is by now", () => {
    const { pages } = held();
    pages.add(head(3), [page(0, 2), page(2, 1)]);
    pages.add(head(5), [page(3, 2)]);
    expect(pages.after(0)).toMatchObject({ position: 5, epoch: "e", entryAt: "entry-0" });
    expect(positions(pages, 0)).toEqual([1, 2, 3, 4, 5]);
    expect(positions(pages, 3)).toEqual([4, 5]);
    expect(pages.after(5)).toBeUndefined();
  });

  test("is given to who stands within a page, with the mark of the event that he stands at", () => {
    const { pages } = held();
    pages.add(head(9), [page(5, 4)]);
    expect(pages.after(7)).toMatchObject({ entryAt: "entry-7" });
    expect(positions(pages, 7)).toEqual([8, 9]);
    expect(pages.after(4)).toBeUndefined();
  });

  test("is read once, however many ask, and not at all where nobody does", () => {
    const { pages, read } = held();
    pages.add(head(3), [page(0, 2), page(2, 1)]);
    expect(read).toEqual([]);
    pages.after(2);
    pages.after(2);
    expect(read).toEqual([2]);
  });

  test("is given in slices of at most 500 events or a million characters, but a page at least", () => {
    const { pages } = held();
    pages.add(head(1_101), [page(0, 400), page(400, 100), page(500, 1), page(501, 600)]);
    expect(positions(pages, 0)).toHaveLength(500);
    expect(positions(pages, 500)).toEqual([501]);
    expect(positions(pages, 501)).toHaveLength(600);
    const { pages: long } = held();
    long.add(head(3), [page(0, 1, "x".repeat(600_000)), page(1, 1, "x".repeat(600_000)), page(2, 1)]);
    expect(positions(long, 0)).toEqual([1]);
    expect(positions(long, 1)).toEqual([2, 3]);
  });

  test("takes the place of what it does not stand behind, and of what is of another log", () => {
    const { pages } = held();
    pages.add(head(2), [page(0, 2)]);
    pages.add(head(6), [page(4, 2)]);
    expect(pages.after(0)).toBeUndefined();
    expect(positions(pages, 4)).toEqual([5, 6]);
    pages.add(head(8, "another"), [page(6, 2)]);
    expect(pages.after(4)).toBeUndefined();
    expect(pages.after(6)).toMatchObject({ epoch: "another" });
  });

  test("changes nothing where nothing was handed on", () => {
    const { pages } = held();
    pages.add(head(2), [page(0, 2)]);
    pages.add(head(9), []);
    expect(pages.after(0)).toMatchObject({ position: 2 });
  });

  test("is held up to 4 million characters: the oldest goes first", () => {
    const { pages } = held();
    const long = "x".repeat(1_500_000);
    pages.add(head(3), [page(0, 1, long), page(1, 1, long), page(2, 1, long)]);
    expect(pages.after(0)).toBeUndefined();
    expect(positions(pages, 1)).toEqual([2]);
  });

  test("is forgotten once nobody wants it, page by page, and wholly where the log is to be read", () => {
    const { pages } = held();
    pages.add(head(4), [page(0, 2), page(2, 2)]);
    pages.forget(1);
    expect(positions(pages, 0)).toHaveLength(4);
    pages.forget(2);
    expect(pages.after(0)).toBeUndefined();
    expect(positions(pages, 2)).toEqual([3, 4]);
    pages.clear();
    expect(pages.after(2)).toBeUndefined();
  });
});
