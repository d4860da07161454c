import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineEvents, defineProjection, event, type LoggedEvent, past } from "../../src/kernel/index.ts";
import { happened, logged } from "../../src/testing/index.ts";

const events = defineEvents("shop", {
  Opened: event(z.object({ title: z.string(), tags: z.array(z.string()) }), {
    was: [past(z.object({ name: z.string() }), ({ name }) => ({ title: name, tags: [] }))],
  }),
  Moved: z.object({ to: z.array(z.string()) }),
  Closed: z.object({}),
  Ignored: z.object({}),
});
const row = z.object({ shopId: z.string(), title: z.string(), seen: z.string() });

const shops = defineProjection({
  name: "shops",
  version: 1,
  events: [events],
  key: "shopId",
  row,
  keyOf: { "shop.Moved": ({ data }) => data.to, "shop.Closed": ({ id }) => (id === "never" ? undefined : id) },
  without: "nothing",
  on: {
    "shop.Opened": (_, { data, eventId, stream, id, version, position, recorded, time, metadata: { actor } }) => ({
      title: data.title,
      seen: [eventId, stream, id, version, position, recorded, time, actor, data.tags.length].join(" "),
    }),
    "shop.Moved": (row, _, key) => ({ title: `${row?.title ?? "none"} at ${key}`, seen: "" }),
    "shop.Closed": () => undefined,
  },
});

const one = (stream: string, fact: { readonly type: string; readonly data: unknown; readonly schemaVersion?: number }): LoggedEvent =>
  logged([happened(stream, fact)])[0] as LoggedEvent;
const opened = one("shop-s1", events.Opened({ title: "Tea", tags: ["a"] }));

describe("a projection", () => {
  test("is about the events that it handles, and no others", () => {
    expect([...shops.types]).toEqual(["shop.Opened", "shop.Moved", "shop.Closed", "rivulet.StreamPurged"]);
  });

  test("gives a handler the event with its place, its times and its author", () => {
    const at = "2026-01-01T00:00:00.000Z";
    expect(shops.apply(undefined, opened, "s1")).toEqual({ shopId: "s1", title: "Tea", seen: `e1 shop-s1 s1 1 1 ${at} ${at} test 1` });
  });

  test("gives a handler data of old forms in the newest", () => {
    expect(shops.apply(undefined, one("shop-s1", { type: "shop.Opened", data: { name: "Old tea" } }), "s1")).toMatchObject({ title: "Old tea" });
  });

  test("puts the key in itself, first, whatever a handler says", () => {
    const said = defineProjection({ ...spec(), on: { "shop.Opened": () => ({ title: "Tea", shopId: "mine", seen: "" }) } });
    const applied = said.apply(undefined, opened, "s1");
    expect(applied).toEqual({ shopId: "s1", title: "Tea", seen: "" });
    expect(Object.keys(applied ?? {})[0]).toBe("shopId");
  });

  test("gives a handler the row, and knows of none any more where it gives none", () => {
    expect(shops.apply({ shopId: "b", title: "Tea", seen: "x" }, one("shop-s1", events.Moved({ to: ["b"] })), "b")).toEqual({
      shopId: "b",
      title: "Tea at b",
      seen: "",
    });
    expect(shops.apply({ shopId: "s1", title: "Tea", seen: "x" }, one("shop-s1", events.Closed({})), "s1")).toBeUndefined();
  });
});

describe("the keys of an event", () => {
  test("are the id of its stream, to its first dash, unless it says others", () => {
    expect(shops.keysOf(opened)).toEqual(["s1"]);
    expect(shops.keysOf(one("shop-a-b", events.Opened({ title: "", tags: [] })))).toEqual(["a-b"]);
  });

  test("are each there once, and may be none", () => {
    expect(shops.keysOf(one("shop-s1", events.Moved({ to: ["a", "b", "a"] })))).toEqual(["a", "b"]);
    expect(shops.keysOf(one("shop-s1", events.Moved({ to: [] })))).toEqual([]);
    expect(shops.keysOf(one("shop-never", events.Closed({})))).toEqual([]);
  });
});

const spec = () => ({ name: "shops", version: 1, events: [events], key: "shopId", row, on: {} }) as const;

test("an event that is in none of the sets is refused when the view is declared", () => {
  const typo = { "shop.Opend": () => undefined } as object;
  expect(() => defineProjection({ ...spec(), on: typo })).toThrow(new TypeError("expected shops to be about events of its sets, got shop.Opend"));
});

test("rows that are no object are refused when the view is declared", () => {
  expect(() => defineProjection({ ...spec(), row: z.record(z.string(), z.string()) as unknown as typeof row })).toThrow(
    "expected the rows of shops to be a z.object",
  );
});

test("keys of its own making without a word on purges are refused when the view is declared", () => {
  const silent = { keyOf: { "shop.Closed": () => "all" } } as object;
  expect(() => defineProjection({ ...spec(), ...silent })).toThrow(
    new TypeError('expected shops to say what a purge leaves of a row: its keys are not its streams\' ids, so it needs "without"'),
  );
});

test("words are searched in the columns that it says, in none otherwise", () => {
  expect(shops.search).toEqual([]);
  expect(defineProjection({ ...spec(), search: ["title"] }).search).toEqual(["title"]);
});
