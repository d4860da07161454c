import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { client } from "../../../src/cli/client.ts";

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a key that the server does not know is named, whatever was asked", async () => {
  const url = await serving((_, response) => response.writeHead(401, { "content-type": "application/problem+json" }).end('{"detail":"The key is not known."}'));
  const server = await client({ RIVULET_URL: url, ADMIN_KEY: "another" });
  await expect(server.ask("/v1/reseal", { method: "POST" })).rejects.toThrow(
    `expected ${url} to know the key, got 401. ADMIN_KEY of the environment is not the one that the server was started with.`,
  );
  expect(await server.ask("/v1/webhooks/default/github", { isPublic: true })).toMatchObject({ status: 401, body: { detail: "The key is not known." } });
});
