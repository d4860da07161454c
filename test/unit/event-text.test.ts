import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { envelopeText, eventText } from "../../src/kernel/index.ts";
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
