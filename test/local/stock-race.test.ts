import { expect, test } from "vitest";
import { type Answer, ask } from "./api.ts";
import { startServer, stop } from "./server.ts";

interface Decision {
  readonly version: number;
  readonly code?: string;
}

test("of 64 buyers of the last 10 pieces at the same moment 10 win, and 54 are told that there is too little", async () => {
  const server = await startServer();
  const command = (name: string, body: object): Promise<Answer<Decision>> => ask(server.url, `/v1/aggregates/inventory/last/${name}`, { method: "POST", body });
  expect((await command("Receive", { quantity: 10 })).status).toBe(200);
  const answers = await Promise.all(Array.from({ length: 64 }, (_, buyer) => command("Reserve", { orderId: `buyer-${buyer}`, quantity: 1 })));
  const winners = answers.filter(({ status }) => status === 200);
  expect(winners.map(({ body }) => body.version).sort((one, other) => one - other)).toEqual(Array.from({ length: 10 }, (_, index) => index + 2));
  const refused = answers.filter(({ status }) => status !== 200).map(({ status, body }) => `${status} ${body.code}`);
  expect(refused).toEqual(Array<string>(54).fill("409 insufficient_stock"));
  const newest = winners.find(({ body }) => body.version === 11)?.headers.get("consistency-token") ?? "";
  const row = await ask(server.url, "/v1/views/stock/last", { headers: { "consistency-token": newest } });
  expect([row.status, row.body]).toEqual([200, { sku: "last", available: 0, reserved: 10, threshold: null, low: false }]);
  await stop(server);
});
