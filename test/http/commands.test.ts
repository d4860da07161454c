import { beforeAll, describe, expect, test } from "vitest";
import { adminKey, append, eventsOf, everything, expectProblem, get, newerThan, ok, type Page, send, type StoredEvent } from "../support/http.ts";
import { anOrder, command, type Decided, decided, each, password, inStock } from "./commands.ts";

beforeAll(() => inStock());

describe("a command that is decided", () => {
  test("is 200 with the stream, its version, the events and the state, an ETag and a Consistency-Token", async () => {
    const answer = await command("order/whole/PlaceOrder", anOrder);
    expect(answer.status).toBe(200);
    expect([answer.headers.get("etag"), answer.headers.get("content-type")]).toEqual(['"1"', "application/json"]);
    const { stream, version, events, state, ...more } = answer.json<Decided>();
    expect([stream, version, more]).toEqual(["order-whole", 1, {}]);
    const [stored] = await eventsOf("order-whole");
    expect(events).toEqual([{ id: stored?.id, version: 1, type: "commerce.OrderPlaced", data: stored?.data, hash: stored?.hash }]);
    expect(events[0]?.data).toMatchObject({ ...anOrder, totalCents: 1000, currency: "EUR" });
    expect(state).toMatchObject({ ...anOrder, status: "placed", totalCents: 1000 });
    expect(ok<Page>(await get("/v1/events?stream=order-whole", newerThan(answer))).items.map(({ id }) => id)).toEqual([stored?.id]);
  });

  test("may decide several events, in one append and in order", async () => {
    await each("inventory/several", [
      ["Receive", { quantity: 3 }],
      ["SetLowStockThreshold", { threshold: 2 }],
    ]);
    const { version, events } = await decided("inventory/several/Reserve", { orderId: "o1", quantity: 1 });
    expect([version, events.map(({ version, type }) => [version, type])]).toEqual([
      4,
      [
        [3, "commerce.StockReserved"],
        [4, "commerce.LowStockReached"],
      ],
    ]);
    expect((await eventsOf("inventory-several")).map(({ id }) => id).slice(2)).toEqual(events.map(({ id }) => id));
  });

  test("may decide none: 200 with no events, at the version that is there, and nothing is written", async () => {
    const first = await command("order/none/PlaceOrder", anOrder);
    const again = await command("order/none/PlaceOrder", anOrder);
    expect([again.status, again.headers.get("etag"), again.headers.get("consistency-token")]).toEqual([200, '"1"', first.headers.get("consistency-token")]);
    expect(again.json<Decided>()).toEqual({ ...first.json<Decided>(), events: [] });
    expect(await decided("inventory/nothing/Release", { orderId: "o1" })).toMatchObject({ version: 0, events: [] });
    expectProblem(await get("/v1/aggregates/inventory/nothing"), 404);
    expectProblem(await get("/v1/streams/inventory-nothing"), 404);
  });

  test("is in the log with who sent it, and in which flow and trace", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const headers = { "x-correlation-id": "buying", traceparent: `00-${trace}-b7ad6b7169203331-01` };
    const answer = await command("order/traced/PlaceOrder", anOrder, headers);
    expect(answer.headers.get("x-correlation-id")).toBe("buying");
    expect(answer.headers.get("traceresponse")).toMatch(new RegExp(`^00-${trace}-`));
    const [event] = await everything<StoredEvent>("/v1/events?stream=order-traced", newerThan(answer));
    expect(event).toMatchObject({
      source: "/v1",
      schemaVersion: 1,
      metadata: { correlationId: "buying", actor: expect.stringMatching(/^key:/), priority: "normal" },
    });
    expect(event?.metadata["traceparent"]).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    expect(JSON.stringify(event)).not.toContain(adminKey);
    const appended = await append("note-traced", [{ type: "note.Taken", data: 1 }], headers);
    expect((await everything<StoredEvent>("/v1/events?correlationId=buying", newerThan(appended))).map(({ stream }) => stream)).toEqual([
      "order-traced",
      "note-traced",
    ]);
  });

  test("is in a stream whose chain holds, though commands and appends take turns in it", async () => {
    await command("order/chain/PlaceOrder", anOrder);
    await append("order-chain", [{ type: "commerce.OrderConfirmed", data: {} }]);
    await command("order/chain/ShipOrder", { tracking: "T1" });
    expect(ok(await get("/v1/streams/order-chain/verify"))).toMatchObject({ valid: true, from: 1, to: 3 });
  });

  test("belongs to its tenant alone", async () => {
    const [one, other] = [{ "tenant-id": "commands-one" }, { "tenant-id": "commands-other" }];
    await decided("order/mine/PlaceOrder", anOrder, one);
    expectProblem(await get("/v1/aggregates/order/mine", other), 404);
    expectProblem(await command("order/mine/ConfirmOrder", {}, other), 409, "no_such_order");
    expect((await decided("order/mine/PlaceOrder", { ...anOrder, customerId: "bob" }, other)).version).toBe(1);
    expect(ok(await get("/v1/aggregates/order/mine", one))).toMatchObject({ state: { customerId: anOrder.customerId } });
  });
});

describe("a command that is not decided", () => {
  const pathsOf = async (path: string, data: unknown) => expectProblem(await command(path, data), 422, "invalid_input").errors?.map(({ path }) => path);

  test("is 422 with the paths where its data is not valid, and nothing is written", async () => {
    expect(await pathsOf("order/invalid/PlaceOrder", {})).toEqual(["customerId", "items"]);
    const items = [anOrder.items[0], { sku: "cup", quantity: 0, priceCents: -1 }, { sku: "cup", quantity: 1.5, priceCents: "10" }];
    expect(await pathsOf("order/invalid/PlaceOrder", { customerId: "ann", items })).toEqual([
      "items[1].quantity",
      "items[1].priceCents",
      "items[2].quantity",
      "items[2].priceCents",
    ]);
    expect(await pathsOf("order/invalid/PlaceOrder", [])).toEqual([""]);
    expect(await pathsOf("order/invalid/PlaceOrder", { ...anOrder, currency: "euro" })).toEqual(["currency"]);
    expect(await pathsOf("account/invalid/Register", { email: "nobody", password })).toEqual(["email"]);
    expect(await pathsOf("order/invalid/PlaceOrder", { ...anOrder, customerId: "\ud800" })).toEqual(["customerId"]);
    expect(await eventsOf("order-invalid")).toEqual([]);
  });

  test("is 422 with the path where its id cannot be a stream's", async () => {
    for (const id of ["a%20b", "a%2Fb", "%C3%A9", "x".repeat(201)]) expect(await pathsOf(`order/${id}/PlaceOrder`, anOrder)).toEqual(["id"]);
    for (const id of ["a:b", "a~b", "a.b", "-", "x".repeat(200)]) expect((await decided(`order/${id}/PlaceOrder`, anOrder)).stream).toBe(`order-${id}`);
  });

  test("never says a secret again, however its data is wrong", async () => {
    for (const data of [{ password }, { email: password, password }, { email: "a@b.example", password: [password] }]) {
      const { text } = await command("account/silent/Register", data);
      if (data.email !== password) expect(text).not.toContain(password);
    }
  });

  test("is 409 with the rejection's code where the business says no, and nothing is written", async () => {
    const refused = expectProblem(await command("order/refused/PlaceOrder", { customerId: "ann", items: [] }), 409, "empty_order");
    expect(refused.errors).toBeUndefined();
    expect(await eventsOf("order-refused")).toEqual([]);
    expectProblem(await get("/v1/aggregates/order/refused"), 404);
  });

  test("is 404 where there is no such category or no such command, whatever its name is", async () => {
    const paths = ["nothing/x/PlaceOrder", "order/x/Receive", "order/x/placeOrder", "order/x/constructor", "order/x/__proto__", "note/x/Add"];
    for (const path of [...paths, "rivulet_unique/x/Reserve", "rivulet_source/x/Configure"]) expectProblem(await command(path, anOrder), 404, "not_found");
    expectProblem(await get("/v1/aggregates/nothing/x"), 404);
    expectProblem(await get("/v1/aggregates/rivulet_unique/x"), 404);
  });

  test("is 410 where its stream is closed, prepared or not; the state is still there", async () => {
    await each("order/closed", [["PlaceOrder", anOrder]]);
    await each("account/closed", [["Register", { email: "closed@a.example", password }]]);
    for (const stream of ["order-closed", "account-closed"]) expect((await send("DELETE", `/v1/streams/${stream}`)).status).toBeLessThan(300);
    expectProblem(await command("order/closed/ConfirmOrder"), 410, "stream_closed");
    expectProblem(await command("order/closed/ConfirmOrder", {}, { "if-match": '"99"' }), 410, "stream_closed");
    expectProblem(await command("account/closed/LogIn", { password }), 410, "stream_closed");
    expectProblem(await command("account/closed/LogIn", { password }, { "if-match": '"99"' }), 410, "stream_closed");
    expect(ok(await get("/v1/aggregates/order/closed"))).toMatchObject({ version: 2, state: { status: "placed" } });
    expect(await eventsOf("account-closed")).toHaveLength(2);
  });

  test("is refused in this order: key, syntax, repeat, closed, precondition, decision", async () => {
    const stale = { "if-match": '"7"' };
    expectProblem(await send("POST", "/v1/aggregates/order/order/CancelOrder", "{", { ...stale, authorization: undefined }), 401);
    expectProblem(await send("POST", "/v1/aggregates/order/order/CancelOrder", "{", stale), 400, "invalid_json");
    expectProblem(await command("order/order/CancelOrder", {}, stale), 422, "invalid_input");
    expectProblem(await command("order/order/CancelOrder", { reason: "x" }, stale), 412);
    expectProblem(await command("order/order/CancelOrder", { reason: "x" }), 409, "no_such_order");
  });
});
