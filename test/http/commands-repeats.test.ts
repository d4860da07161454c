import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, eventsOf, expectProblem, get, ok, send } from "../support/http.ts";
import { anOrder, command, type Decided, decided, each, password, tally, inStock } from "./commands.ts";

beforeAll(() => inStock());

const keyed = (key: string) => ({ "idempotency-key": key });
const expectReplay = (again: Answer, first: Answer): void => {
  expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([200, first.text, "true"]);
  for (const name of ["etag", "consistency-token", "content-type"]) expect(again.headers.get(name)).toBe(first.headers.get(name));
};

describe("a command under an Idempotency-Key", () => {
  test("is given its first answer again, whatever has happened since", async () => {
    const first = await command("order/again/PlaceOrder", anOrder, keyed("again"));
    expect(first.headers.has("idempotency-replayed")).toBe(false);
    await decided("order/again/CancelOrder", { reason: "changed my mind" });
    expectReplay(await command("order/again/PlaceOrder", anOrder, keyed('"again"')), first);
    expect(first.json<Decided>().state["status"]).toBe("placed");
    expect(await eventsOf("order-again")).toHaveLength(2);
  });

  test("is given again though its precondition would fail by now, and though its stream is closed", async () => {
    const isNew = { ...keyed("late"), "if-none-match": "*" };
    const first = await command("order/late/PlaceOrder", anOrder, isNew);
    expectReplay(await command("order/late/PlaceOrder", anOrder, isNew), first);
    await send("DELETE", "/v1/streams/order-late");
    expectReplay(await command("order/late/PlaceOrder", anOrder, isNew), first);
  });

  test("is given again where it decided nothing, though by now it would decide something", async () => {
    const first = await command("inventory/idle/Release", { orderId: "o1" }, keyed("idle"));
    expect(first.json<Decided>()).toMatchObject({ version: 0, events: [] });
    await each("inventory/idle", [
      ["Receive", { quantity: 1 }],
      ["Reserve", { orderId: "o1", quantity: 1 }],
    ]);
    expectReplay(await command("inventory/idle/Release", { orderId: "o1" }, keyed("idle")), first);
    expect(ok(await get("/v1/aggregates/inventory/idle"))).toMatchObject({ version: 2, state: { reserved: 1 } });
  });

  test("is 422 with another body, command or aggregate, and nothing of it is done", async () => {
    ok(await command("inventory/other/Receive", { quantity: 1 }, keyed("other")));
    const others: readonly (readonly [string, object])[] = [
      ["inventory/other/Receive", { quantity: 2 }],
      ["inventory/other/Adjust", { quantity: 1, delta: 1, reason: "found" }],
      ["inventory/another/Receive", { quantity: 1 }],
      ["order/other/PlaceOrder", anOrder],
    ];
    for (const [path, data] of others) expectProblem(await command(path, data, keyed("other")), 422, "idempotency_key_reused");
    expect([await eventsOf("inventory-other"), await eventsOf("inventory-another"), await eventsOf("order-other")].map(({ length }) => length)).toEqual([
      1, 0, 0,
    ]);
    // Another tenant's key is another key.
    expect((await command("inventory/other/Receive", { quantity: 2 }, { ...keyed("other"), "tenant-id": "commands-key" })).status).toBe(200);
  });

  test("is not kept where the business said no: the same key is decided anew", async () => {
    const reserve = () => command("inventory/soon/Reserve", { orderId: "o1", quantity: 5 }, keyed("soon"));
    expectProblem(await reserve(), 409, "insufficient_stock");
    expectProblem(await command("inventory/soon/Reserve", { orderId: "o1", quantity: 4 }, keyed("soon")), 409, "insufficient_stock");
    await decided("inventory/soon/Receive", { quantity: 5 });
    const first = await reserve();
    expect([first.status, first.headers.has("idempotency-replayed")]).toEqual([200, false]);
    expectReplay(await reserve(), first);
  });

  test("is not kept where it was invalid or its precondition failed", async () => {
    expectProblem(await command("order/kept/PlaceOrder", {}, keyed("kept")), 422, "invalid_input");
    expectProblem(await command("order/kept/PlaceOrder", anOrder, { ...keyed("kept"), "if-match": '"4"' }), 412);
    expect((await command("order/kept/PlaceOrder", anOrder, keyed("kept"))).headers.has("idempotency-replayed")).toBe(false);
  });

  test.each(["inventory/many/Receive", "account/many/Register"])("is done once though %s is sent 20 times at the same moment", async (path) => {
    const data = { quantity: 1, email: "many@a.example", password };
    const answers = await Promise.all(Array.from({ length: 20 }, () => command(path, data, keyed(path))));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 20 });
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => !headers.has("idempotency-replayed"))).toHaveLength(1);
    expect(await eventsOf(path.split("/").slice(0, 2).join("-"))).toHaveLength(1);
  });

  test("is 400 where the key is none", async () => {
    for (const key of ['"open', "k".repeat(256)]) expectProblem(await command("order/nokey/PlaceOrder", anOrder, keyed(key)), 400, "invalid_idempotency_key");
  });
});

describe("of secrets, an Idempotency-Key", () => {
  test("knows nothing: who has forgotten the password is told the first answer, and no other e-mail address", async () => {
    const register = (more: object) => command("account/secret/Register", { email: "secret@a.example", password, ...more }, keyed("secret"));
    const first = await register({});
    expectReplay(await register({ password: "another password of mine" }), first);
    expectProblem(await register({ email: "else@a.example" }), 422, "idempotency_key_reused");
    ok(await command("account/secret/LogIn", { password }));
    expect((await decided<{ sessions: string[] }>("account/secret/LogIn", { password: "another password of mine" })).state.sessions).toHaveLength(1);
  });

  test("gives the answer that carried one again, without it", async () => {
    await decided("account/once/Register", { email: "once@a.example", password });
    const first = await command("account/once/EnrolMfa", {}, keyed("enrol"));
    const { shownOnce, ...rest } = first.json<Decided>();
    expect(shownOnce).toMatchObject({ secret: expect.stringMatching(/^[A-Z2-7]{32}$/), uri: expect.stringMatching(/^otpauth:\/\/totp\//) });
    const again = await command("account/once/EnrolMfa", {}, keyed("enrol"));
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"]);
    expect(again.json<Decided>()).toEqual(rest);
    expect(JSON.stringify([again.text, await eventsOf("account-once"), ok(await get("/v1/aggregates/account/once"))])).not.toContain(shownOnce?.["secret"]);
  });
});
