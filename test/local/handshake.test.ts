import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { append, ask } from "./api.ts";
import { startServer, stop, until } from "./server.ts";

/** A receiver on this machine that gives leave to this origin, and what came to it. */
async function receiver(origin: string) {
  const received: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const { method, headers } = request;
      received.push(`${method} ${headers["webhook-request-origin"]} ${headers["ce-id"] ?? headers["content-type"] ?? ""}`.trim());
      response.writeHead(method === "OPTIONS" ? 200 : 204, method === "OPTIONS" ? { "webhook-allowed-origin": origin } : {}).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

test("a receiver of CloudEvents is asked for leave over the wire, then gets its events; one that denies leave gets none", async () => {
  const server = await startServer({ environment: { ALLOW_LOCAL_TARGETS: "1" } });
  const [friend, stranger] = [await receiver("rivulet"), await receiver("somebody.example")];
  const subscribe = (name: string, { url }: { readonly url: string }) =>
    ask<{ sink?: object; code?: string }>(server.url, "/v1/subscriptions", {
      method: "POST",
      body: { name, types: ["local.*"], sink: { url }, format: "cloudevents" },
    });
  const [made, refused] = [await subscribe("friend", friend), await subscribe("stranger", stranger)];
  expect([made.status, made.body.sink]).toEqual([201, expect.objectContaining({ handshake: { answer: "allowed" } })]);
  expect([refused.status, refused.body.code]).toEqual([422, "invalid_input"]);
  await append(server.url, "note-a", ["one"]);
  await until(
    () => friend.received.length,
    (length) => length >= 2,
    30_000,
  );
  expect(friend.received).toEqual(["OPTIONS rivulet", "POST rivulet application/cloudevents+json"]);
  expect(stranger.received).toEqual(["OPTIONS rivulet"]);
  await stop(server);
});
