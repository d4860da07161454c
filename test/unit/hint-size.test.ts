import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Hint, type JsonText, packHints, type RecordedEvent, unpackHint } from "../../src/kernel/index.ts";
import { chained, type EventParts } from "./support/recorded-events.ts";

const LIMIT = 64_000;

const metadata = {
  correlationId: "0193a1b2-0000-7000-8000-00000000000a",
  priority: "normal",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  actor: "key:ci",
} as const;

/** An event as an append makes it, with this data. */
function event(data: string, index = 0): EventParts {
  const id = `0193a1b2-0000-7000-8000-${String(index).padStart(12, "0")}`;
  return { id, type: "cart.ItemAdded", schemaVersion: 1, recorded: "2026-11-20T10:00:00.120Z", source: "/v1", metadata, data: data as JsonText };
}

/** JSON of exactly this many bytes. */
const text = (bytes: number, letter = "x"): string => `"${letter.repeat((bytes - 2) / Buffer.byteLength(letter))}"`;

function hintOf(list: readonly EventParts[]): Hint {
  const events = chained("default", "cart-c1", list);
  const { version, hash } = events.at(-1) as RecordedEvent;
  return { shard: 0, tenant: "default", stream: "cart-c1", head: { version, hash }, events };
}

const headAlone = (hint: Hint): readonly Hint[] => [{ ...hint, events: [] }];
const unpacked = (messages: readonly string[]): readonly (Hint | undefined)[] => messages.map(unpackHint);

test("100 events of 300 bytes go in one message", () => {
  const item = (index: number): string => {
    const start = `{"sku":"sku-${String(index).padStart(6, "0")}","name":"A thing of beauty","quantity":2,"price":1999,"currency":"EUR","note":"`;
    return `${start}${"n".repeat(298 - start.length)}"}`;
  };
  const hint = hintOf(Array.from({ length: 100 }, (_, index) => event(item(index), index)));
  expect(new Set(hint.events.map(({ data }) => data.length))).toEqual(new Set([300]));
  const messages = packHints(hint);
  expect(messages).toHaveLength(1);
  deepStrictEqual(unpacked(messages), [hint]);
});

describe("whatever the sizes", () => {
  const size = fc.oneof(fc.integer({ min: 2, max: 2_000 }), fc.integer({ min: 10_000, max: 70_000 }));
  const sized = fc.tuple(size, fc.constantFrom("x", "é", '\\"', "\\u0001", "\u{1f600}")).map(([bytes, letter]) => text(bytes - (bytes % 2), letter));
  const note = fc.oneof(fc.constant(""), fc.string({ minLength: 1, maxLength: 500, unit: "binary" }));
  const hints = fc
    .array(fc.tuple(sized, note), { minLength: 1, maxLength: 12 })
    .map((list) => hintOf(list.map(([data, note], index) => ({ ...event(data, index), metadata: { ...metadata, note } }))));

  test("every message is at most 64,000 bytes and there are at most three", () => {
    fc.assert(
      fc.property(hints, (hint) => {
        const messages = packHints(hint);
        expect(Math.max(...messages.map((message) => Buffer.byteLength(message)))).toBeLessThanOrEqual(LIMIT);
        expect(messages.length).toBeGreaterThanOrEqual(1);
        expect(messages.length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 200 },
    );
  });

  test("all events arrive in order, or none and the head alone", () => {
    fc.assert(
      fc.property(hints, (hint) => {
        const parts = unpacked(packHints(hint));
        const events = parts.flatMap((part) => part?.events ?? []);
        if (events.length === 0) deepStrictEqual(parts, headAlone(hint));
        else deepStrictEqual(events, hint.events);
        for (const part of parts) deepStrictEqual({ ...part, events: [] }, { ...hint, events: [] });
      }),
      { numRuns: 200 },
    );
  });

  test("no two neighbouring messages would fit into one", () => {
    fc.assert(
      fc.property(hints, (hint) => {
        const messages = packHints(hint);
        for (const [index, message] of messages.slice(1).entries()) {
          expect(Buffer.byteLength(messages[index] ?? "") + Buffer.byteLength(message)).toBeGreaterThan(LIMIT);
        }
      }),
    );
  });
});

describe("the limit to the byte", () => {
  const frame = Buffer.byteLength(packHints(hintOf([event(text(10))]))[0] ?? "") - 10;

  test("an event that makes the message 63,999 bytes goes along", () => {
    const hint = hintOf([event(text(LIMIT - 1 - frame))]);
    const messages = packHints(hint);
    expect(messages.map((message) => Buffer.byteLength(message))).toEqual([63_999]);
    deepStrictEqual(unpacked(messages), [hint]);
  });

  test("an event that would make it 64,001 bytes goes as the head alone", () => {
    const hint = hintOf([event(text(LIMIT + 1 - frame))]);
    deepStrictEqual(unpacked(packHints(hint)), headAlone(hint));
  });
});

describe("what is too much goes as one hint with the head alone", () => {
  const big = event(text(60_000));

  test.each([
    ["an event over 64 KB", [event(text(65_536))]],
    ["an event over 64 KB behind small ones", [event("1"), event("2"), event(text(65_536)), event("3")]],
    ["an event whose bytes, not characters, are too many", [event(text(66_002, "é"))]],
    ["an event whose metadata is too large", [{ ...event("1"), metadata: { ...metadata, note: "x".repeat(65_536) } }]],
    ["four messages", [big, big, big, big]],
    ["four messages, the last one small", [big, big, big, event(text(10_000))]],
    ["1,000 events of 1,000 bytes", Array.from({ length: 1_000 }, (_, index) => event(text(1_000), index))],
  ])("%s", (_, list) => {
    const hint = hintOf(list);
    deepStrictEqual(unpacked(packHints(hint)), headAlone(hint));
  });

  test("but not three messages", () => {
    const hint = hintOf([big, big, big]);
    const parts = unpacked(packHints(hint));
    expect(parts.map((part) => part?.events.length)).toEqual([1, 1, 1]);
    deepStrictEqual(
      parts.flatMap((part) => part?.events ?? []),
      hint.events,
    );
  });

  test("and not metadata of 40 KB that all events share", () => {
    const shared = { ...metadata, note: "x".repeat(40_000) };
    const hint = hintOf(Array.from({ length: 20 }, (_, index) => ({ ...event("1", index), metadata: shared })));
    deepStrictEqual(unpacked(packHints(hint)), [hint]);
  });
});
