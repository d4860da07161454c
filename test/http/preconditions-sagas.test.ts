import { expect, test, vi } from "vitest";
import { expectProblem, get, type HeaderFields, ok, send } from "../support/http.ts";

interface Instance {
  readonly state: string;
  readonly deadlines: readonly unknown[];
}

/** A fulfilment that waits for money which never comes; its path, once it stands still. */
async function waiting(id: string): Promise<string> {
  ok(await send("POST", "/v1/aggregates/inventory/thyme/Receive", { quantity: 5 }));
  ok(await send("POST", `/v1/aggregates/order/${id}/PlaceOrder`, { customerId: "silent-eva", items: [{ sku: "thyme", quantity: 1, priceCents: 250 }] }));
  const path = `/v1/sagas/order-fulfilment/${id}`;
  let before = "";
  await vi.waitFor(
    async () => {
      const now = await get(path);
      expect(ok<Instance>(now)).toMatchObject({ state: "running", deadlines: [expect.anything()] });
      const isStill = now.text === before;
      before = now.text;
      expect(isStill).toBe(true);
    },
    { timeout: 20_000, interval: 200 },
  );
  return path;
}

const cancel = (path: string, headers: HeaderFields) => send("POST", `${path}/cancel`, undefined, headers);

test("an instance of a saga is cancelled only as it was read, where If-Match says so", async () => {
  const path = await waiting("match-1");
  const read = await get(path);
  const etag = read.headers.get("etag") as string;
  for (const tag of ['"1"', `W/${etag}`]) expect(expectProblem(await cancel(path, { "if-match": tag }), 412).currentVersion).toBe(Number(etag.slice(1, -1)));
  expectProblem(await cancel(path, { "if-match": "1" }), 400, "invalid_precondition");
  expect((await get(path)).text).toBe(read.text);
  const keyed = { "if-match": etag, "idempotency-key": "match-1" };
  expect((await cancel(path, keyed)).status).toBe(200);
  expect((await cancel(path, keyed)).headers.get("idempotency-replayed")).toBe("true");
});

test("an instance of a saga is started only where there was none, where If-None-Match says so", async () => {
  const data = { orderId: "match-2", totalCents: 0, currency: "EUR", goods: [] };
  const start = () => send("POST", "/v1/sagas/order-fulfilment", { id: "match-2", data }, { "if-none-match": "*" });
  expect((await start()).status).toBe(201);
  expect(expectProblem(await start(), 412).currentVersion).toBeGreaterThan(0);
});
