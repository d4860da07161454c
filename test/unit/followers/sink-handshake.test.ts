import { describe, expect, test } from "vitest";
import { handshake } from "../../../src/followers/sink/handshake.ts";
import { sink, sinkServer, tcpServer } from "./sink-server.ts";

const cloudEvents = { format: "cloudevents", origin: "events.shop.example" } as const;

/** What comes of asking a sink for leave that answers with this status and these headers. */
async function asked(status: number, headers: Readonly<Record<string, string>> = {}) {
  const server = await sinkServer((response) => void response.writeHead(status, headers).end("text"));
  const result = await handshake({ fetch }, sink(server.url, { ...cloudEvents, headers: { Authorization: "Bearer t0ken" } }));
  expect(server.received).toHaveLength(1);
  return { result, received: server.received[0] };
}

describe("the handshake of CloudEvents' web hooks", () => {
  test("asks with OPTIONS at the very target, in the sender's name", async () => {
    const { received } = await asked(200);
    expect(received).toMatchObject({ method: "OPTIONS", path: "/hook", body: "" });
    expect(received?.headers).toMatchObject({
      "webhook-request-origin": "events.shop.example",
      authorization: "Bearer t0ken",
      "user-agent": "Rivulet-Webhooks/1",
    });
    expect(received?.headers).not.toHaveProperty("webhook-signature");
  });

  test.each(["*", "events.shop.example", "Events.Shop.Example"])("is granted by WebHook-Allowed-Origin: %s, whatever the status", async (origin) => {
    for (const status of [200, 204, 405])
      expect((await asked(status, { "WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "120" })).result).toEqual({
        answer: "allowed",
        ratePerMinute: 120,
      });
  });

  test.each(["*", "", "0", "-1", "1.5", "120 a minute", "1e3"])("has no limit by WebHook-Allowed-Rate: '%s'", async (rate) => {
    expect((await asked(200, { "WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": rate })).result).toEqual({ answer: "allowed" });
  });

  test.each([
    ["", "an empty one"],
    ["other.example", "other.example"],
    ["*.shop.example", "*.shop.example"],
    ["events.shop.example, *", "events.shop.example, *"],
    ["x".repeat(201), "x".repeat(200)],
  ])("is denied by WebHook-Allowed-Origin: '%s'", async (origin, said) => {
    const error = `Expected the sink to answer OPTIONS with WebHook-Allowed-Origin: * or events.shop.example, got ${said} (status 200)`;
    expect((await asked(200, { "webhook-allowed-origin": origin })).result).toEqual({ answer: "denied", error });
  });

  test.each([
    [200, {}],
    [405, {}],
    [200, { "access-control-allow-origin": "*", allow: "POST" }],
    [307, { location: "/other" }],
  ])("is unknown to a sink that answers %i with %j", async (status, headers) => {
    expect((await asked(status, headers as Readonly<Record<string, string>>)).result).toEqual({ answer: "not_supported" });
  });

  test("has no answer in silence, from a lost connection, or at a target that is not allowed", async () => {
    const silent = await tcpServer(() => undefined);
    expect(await handshake({ fetch }, sink(silent.url, { ...cloudEvents, timeoutMs: 100 }))).toEqual({ answer: "no_answer", error: "no answer within 100 ms" });
    const closed = await tcpServer((socket) => socket.destroy());
    expect(await handshake({ fetch }, sink(closed.url, cloudEvents))).toMatchObject({ answer: "no_answer", error: expect.stringMatching(/^no connection/) });
    const server = await sinkServer();
    const refused = await handshake({ fetch }, sink(server.url, { ...cloudEvents, allowLocal: false }));
    expect(refused).toEqual({ answer: "no_answer", error: "the target is refused: Expected a public host, got a loopback address" });
    expect(server.received).toEqual([]);
  });
});
