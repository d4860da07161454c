import { expect, test, vi } from "vitest";
import { get, ok, send } from "../support/http.ts";

interface Instance {
  readonly state: string;
  readonly deadlines: readonly { readonly name: string }[];
}

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 40_000, interval: 50 });
const say = async (id: string, verb: "suspend" | "resume") => ok(await send("POST", `/v1/tenants/${id}/${verb}`));

/** A tenant of its own, and what the admin key does in it. */
async function tenant(id: string) {
  const as = { "tenant-id": id };
  ok(await send("POST", "/v1/tenants", { id, name: id }));
  const command = async (category: string, of: string, name: string, data: object) =>
    ok(await send("POST", `/v1/aggregates/${category}/${of}/${name}`, data, as));
  await command("inventory", "tea", "Receive", { quantity: 5 });
  return {
    as,
    place: (order: string, customerId: string) => command("order", order, "PlaceOrder", { customerId, items: [{ sku: "tea", quantity: 1, priceCents: 250 }] }),
    saga: (order: string) => get(`/v1/sagas/order-fulfilment/${order}`, as),
  };
}

test("no saga begins for a suspended tenant; it does when the tenant is resumed, and nothing was lost", async () => {
  const { place, saga } = await tenant("nap-1");
  await say("nap-1", "suspend");
  await place("o1", "anna");
  // Of a tenant that is not suspended it would be long done.
  await scheduler.wait(2_000);
  expect((await saga("o1")).status).toBe(404);
  await say("nap-1", "resume");
  await until(async () => expect(ok<Instance>(await saga("o1"))).toMatchObject({ state: "completed" }));
});

test("a saga of a suspended tenant makes no call, and goes on where it was when the tenant is resumed", async () => {
  const { as, place, saga } = await tenant("nap-2");
  await place("o1", "silent");
  await until(async () => expect(ok<Instance>(await saga("o1")).deadlines).toMatchObject([{ name: "payment" }]));
  await say("nap-2", "suspend");
  // What was looked up before is believed for so long.
  await scheduler.wait(5_100);
  ok(await send("POST", "/v1/sagas/order-fulfilment/o1/cancel", { reason: "changed my mind" }, as));
  await scheduler.wait(1_000);
  expect(ok<Instance>(await saga("o1")).state).toBe("compensating");
  await say("nap-2", "resume");
  await until(async () => expect(ok<Instance>(await saga("o1")).state).not.toBe("compensating"));
  expect(ok<{ state: object }>(await get("/v1/aggregates/inventory/tea", as)).state).toMatchObject({ available: 5, reserved: 0 });
});
