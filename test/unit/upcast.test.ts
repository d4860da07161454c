import { expect, test } from "vitest";
import { z } from "zod";
import { upcastItems } from "../../src/api/upcast.ts";
import { defineDecider, defineEvents, event, past } from "../../src/kernel/index.ts";

const events = defineEvents("prices", {
  Set: event(z.object({ cents: z.int(), currency: z.string() }), {
    was: [
      past(z.object({ euros: z.number() }), ({ euros }) => ({ cents: euros * 100 })),
      past(z.object({ cents: z.int() }), ({ cents }) => ({ cents, currency: "EUR" })),
    ],
  }),
  Dropped: z.object({}),
});
const price = defineDecider({
  category: "price",
  events,
  commands: {},
  initialState: () => ({}),
  evolve: { Set: (state) => state, Dropped: (state) => state },
  decide: {},
});

const items = (...texts: readonly string[]): Uint8Array => new TextEncoder().encode(texts.join(","));
const upcasted = (...texts: readonly string[]): unknown => JSON.parse(`[${new TextDecoder().decode(upcastItems(price, items(...texts)))}]`);

test("each stored form becomes the newest, through all the forms between; envelope and hashes stay", () => {
  expect(
    upcasted(
      '{"id":"a","type":"prices.Set","schemaVersion":1,"data":{"euros":3},"hash":"sha256:1"}',
      '{"id":"b","type":"prices.Set","schemaVersion":2,"data":{"cents":5},"hash":"sha256:2"}',
      '{"id":"c","type":"prices.Set","schemaVersion":3,"data":{"cents":7,"currency":"USD"},"hash":"sha256:3"}',
    ),
  ).toEqual([
    { id: "a", type: "prices.Set", schemaVersion: 3, data: { cents: 300, currency: "EUR" }, hash: "sha256:1" },
    { id: "b", type: "prices.Set", schemaVersion: 3, data: { cents: 5, currency: "EUR" }, hash: "sha256:2" },
    { id: "c", type: "prices.Set", schemaVersion: 3, data: { cents: 7, currency: "USD" }, hash: "sha256:3" },
  ]);
});

test("what is newer than the code knows, of another type, or purged stays as it is, to the digit", () => {
  const kept = [
    '{"id":"a","type":"prices.Set","schemaVersion":9,"data":{"x":1.0}}',
    '{"id":"b","type":"other.Happened","schemaVersion":1,"data":12345678901234567890}',
    '{"id":"c","type":"prices.Set","schemaVersion":1,"purged":true}',
  ];
  expect(new TextDecoder().decode(upcastItems(price, items(...kept)))).toBe(kept.join(","));
});

test("a category without a decider is given as it is stored", () => {
  const bytes = items('{"id":"a","type":"prices.Set","schemaVersion":1,"data":{"euros":3}}');
  expect(upcastItems(undefined, bytes)).toBe(bytes);
});
