import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dataHash, type EventEnvelope, envelopeText, eventHash, eventText, GENESIS_HASH, type JsonText, type RecordedEvent } from "../../src/kernel/index.ts";
import { cloudevent, metadata, recordedEvent, streamEvents } from "./support/recorded-events.ts";

type Hashed = Omit<EventEnvelope, "hash"> & { readonly tenant: string };

const event: Omit<RecordedEvent, "hash"> = {
  id: "0193a1b2-0000-7000-8000-000000000001",
  stream: "note-n1",
  version: 1,
  type: "notes.NoteAdded",
  schemaVersion: 1,
  time: "2026-11-20T10:00:00.000Z",
  recorded: "2026-11-20T10:00:00.120Z",
  source: "/v1",
  metadata: { correlationId: "c-1", priority: "normal", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", actor: "key:ci" },
  previousHash: GENESIS_HASH,
  dataHash: dataHash('{"text":"hello"}' as JsonText),
  data: '{"text":"hello"}' as JsonText,
};

const hashOf = ({ tenant, ...envelope }: Hashed): string => eventHash(tenant, envelope);

/** The hash as DESIGN.md defines it, from an event's JSON alone and with others' code. */
function recomputed(tenant: string, text: string): string {
  const { previousHash, data, stream, version, id, type, schemaVersion, time, recorded, source, metadata, cloudevent } = JSON.parse(text) as RecordedEvent;
  const fields = { v: 1, previousHash, dataHash: sha(data), tenant, stream, version, id, type, schemaVersion, time, recorded, source, metadata, cloudevent };
  return sha(fields);
}

function sha(value: unknown): string {
  return `sha256:${createHash("sha256")
    .update(canonicalize(value) ?? "")
    .digest("hex")}`;
}

describe("what it is", () => {
  test("a known event has the hash it always had", () => {
    expect(eventHash("default", event)).toBe("sha256:df47e14fa4646915d596c53ebc4bb29518a1143f31bdb4641c62cfa28b406a6d");
  });

  test("it can be recomputed from the event's JSON alone", () => {
    fc.assert(
      fc.property(recordedEvent, fc.option(fc.integer({ min: 1 }), { nil: undefined }), ({ tenant, event }, position) => {
        const text = eventText(envelopeText(event), event.data, position);
        expect(recomputed(tenant, text)).toBe(event.hash);
        expect(sha((JSON.parse(text) as { data: unknown }).data)).toBe(event.dataHash);
        expect((JSON.parse(text) as { position?: number }).position).toBe(position);
      }),
    );
  });

  test("it does not need the data, so that a purged event still verifies", () => {
    const { data: _, ...purged } = event;
    expect(eventHash("default", purged)).toBe(eventHash("default", event));
  });

  test("each event of a stream is chained to the one before it", () => {
    fc.assert(
      fc.property(streamEvents({ minLength: 2, maxLength: 4 }), ({ tenant, events }) => {
        for (const [index, later] of events.slice(1).entries()) {
          const earlier = events[index] as RecordedEvent;
          expect(later.previousHash).toBe(earlier.hash);
          const forged = eventHash(tenant, { ...earlier, type: `${earlier.type}X` });
          expect(eventHash(tenant, { ...later, previousHash: forged })).not.toBe(later.hash);
        }
      }),
    );
  });
});

describe("a change of any one field changes it", () => {
  const whole: Hashed = { tenant: "default", ...event, cloudevent: { subject: "s", extensions: { a: 1 } } };
  const anyText = fc.string({ unit: "binary" });
  const anyNumber = fc.integer();
  /** Another value for each field that is hashed; the type makes sure that none is left out. */
  const others: { readonly [Name in keyof Required<Hashed>]: fc.Arbitrary<Required<Hashed>[Name]> } = {
    tenant: anyText,
    id: anyText,
    stream: anyText,
    version: anyNumber,
    type: anyText,
    schemaVersion: anyNumber,
    time: anyText,
    recorded: anyText,
    source: anyText,
    metadata,
    cloudevent,
    previousHash: anyText,
    dataHash: anyText,
  };

  test.each(Object.keys(others) as (keyof Hashed)[])("%s", (name) => {
    fc.assert(
      fc.property(others[name] as fc.Arbitrary<unknown>, (value) => {
        fc.pre(canonicalize(value) !== canonicalize(whole[name]));
        expect(hashOf({ ...whole, [name]: value })).not.toBe(hashOf(whole));
      }),
    );
  });

  test("two fields that change places change it", () => {
    expect(hashOf({ ...whole, id: whole.type, type: whole.id })).not.toBe(hashOf(whole));
    expect(hashOf({ ...whole, time: whole.recorded, recorded: whole.time })).not.toBe(hashOf(whole));
  });

  test.each(["correlationId", "priority", "traceparent", "actor", "note"])("metadata.%s alone", (name) => {
    expect(hashOf({ ...whole, metadata: { ...whole.metadata, [name]: "another" } })).not.toBe(hashOf(whole));
  });
});

describe("cloudevent", () => {
  test("absent and undefined are the same", () => {
    const named: { cloudevent: EventEnvelope["cloudevent"] } = { cloudevent: undefined };
    expect(eventHash("default", { ...event, ...named } as Omit<EventEnvelope, "hash">)).toBe(eventHash("default", event));
  });

  test("absent, empty and present are three hashes", () => {
    const hashes = [event, { ...event, cloudevent: {} }, { ...event, cloudevent: { subject: "s" } }].map((one) => eventHash("default", one));
    expect(new Set(hashes).size).toBe(3);
  });

  test("absent leaves no member in the event's JSON", () => {
    expect(envelopeText({ ...event, hash: GENESIS_HASH })).not.toContain("cloudevent");
    expect(envelopeText({ ...event, hash: GENESIS_HASH, cloudevent: { subject: "s" } })).toContain('"cloudevent":{"subject":"s"}');
  });
});
