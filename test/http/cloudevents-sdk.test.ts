import { CloudEvent, HTTP, type Message } from "cloudevents";
import { describe, expect, test } from "vitest";
import { BATCH, type CameEvent } from "../support/cloudevents.ts";
import { type Answer, append, eventsOf, get, send } from "../support/http.ts";

/** The CNCF's own SDK as a producer and a consumer that know nothing of ours. */

const headersOf = ({ headers }: Message): Record<string, string> => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const sent = (path: string, message: Message): Promise<Answer> => send("POST", path, message.body as string | Uint8Array, headersOf(message));
const path = (stream: string): string => `/v1/streams/${stream}/events`;

/** A stream as the SDK reads it; it refuses what is not valid. */
async function consumed(stream: string): Promise<readonly CloudEvent<unknown>[]> {
  const { text, headers } = await get(path(stream), { accept: BATCH });
  return HTTP.toEvent({ headers: Object.fromEntries(headers), body: text }) as CloudEvent<unknown>[];
}

const json = new CloudEvent({
  id: "j-1",
  source: "https://example.org/shop",
  type: "org.example.shop.paid",
  subject: "order/7",
  time: "2026-11-20T10:00:00.000Z",
  dataschema: "https://example.org/schemas/paid",
  datacontenttype: "application/json",
  data: { amount: 5, list: [1, { a: null }] },
  extstring: "x y",
  extinteger: -7,
  extboolean: true,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
});
const bytes = new CloudEvent({ id: "b-1", source: "/s", type: "t", datacontenttype: "application/octet-stream", data: new Uint8Array([0, 1, 254, 255]) });
const text = new CloudEvent({ id: "t-1", source: "/s", type: "t", datacontenttype: "text/xml", data: "<a>é</a>" });
const bare = new CloudEvent({ id: "n-1", source: "/s", type: "t" });

describe("what the SDK sends is taken, and the SDK reads it back", () => {
  test.each<[mode: string, send: (event: CloudEvent<unknown>) => Message]>([
    ["structured", (event) => HTTP.structured(event)],
    ["binary", (event) => HTTP.binary(event)],
  ])("in %s mode", async (mode, message) => {
    const stream = `sdk-${mode}`;
    for (const event of [json, bare]) expect((await sent(path(stream), message(event))).status).toBe(201);
    const [first, second] = await consumed(stream);
    const texts = mode === "binary" ? { extinteger: "-7", extboolean: "true" } : {};
    expect(first).toMatchObject({ ...json.toJSON(), ...texts });
    expect([second?.id, second?.data]).toEqual(["n-1", undefined]);
  });

  test("in a batch", async () => {
    const batch = JSON.stringify([json, bytes, text, bare]);
    expect((await send("POST", path("sdk-batch"), batch, { "content-type": BATCH })).status).toBe(201);
    const read = await consumed("sdk-batch");
    expect(read.map(({ id, datacontenttype }) => [id, datacontenttype])).toEqual(
      [json, bytes, text, bare].map(({ id, datacontenttype }) => [id, datacontenttype]),
    );
    expect(read[0]?.data).toEqual(json.data);
    expect(read[1]?.data_base64).toBe("AAH+/w==");
    expect(read[2]?.data).toBe("<a>é</a>");
    expect(read[3]?.data).toBeUndefined();
  });

  test("bytes and text in binary mode", async () => {
    for (const message of [HTTP.binary(bytes), HTTP.binary(text)]) expect((await sent(path("sdk-bytes"), message)).status).toBe(201);
    expect((await consumed("sdk-bytes")).map(({ data_base64 }) => data_base64)).toEqual(["AAH+/w==", btoa("<a>\xc3\xa9</a>")]);
    const own: readonly CameEvent[] = await eventsOf("sdk-bytes");
    expect(own.map(({ data_base64 }) => data_base64)).toEqual(["AAH+/w==", btoa("<a>\xc3\xa9</a>")]);
  });

  test("without a stream", async () => {
    for (const message of [HTTP.structured(json), HTTP.binary(json)]) {
      const answer = await sent("/v1/events", message);
      expect(answer.json()).toMatchObject({ stream: "shop-order_7", lastVersion: 1 });
    }
    expect((await consumed("shop-order_7"))[0]).toMatchObject(json.toJSON());
  });
});

test("what was appended plainly is valid for the SDK, and sent on by it is the same event", async () => {
  await append("sdk-plain", [
    { type: "notes.NoteAdded", data: { text: "é" } },
    { type: "notes.NoteAdded", data: null, source: "no uri at all" },
  ]);
  const events = await consumed("sdk-plain");
  for (const event of events) expect(event.validate()).toBe(true);
  for (const event of events) expect((await sent(path("sdk-onward"), HTTP.structured(event))).status).toBe(201);
  const onward = await consumed("sdk-onward");
  expect(onward.map(({ id, type, data, ["stream"]: from }) => [id, type, data, from])).toEqual(
    events.map(({ id, type, data }) => [id, type, data, "sdk-plain"]),
  );
});

test("what the SDK lets through without a look is refused here", async () => {
  const loose = (members: object): CloudEvent => new CloudEvent({ id: "x", source: "/s", type: "t", ...members }, false);
  for (const event of [
    loose({ MyExt: 1 }),
    loose({ ext: 1.5 }),
    loose({ source: "" }),
    loose({ datacontenttype: "xyz" }),
    loose({ subject: "" }),
    loose({ ext: { a: 1 } }),
  ])
    expect((await sent(path("sdk-loose"), HTTP.structured(event))).status).toBe(422);
  expect(await eventsOf("sdk-loose")).toEqual([]);
});
