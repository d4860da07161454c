import { beforeAll, describe, expect, test } from "vitest";
import { sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { append, eventsOf, expectProblem, get, newerThan, ok } from "../support/http.ts";
import { anOrder, command, decided, password, rowAfter, rowsOf, inStock } from "./commands.ts";

beforeAll(() => inStock());

const received = { type: "commerce.StockReceived", data: { quantity: 5 } };
const reserved = { type: "commerce.StockReserved", data: { orderId: "o1", quantity: 2 } };
const pathsOf = async (stream: string, events: readonly object[]) =>
  expectProblem(await append(stream, events), 422, "invalid_input").errors?.map(({ path }) => path);

describe("an append into a category with a decider", () => {
  test("is 422 with the path where an event is none of its types, all or nothing", async () => {
    for (const type of ["commerce.OrderPlaced", "commerce.stockReceived", "StockReceived", "commerce.StockReceived.v2", "rivulet.StreamClosed"])
      expect(await pathsOf("inventory-types", [received, { ...received, type }])).toEqual(["events[1].type"]);
    expect(await eventsOf("inventory-types")).toEqual([]);
  });

  test("is 422 with the path where an event does not match its schema", async () => {
    expect(await pathsOf("inventory-schema", [{ ...received, data: { quantity: "5" } }])).toEqual(["events[0].data.quantity"]);
    expect(await pathsOf("inventory-schema", [received, { ...reserved, data: { quantity: 0 } }])).toEqual([
      "events[1].data.orderId",
      "events[1].data.quantity",
    ]);
    for (const data of [null, 7, [], "x"]) expect(await pathsOf("inventory-schema", [{ ...received, data }])).toEqual(["events[0].data"]);
    const placed = { ...anOrder, totalCents: 1000, currency: "EUR", placedAt: "2026-01-01T00:00:00.000Z" };
    const items = [anOrder.items[0], { sku: "cup", quantity: 1 }];
    expect(await pathsOf("order-schema", [{ type: "commerce.OrderPlaced", data: { ...placed, items } }])).toEqual(["events[0].data.items[1].priceCents"]);
    expect(await pathsOf("inventory-schema", [{ ...received, schemaVersion: 2 }])).toEqual(["events[0].schemaVersion"]);
    expect([await eventsOf("inventory-schema"), await eventsOf("order-schema")]).toEqual([[], []]);
  });

  test("passes where it is right, is asked no business rule, and counts in state and view", async () => {
    const write = await append("inventory-passed", [reserved, received]);
    expect(write.status).toBe(201);
    expect(ok(await get("/v1/aggregates/inventory/passed"))).toMatchObject({ version: 2, state: { available: 3, reserved: 2, reservations: { o1: 2 } } });
    expect(await rowAfter("stock/passed", write)).toEqual({ sku: "passed", available: 3, reserved: 2, threshold: null, low: false });
    expectProblem(await command("inventory/passed/Reserve", { orderId: "o2", quantity: 4 }), 409, "insufficient_stock");
    expect((await decided("inventory/passed/Reserve", { orderId: "o2", quantity: 3 })).version).toBe(3);
  });

  test("may come as CloudEvents in every form, and is held to the same", async () => {
    const event = { specversion: "1.0", id: "1", source: "/shop", type: received.type, data: received.data };
    const wrong = { ...event, id: "2", data: { quantity: 0 } };
    const path = "/v1/streams/inventory-cloud/events";
    expect((await sendCloudEvents(path, event)).status).toBe(201);
    expect((await sendCloudEvents(path, [{ ...event, id: "3" }])).status).toBe(201);
    const attributes = { specversion: "1.0", id: "4", source: "/shop", type: received.type };
    expect((await sendBinary(path, attributes, '{"quantity":5}', "application/json")).status).toBe(201);
    const last = await sendCloudEvents("/v1/events", { ...event, id: "5", stream: "inventory-cloud" });
    expect(last.status).toBe(201);
    expect(await rowAfter("stock/cloud", last)).toMatchObject({ available: 20 });
    for (const refused of [
      await sendCloudEvents(path, wrong),
      await sendCloudEvents(path, [{ ...event, id: "6" }, wrong]),
      await sendBinary(path, { ...attributes, id: "7" }, '{"quantity":0}', "application/json"),
      await sendBinary(path, { ...attributes, id: "8" }, "quantity: 5", "text/plain"),
      await sendBinary(path, { ...attributes, id: "9" }),
      await sendCloudEvents("/v1/events", { ...wrong, stream: "inventory-cloud" }),
      await sendCloudEvents("/v1/events", { ...event, id: "10", type: "shop.Odd", stream: "inventory-cloud" }),
    ])
      expect(expectProblem(refused, 422).errors?.length).toBeGreaterThan(0);
    expect(await eventsOf("inventory-cloud")).toHaveLength(4);
  });

  // What is imported is verified where somebody logs in, and that throws: src/ports.ts, verify.
  test("of a password's hash that is none does not make the platform fail", async () => {
    const registered = { email: "import@a.example", passwordHash: "md5:0123", at: "2026-01-01T00:00:00.000Z" };
    const answer = await append("account-imported", [{ type: "auth.Registered", data: registered }]);
    if (answer.status !== 201) return void expectProblem(answer, 422);
    expect((await command("account/imported/LogIn", { password })).status).toBeLessThan(500);
  });
});

describe("an event of a domain's type in a stream of another category", () => {
  test("is taken as it is, changes no row, and faults no view", async () => {
    await rowAfter("order_summary/o1", await command("order/o1/PlaceOrder", anOrder));
    const events = [
      { type: "commerce.OrderCancelled", data: { reason: "mischief" } },
      { type: "commerce.OrderPlaced", data: 7 },
      { type: "users.UserRegistered", data: { email: "n@a.example", name: "N", registeredAt: "2026-01-01T00:00:00.000Z" } },
      { type: "auth.LoginSucceeded", data: null },
      { type: "platform.RoleAssigned", data: {} },
      { type: "video.BatchStarted", data: { jobs: "none" } },
      { type: "job.failed", data: { reason: 1 } },
    ];
    const written = [await append("note-o1", events), await append("order_copy-o1", events)];
    for (const write of written)
      expect([write.status, await rowAfter("order_summary/o1", write)]).toMatchObject([201, { status: "placed", customerId: anOrder.customerId }]);
    expectProblem(await get("/v1/views/user_summary/o1", newerThan(written[1] as never)), 404);
    expect(await rowsOf("sales_per_day")).toMatchObject([{ orders: 1, totalCents: 1000 }]);
    const { items } = ok<{ items: readonly { name: string; state: string }[] }>(await get("/v1/projections"));
    expect(items.length).toBeGreaterThanOrEqual(15);
    expect(items.filter(({ state }) => state !== "live" && state !== "catching-up")).toEqual([]);
  });
});
