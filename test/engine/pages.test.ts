import { describe, expect, test } from "vitest";
import type { ReadRequest } from "../../durable-objects/aggregate/contract.ts";
import { append, draft, stub, wholeStream } from "../support/engine.ts";

const TENANT = "pages";
const all: ReadRequest = { limit: 1_000, direction: "forward", maxBytes: 8 * 1024 * 1024 };

/** A page's text, the version to go on with, and what was counted. */
async function page(stream: string, more: Partial<ReadRequest> = {}) {
  const { items, next, count } = await stub(TENANT, stream).read({ ...all, ...more });
  return { text: new TextDecoder().decode(items), next, count };
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).byteLength;
const dataOf = (items: readonly object[]): readonly unknown[] =>
  items.map((item) => ("data" in item ? item.data : (item as { data_base64: unknown }).data_base64));

test.each([1, 2, 3, 31, 32, 33, 63, 64, 65, 100, 127])("an append of %i events writes each in its place", async (count) => {
  const stream = `note-${count}`;
  await append(TENANT, stream, [draft("notes.Added", 0)]);
  await append(
    TENANT,
    stream,
    Array.from({ length: count }, (_, n) => draft("notes.Added", n + 1)),
  );
  expect((await wholeStream(TENANT, stream)).map(({ version, data }) => [version, data])).toEqual(Array.from({ length: count + 1 }, (_, n) => [n + 1, n]));
  expect(await stub(TENANT, stream).verify(1, count + 1)).toMatchObject({ valid: true, to: count + 1 });
});

describe("a page is the same, whoever joins it", () => {
  /** What no statement joins: a purged event's data stands for nothing, compressed data is to be inflated, and a string may be base64. */
  const ODD: readonly (readonly [string, unknown, object?])[] = [
    ["compressed data", "long".repeat(4_000)],
    ["a string", "plain"],
    ["base64", "aGVsbG8=", { cloudevent: { dataform: "bytes" } }],
    ["base64 of a text", "aGVsbG8=", { cloudevent: { dataform: "text" } }],
    ["no data", null, { cloudevent: { dataform: "none" } }],
  ];
  const PLAIN: readonly unknown[] = [{ a: "}" }, { ключ: "значение €" }, [1, [2]], {}, [], 0, -1.5, true, false, null, { note: "}}}" }];

  test.each(["forward", "backward"] as const)("%s, among events of all kinds", async (direction) => {
    const stream = `kinds-${direction}`;
    await append(
      TENANT,
      stream,
      PLAIN.map((data, n) => draft(`kinds.Plain${n}`, data, { metadata: { ...draft("a", 0).metadata, note: "}" } })),
    );
    const plain = await page(stream, { direction });
    await append(
      TENANT,
      stream,
      ODD.map(([, data, more]) => draft("kinds.Odd", data, more)),
    );
    const odd = await page(stream, { direction });
    const values = (text: string) => JSON.parse(`[${text}]`) as readonly object[];
    const ordered = <Value>(list: readonly Value[]) => (direction === "forward" ? list : list.toReversed());
    expect(dataOf(values(plain.text))).toEqual(ordered(PLAIN));
    expect(dataOf(values(odd.text))).toEqual(ordered([...PLAIN, ...ODD.map(([, data]) => data)]));
    // The same bytes, although they were joined in another way.
    expect(direction === "forward" ? odd.text.startsWith(`${plain.text},`) : odd.text.endsWith(`,${plain.text}`)).toBe(true);
    // Between pages that no statement joins, and after them.
    const [from, to] = [1, PLAIN.length];
    expect(await page(stream, { direction, from, to })).toMatchObject({ text: plain.text, count: PLAIN.length });
    expect(await page(stream, { direction })).toEqual(odd);
    const base64 = values(odd.text).filter((event) => "data_base64" in event);
    expect(base64).toHaveLength(2);
  });

  test("as lines", async () => {
    await append(TENANT, "kinds-lines", [draft("kinds.Added", { n: 1 }), draft("kinds.Added", { n: 2 })]);
    const lines = await page("kinds-lines", { asLines: true });
    expect(lines.text.split("\n")).toEqual([expect.stringMatching(/^\{.*"data":\{"n":1\}\}$/), expect.stringMatching(/^\{.*"data":\{"n":2\}\}$/), ""]);
    await append(TENANT, "kinds-lines", [draft("kinds.Added", "a string")]);
    expect((await page("kinds-lines", { asLines: true })).text.startsWith(lines.text)).toBe(true);
  });

  test("at its limit of bytes, and one below it", async () => {
    await append(TENANT, "kinds-limit", [draft("kinds.Added", { n: "é" }), draft("kinds.Added", { n: "é" })]);
    const { text } = await page("kinds-limit");
    // A comma is counted for each.
    const exact = bytesOf(text) + 1;
    expect(await page("kinds-limit", { maxBytes: exact })).toMatchObject({ count: 2, next: null });
    expect(await page("kinds-limit", { maxBytes: exact - 1 })).toMatchObject({ count: 1, next: 2 });
    expect(await page("kinds-limit", { maxBytes: exact - 1, direction: "backward" })).toMatchObject({ count: 1, next: 1 });
    expect(await page("kinds-limit", { maxBytes: 1 })).toMatchObject({ count: 1, next: 2 });
  });

  test("that begins beyond the end", async () => {
    await append(TENANT, "kinds-end", [draft("kinds.Added", 1), draft("kinds.Added", 2), draft("kinds.Added", 3)]);
    expect(await page("kinds-end", { direction: "backward", to: 99, limit: 1 })).toMatchObject({ count: 1, next: 2 });
    expect(await page("kinds-end", { direction: "backward", from: 2, to: 99, limit: 2 })).toMatchObject({ count: 2, next: null });
    expect(await page("kinds-end", { from: 4 })).toMatchObject({ count: 0, next: null });
    expect(await page("kinds-end", { from: 2, to: 99 })).toMatchObject({ count: 2, next: null });
  });

  test("where it is larger than any value that SQLite takes", async () => {
    const events = Array.from({ length: 100 }, (_, n) => draft("kinds.Added", { n, note: "x".repeat(8_000) }));
    for (let part = 0; part < 12; part++) await append(TENANT, "kinds-large", events);
    const { text, count, next } = await page("kinds-large", { limit: 2_000, maxBytes: 20_000_000 });
    expect(bytesOf(text)).toBeGreaterThan(9_600_000);
    expect({ count, next }).toEqual({ count: 1_200, next: null });
    const small = { from: 7, to: 9 };
    const values = JSON.parse(`[${(await page("kinds-large", small)).text}]`) as readonly { readonly version: number }[];
    expect(values.map(({ version }) => version)).toEqual([7, 8, 9]);
    expect(await page("kinds-large", { ...small, maxBytes: 17_000 })).toMatchObject({ count: 1, next: 8 });
  });
});

test("purged data is not shown before it is gone", async () => {
  await append(TENANT, "kinds-purged", [draft("kinds.Added", { secret: 1 })]);
  await stub(TENANT, "kinds-purged").close({ purge: true, precondition: { kind: "none" }, source: "/v1", metadata: draft("a", 0).metadata });
  const { text } = await page("kinds-purged");
  expect(text).not.toContain("secret");
  expect(text).toContain('"purged":true');
});
