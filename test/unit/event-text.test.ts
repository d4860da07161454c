import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { envelopeText, eventText, metadataText } from "../../src/kernel/index.ts";
import { recordedEvent } from "./support/recorded-events.ts";

test("an event's text is its envelope, and its data to the character", () => {
  fc.assert(
    fc.property(recordedEvent, ({ event }) => {
      const text = eventText(envelopeText(event), event.data);
      const { data, ...envelope } = event;
      deepStrictEqual(JSON.parse(text), { ...envelope, data: JSON.parse(data) as unknown });
      expect(text.endsWith(`,"data":${data}}`)).toBe(true);
    }),
  );
});

test("an envelope's names are in the contract's order, and its text is what JSON.stringify writes", () => {
  fc.assert(
    fc.property(recordedEvent, ({ event }) => {
      const { id, stream, version, type, schemaVersion, time, recorded, source, metadata, cloudevent, hash, previousHash, dataHash } = event;
      const inOrder = { id, stream, version, type, schemaVersion, time, recorded, source, metadata, cloudevent, hash, previousHash, dataHash };
      expect(envelopeText(event)).toBe(JSON.stringify(inOrder));
    }),
  );
});

test("events that share their metadata, and events that do not, each have their own", () => {
  fc.assert(
    fc.property(fc.array(recordedEvent, { minLength: 2, maxLength: 4 }), (all) => {
      const events = all.map(({ event }) => event);
      const shared = events.map((event) => ({ ...event, metadata: (events[0] as (typeof events)[0]).metadata }));
      for (const event of [...events, ...shared, ...events.toReversed()]) {
        deepStrictEqual((JSON.parse(envelopeText(event)) as typeof event).metadata, event.metadata);
        deepStrictEqual(JSON.parse(metadataText(event.metadata)), event.metadata);
      }
    }),
  );
});

test("a position is there only where it is given", () => {
  fc.assert(
    fc.property(recordedEvent, fc.integer({ min: 1 }), ({ event }, position) => {
      const envelope = envelopeText(event);
      const { position: given, ...rest } = JSON.parse(eventText(envelope, event.data, position)) as { position: number };
      expect(given).toBe(position);
      deepStrictEqual(rest, JSON.parse(eventText(envelope, event.data)));
    }),
  );
});
