import { deepStrictEqual } from "node:assert/strict";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  cloudEventBatch,
  cloudEventText,
  envelopeText,
  eventText,
  readBinaryCloudEvent,
  readCloudEvent,
  readCloudEventBatch,
  type RecordedEvent,
} from "../../src/kernel/index.ts";
import { recordedEvent } from "./support/recorded-events.ts";
import { attributes, onlyEvent, recorded, written } from "./support/cloudevents.ts";

const apiText = (event: RecordedEvent, position?: number): string => eventText(envelopeText(event), event.data, position);

test("whatever came in comes back: every attribute, and the data to the character", () => {
  fc.assert(
    fc.property(written, ({ text, members, data }) => {
      const out = cloudEventText(recorded(onlyEvent(readCloudEvent(text))));
      const back = JSON.parse(out) as Record<string, unknown>;
      for (const [name, value] of Object.entries(members)) deepStrictEqual([name, back[name]], [name, value]);
      if (data === undefined) expect(Object.keys(back).filter((name) => name.startsWith("data") && !(name in members))).toEqual([]);
      else expect(out.endsWith(`,${data}}`), out).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("what comes back is the same event, and comes back once more", () => {
  fc.assert(
    fc.property(written, ({ text }) => {
      const first = recorded(onlyEvent(readCloudEvent(text)));
      const again = onlyEvent(readCloudEvent(cloudEventText(first)));
      expect([again.id, again.source, again.type, again.data]).toEqual([first.id, first.source, first.type, first.data]);
      expect(again.cloudevent).toMatchObject(first.cloudevent ?? {});
      expect(cloudEventText(recorded(again))).toBe(cloudEventText(first));
    }),
  );
});

test("any event of ours is a valid CloudEvent, with our own names beside the producer's", () => {
  fc.assert(
    fc.property(recordedEvent, ({ event }) => {
      fc.pre(event.source !== "");
      const read = readCloudEvent(cloudEventText(plain(event)));
      expect(read.ok, JSON.stringify([event, read])).toBe(true);
      expect(onlyEvent(read)).toMatchObject({ data: event.data, cloudevent: { datacontenttype: "application/json", extensions: { stream: event.stream } } });
    }),
  );
});

/** As if appended plainly, with a traceparent as the platform writes it. */
function plain(event: RecordedEvent): RecordedEvent {
  const { cloudevent, ...rest } = { ...event, id: `${event.id}x`, metadata: { ...event.metadata, traceparent: "00" } };
  return cloudevent === undefined ? rest : { ...rest };
}

test("a page of the API becomes a batch of the same events, position and all", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(written, fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined })), { maxLength: 4 }), (list) => {
      const events = list.map(([{ text }, position]) => ({ event: recorded(onlyEvent(readCloudEvent(text))), position }));
      const page = events.map(({ event, position }) => apiText(event, position)).join(",");
      const texts = events.map(({ event, position }) => cloudEventText({ ...event, ...(position !== undefined && { position }) }));
      expect(cloudEventBatch(page)).toBe(`[${texts.join(",")}]`);
      expect(readCloudEventBatch(cloudEventBatch(page)).ok).toBe(true);
    }),
  );
});

test("binary mode says the same as the JSON format, but for types: numbers and booleans are their texts there", () => {
  const encode = (text: string): string => text.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (char) => encodeURIComponent(char));
  fc.assert(
    fc.property(attributes, fc.uint8Array(), (members, body) => {
      const set = Object.entries(members).filter(([, value]) => value !== null);
      const strings = Object.fromEntries(set.map(([name, value]) => [name, String(value)]));
      const headers = Object.entries(strings).map(([name, value]): [string, string] => [`ce-${name}`, encode(value)]);
      const base64 = { data_base64: Buffer.from(body).toString("base64") };
      const structured = readCloudEvent(JSON.stringify({ ...strings, ...(body.length > 0 && base64) }));
      deepStrictEqual(readBinaryCloudEvent(headers, body), structured);
    }),
  );
});
