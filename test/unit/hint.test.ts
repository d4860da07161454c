import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Hint, packHints, type RecordedEvent, unpackHint } from "../../src/kernel/index.ts";
import { chained, streamEvents } from "./support/recorded-events.ts";

/** A hint with these events of one stream, its head being the last of them. */
function hintOf(tenant: string, stream: string, events: readonly RecordedEvent[]): Hint {
  const last = events.at(-1);
  return { shard: 3, tenant, stream, head: { version: last?.version ?? 9, hash: last?.hash ?? "sha256:ab" }, events };
}

function unpacked(messages: readonly string[]): readonly Hint[] {
  return messages.map((message) => {
    const hint = unpackHint(message);
    if (hint === undefined) throw new Error(`expected a hint, got ${message.slice(0, 100)}`);
    return hint;
  });
}

describe("packing and unpacking", () => {
  test("gives back the same events, whatever they share", () => {
    fc.assert(
      fc.property(streamEvents({ minLength: 1, maxLength: 8 }), ({ tenant, stream, events }) => {
        const hint = hintOf(tenant, stream, events);
        deepStrictEqual(unpacked(packHints(hint)), [hint]);
      }),
      { numRuns: 300 },
    );
  });

  test("gives back the same head where there are no events", () => {
    const hint = hintOf("default", "note-n1", []);
    expect(unpacked(packHints(hint))).toEqual([hint]);
  });

  test("keeps head and events apart: the head may be further on", () => {
    fc.assert(
      fc.property(streamEvents({ minLength: 1, maxLength: 2 }), fc.integer({ min: 1 }), ({ tenant, stream, events }, version) => {
        const hint = { ...hintOf(tenant, stream, events), head: { version, hash: "sha256:cd" } };
        deepStrictEqual(unpacked(packHints(hint)), [hint]);
      }),
    );
  });

  test("an event's own time, source, metadata and cloudevent are not its neighbour's", () => {
    const metadata = { correlationId: "a", priority: "normal", traceparent: "t", actor: "key:ci" } as const;
    const plain = { id: "1", type: "a.B", schemaVersion: 1, recorded: "2026-01-01T00:00:00.000Z", source: "/v1", metadata, data: '{"a":1.0}' } as const;
    const events = chained(
      "default",
      "note-n1",
      [
        plain,
        { ...plain, time: "2025-12-31T23:59:59+01:00" },
        { ...plain, recorded: "2026-01-01T00:00:00.001Z" },
        { ...plain, source: "/webhooks/shop" },
        { ...plain, metadata: { ...metadata, causationId: "x" } },
        { ...plain, cloudevent: {} },
        { ...plain, cloudevent: { subject: "s", extensions: { b: true, n: 1 } } },
        plain,
      ].map((event) => ({ ...event, data: event.data as RecordedEvent["data"] })),
      41,
    );
    deepStrictEqual(unpacked(packHints(hintOf("default", "note-n1", events)))[0]?.events, events);
  });
});

describe("a message that is no hint of ours gives undefined", () => {
  test.each(["", "junk", "{", "null", "1", "true", '"form"', "[]", "[1]", "{}"])("junk: %j", (text) => {
    expect(unpackHint(text)).toBeUndefined();
  });

  test.each([0, 2, 1.5, "1", null, [1]])("form %j", (form) => {
    const [message] = packHints(hintOf("default", "note-n1", []));
    expect(unpackHint(JSON.stringify({ ...(JSON.parse(message ?? "") as object), form }))).toBeUndefined();
  });

  test.each([
    '{"form":1}',
    '{"form":1,"events":[]}',
    '{"form":1,"events":7}',
    '{"form":1,"events":[null]}',
    '{"form":1,"shard":0,"tenant":"t","stream":"s-1","events":[7]}',
  ])("our form without its contents: %s", (text) => {
    expect(unpackHint(text)).toBeUndefined();
  });
});
