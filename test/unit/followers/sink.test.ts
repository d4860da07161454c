import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { HTTP, type CloudEvent } from "cloudevents";
import * as fc from "fast-check";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, test } from "vitest";
import { cloudEventText, type JsonText, PURGED } from "../../../src/kernel/index.ts";
import { json } from "../support/json-texts.ts";
import { deliver, loggedEvent, PREVIOUS, type Received, SECRET, sink, sinkServer } from "./sink-server.ts";

const NOW = Date.parse("2026-11-20T12:34:56.789Z");

/** What a sink gets in one attempt. */
async function receivedBy(more: Parameters<typeof sink>[1], what: Parameters<typeof deliver>[1] = {}, now = Date.now()): Promise<Received> {
  const server = await sinkServer();
  expect(await deliver(sink(server.url, more), what, now)).toEqual({ kind: "delivered", status: 200, body: "" });
  expect(server.received).toHaveLength(1);
  return server.received[0] as Received;
}

const LIBRARIES = { standardwebhooks: StandardWebhook, svix: SvixWebhook };

/** Whether the libraries of those who receive take it for genuine under this secret; they are of one mind. */
function isGenuine({ headers, body }: Pick<Received, "headers" | "body">, secret: string): boolean {
  const verdicts = Object.values(LIBRARIES).map((Library) => {
    try {
      new Library(secret).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  });
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0] === true;
}

/** A key pair as Standard Webhooks writes it: the private key alone, and with the public one behind it. */
function ed25519(): { readonly publicKey: KeyObject; readonly short: string; readonly long: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { d = "", x = "" } = privateKey.export({ format: "jwk" });
  const [seed, point] = [Buffer.from(d, "base64url"), Buffer.from(x, "base64url")];
  return { publicKey, short: `whsk_${seed.toString("base64")}`, long: `whsk_${Buffer.concat([seed, point]).toString("base64")}` };
}

function isSigned({ headers, body }: Received, signature: string | undefined, publicKey: KeyObject): boolean {
  const message = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  return verify(null, message, publicKey, Buffer.from(signature?.replace(/^v1a,/, "") ?? "", "base64"));
}

describe("a push in the standard format", () => {
  test("is the event as the API gives it, to the character of its data, under its type and time", async () => {
    const { event } = { event: loggedEvent() };
    const { method, path, body, headers } = await receivedBy({});
    expect([method, path]).toEqual(["POST", "/hook"]);
    expect(body).toBe(
      '{"type":"commerce.OrderPlaced","timestamp":"2026-11-20T11:00:00.5+01:00","data":{"position":812,"id":"0193-1","stream":"order-1","version":3,' +
        '"type":"commerce.OrderPlaced","schemaVersion":1,"time":"2026-11-20T11:00:00.5+01:00","recorded":"2026-11-20T10:00:00.620Z","source":"/v1",' +
        `"metadata":${JSON.stringify(event.metadata)},"hash":"${event.hash}","previousHash":"${event.previousHash}","dataHash":"${event.dataHash}",` +
        '"data":{ "z": 1.0, "a": "\\u00e9 Zoë 🚲", "big": 12345678901234567890 }}}',
    );
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["user-agent"]).toBe("Rivulet-Webhooks/1");
    expect(headers["content-length"]).toBe(String(Buffer.byteLength(body)));
  });

  test("says that data was purged, and gives what is no JSON as base64", async () => {
    const purged = await receivedBy({}, { event: loggedEvent({ data: PURGED }) });
    expect(JSON.parse(purged.body).data).toMatchObject({ purged: true, position: 812 });
    const bytes = loggedEvent({ data: '"AAEC"' as JsonText, cloudevent: { datacontenttype: "image/png", dataform: "bytes" } });
    expect(JSON.parse((await receivedBy({}, { event: bytes })).body).data).toMatchObject({ data_base64: "AAEC" });
  });

  test("carries its id, the attempt's time and number, and the event's trace", async () => {
    const { headers } = await receivedBy({}, { attempt: 7, event: loggedEvent({ metadata: { ...loggedEvent().metadata, tracestate: "a=1,b=2" } }) }, NOW);
    expect(headers).toMatchObject({
      "webhook-id": "msg_sub1_812",
      "webhook-timestamp": "1795178096",
      "rivulet-attempt": "7",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "a=1,b=2",
    });
    for (const name of ["rivulet-replay", "rivulet-edited", "webhook-request-origin"]) expect(headers).not.toHaveProperty(name);
    expect((await receivedBy({})).headers).not.toHaveProperty("tracestate");
  });

  test("tells a replay and an edited event from others", async () => {
    const { headers } = await receivedBy({}, { replay: "rep_9", isEdited: true });
    expect(headers).toMatchObject({ "rivulet-replay": "rep_9", "rivulet-edited": "true" });
  });
});

describe("a signature", () => {
  test("is genuine for the libraries of those who receive, and only as it was sent", async () => {
    const received = await receivedBy({});
    expect(received.headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    expect(isGenuine(received, SECRET)).toBe(true);
    expect(isGenuine(received, PREVIOUS)).toBe(false);
    expect(isGenuine({ ...received, body: received.body.replace("1.0", "1.1") }, SECRET)).toBe(false);
    for (const [name, value] of [
      ["webhook-id", "msg_sub1_813"],
      ["webhook-timestamp", String(Number(received.headers["webhook-timestamp"]) + 1)],
    ] as const)
      expect(isGenuine({ ...received, headers: { ...received.headers, [name]: value } }, SECRET)).toBe(false);
  });

  test("is of the attempt: an old one is too old for those who receive", async () => {
    expect(isGenuine(await receivedBy({}, {}, Date.now() - 310_000), SECRET)).toBe(false);
    expect(isGenuine(await receivedBy({}, {}, Date.now() - 290_000), SECRET)).toBe(true);
  });

  test("is there under either secret while they overlap, the current one's first", async () => {
    const received = await receivedBy({ secrets: [SECRET, PREVIOUS] });
    const [first, second, ...others] = received.headers["webhook-signature"]?.split(" ") ?? [];
    expect(others).toEqual([]);
    expect(isGenuine(received, SECRET) && isGenuine(received, PREVIOUS)).toBe(true);
    const only = (signature = ""): Received => ({ ...received, headers: { ...received.headers, "webhook-signature": signature } });
    expect([isGenuine(only(first), SECRET), isGenuine(only(second), SECRET)]).toEqual([true, false]);
    expect([isGenuine(only(first), PREVIOUS), isGenuine(only(second), PREVIOUS)]).toEqual([false, true]);
  });

  test("under an Ed25519 key is one that the public key proves, in both forms that the key is written in", async () => {
    const { publicKey, short, long } = ed25519();
    const other = createPublicKey(createPrivateKey(generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" })));
    for (const secret of [short, long]) {
      const received = await receivedBy({ secrets: [secret, SECRET] });
      const [asymmetric, symmetric] = received.headers["webhook-signature"]?.split(" ") ?? [];
      expect(asymmetric).toMatch(/^v1a,[A-Za-z0-9+/]{86}==$/);
      expect(symmetric).toMatch(/^v1,/);
      expect(isSigned(received, asymmetric, publicKey)).toBe(true);
      expect(isSigned(received, asymmetric, other)).toBe(false);
      expect(isSigned({ ...received, body: `${received.body} ` }, asymmetric, publicKey)).toBe(false);
      expect(isGenuine(received, SECRET)).toBe(true);
    }
  });

  test("is genuine for any data and any name", async () => {
    const server = await sinkServer();
    const text = fc.string({ unit: "binary", maxLength: 30 });
    const property = fc.asyncProperty(json, text, text, async ({ loose }, type, source) => {
      const data = loose as JsonText;
      const event = loggedEvent({ data, type, source });
      expect(await deliver(sink(server.url), { event })).toMatchObject({ kind: "delivered" });
      const received = server.received.at(-1) as Received;
      expect(isGenuine(received, SECRET)).toBe(true);
      expect(received.body).toContain(`,"data":${data}}}`);
      expect(JSON.parse(received.body)).toMatchObject({ type: JSON.parse(JSON.stringify(type)), data: { source: JSON.parse(JSON.stringify(source)) } });
    });
    await fc.assert(property, { numRuns: 200 });
  });

  test.each([{ secrets: [] }, { secrets: ["whsec_"] }, { secrets: ["hush", "whpk_AAAA"] }])("is never left out: with %j nothing is sent", async (more) => {
    const server = await sinkServer();
    expect(await deliver(sink(server.url, more))).toEqual({ kind: "failed", error: "there is no secret to sign with" });
    expect(server.connections.size).toBe(0);
    expect(server.received).toEqual([]);
  });
});

describe("a sink's own headers", () => {
  test("are sent, and change none of the platform's", async () => {
    const { headers, body } = await receivedBy({
      headers: {
        Authorization: "Bearer t0ken",
        "X-Shop": "tea",
        "Content-Type": "text/plain",
        "Webhook-Id": "msg_other",
        "WEBHOOK-SIGNATURE": "v1,x",
        "user-agent": "me",
      },
    });
    expect(headers).toMatchObject({ authorization: "Bearer t0ken", "x-shop": "tea", "content-type": "application/json", "webhook-id": "msg_sub1_812" });
    expect(headers["user-agent"]).toBe("Rivulet-Webhooks/1");
    expect(isGenuine({ headers, body }, SECRET)).toBe(true);
  });
});

describe("a push in the format cloudevents", () => {
  test("is a CloudEvent in structured mode for the SDK, signed like any other", async () => {
    const event = loggedEvent({ data: '{"amount":1.50}' as JsonText });
    const received = await receivedBy({ format: "cloudevents" }, { event, replay: "rep_1" });
    expect(received.body).toBe(cloudEventText(event));
    expect(received.headers).toMatchObject({ "content-type": "application/cloudevents+json", "rivulet-replay": "rep_1", "webhook-request-origin": "rivulet" });
    const read = HTTP.toEvent<{ amount: number }>({ headers: received.headers, body: received.body }) as CloudEvent<{ amount: number }>;
    expect(read.validate()).toBe(true);
    expect(read).toMatchObject({ id: "0193-1", type: "commerce.OrderPlaced", source: "/v1", position: "0000000812", data: { amount: 1.5 } });
    expect(isGenuine(received, SECRET)).toBe(true);
  });

  test("names the origin that the sink gave leave to", async () => {
    expect((await receivedBy({ format: "cloudevents", origin: "events.shop.example" })).headers["webhook-request-origin"]).toBe("events.shop.example");
  });
});
