import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, append, eventsOf, expectProblem, get, ok, type Problem, send } from "../support/http.ts";
import { anOrder, type Decided, decided, each, type Fields, password, upTo, inStock } from "./commands.ts";

beforeAll(() => inStock());

interface Shown {
  readonly stream: string;
  readonly version: number;
  readonly state: Fields;
}
const pause = (): Promise<void> => scheduler.wait(5);
const expectNothing = (answer: Answer): void => expect([answer.status, answer.json<Problem>().code]).toEqual([404, "not_found"]);

describe("the state of an aggregate", () => {
  test("is what the last command said it is, with the ETag that its next precondition takes", async () => {
    const last = await each("order/now", [["PlaceOrder", anOrder], ["ConfirmOrder"], ["ShipOrder", { tracking: "T1" }]]);
    const answer = await get("/v1/aggregates/order/now");
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"3"']);
    expect(answer.json<Shown>()).toEqual({ stream: "order-now", version: 3, state: last.json<Decided>().state });
    await decided("order/now/DeliverOrder", {}, { "if-match": answer.headers.get("etag") ?? "" });
  });

  test("is 304 to whoever has it, until it moves", async () => {
    await decided("order/seen/PlaceOrder", anOrder);
    for (const tag of ['"1"', 'W/"1"', "*", '"0", "1"']) {
      const answer = await get("/v1/aggregates/order/seen", { "if-none-match": tag });
      expect([answer.status, answer.text, answer.headers.get("etag")]).toEqual([304, "", '"1"']);
    }
    await decided("order/seen/ConfirmOrder");
    expect((await get("/v1/aggregates/order/seen", { "if-none-match": '"1"' })).status).toBe(200);
    // An old version stays what it was.
    expect((await get("/v1/aggregates/order/seen?version=1", { "if-none-match": '"1"' })).status).toBe(304);
  });

  test("is 404 where there is none, and where nothing was written", async () => {
    expectProblem(await get("/v1/aggregates/order/unheard-of"), 404, "not_found");
    expectProblem(await get("/v1/aggregates/order/unheard-of?version=1"), 404, "not_found");
    expectNothing(await get("/v1/aggregates/order/unheard-of?at=2026-01-01T00:00:00.000Z"));
  });

  test("of an account shows neither hash nor sealed secret", async () => {
    await each("account/shown", [["Register", { email: "shown@a.example", password }], ["EnrolMfa"]]);
    const { text } = await get("/v1/aggregates/account/shown");
    const [registered, enrolled] = (await eventsOf("account-shown")).map(({ data }) => data as Fields);
    for (const secret of [password, registered?.["passwordHash"], enrolled?.["sealedSecret"]]) expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toMatchObject({ state: { email: "shown@a.example", mfa: "enrolled" } });
  });
});

describe("time travel", () => {
  test("shows every version as the command that made it did, beyond a snapshot as well", async () => {
    const seen: Decided[] = [];
    for (const n of upTo(120)) seen.push(await decided("inventory/travelled/Receive", { quantity: n }));
    for (const version of [1, 2, 50, 99, 100, 101, 119, 120]) {
      const answer = await get(`/v1/aggregates/inventory/travelled?version=${version}`);
      expect([answer.headers.get("etag"), answer.json<Shown>()]).toEqual([
        `"${version}"`,
        { stream: "inventory-travelled", version, state: seen[version - 1]?.state },
      ]);
    }
  });

  test("shows what was known at a time: at an event, between two, after the last; before the first there is nothing", async () => {
    for (const n of upTo(4)) {
      await decided("inventory/timed/Receive", { quantity: n });
      await pause();
    }
    const times = (await eventsOf("inventory-timed")).map(({ recorded }) => Date.parse(recorded));
    const at = (time: number, off = 0) => get(`/v1/aggregates/inventory/timed?at=${encodeURIComponent(new Date(time + off).toISOString())}`);
    for (const [index, time] of times.entries()) {
      for (const off of [0, 1]) expect(ok<Shown>(await at(time, off)).version).toBe(index + 1);
      expect(ok<Shown>(await at(time)).state["available"]).toBe((index + 1) * (index + 2) * 0.5);
      if (index > 0) expect(ok<Shown>(await at(time, -1)).version).toBe(index);
    }
    expectNothing(await at(times[0] as number, -1));
    expect(ok<Shown>(await at(Date.parse("2999-01-01T00:00:00Z"))).version).toBe(4);
  });

  test("takes what was recorded, and not when a producer says that it happened", async () => {
    await append("inventory-claimed", [{ type: "commerce.StockReceived", data: { quantity: 1 }, time: "2001-01-01T00:00:00.000Z" }]);
    expectNothing(await get("/v1/aggregates/inventory/claimed?at=2002-01-01T00:00:00.000Z"));
  });

  test("is 422 for a version that is not there yet, for both, and for what is no version and no time", async () => {
    await decided("inventory/bounds/Receive", { quantity: 1 });
    const pathOf = async (query: string) =>
      expectProblem(await get(`/v1/aggregates/inventory/bounds?${query}`), 422, "invalid_input").errors?.map(({ path }) => path);
    for (const version of ["2", "0", "-1", "1.5", "x", "", "1e0", "99999999999999999999"]) expect(await pathOf(`version=${version}`)).toEqual(["version"]);
    for (const at of ["yesterday", "2026-01-01", "1", ""]) expect(await pathOf(`at=${at}`)).toEqual(["at"]);
    expect(await pathOf("version=1&at=2026-01-01T00:00:00.000Z")).toHaveLength(1);
    expectProblem(await get("/v1/aggregates/inventory/a%20b"), 422);
  });

  test("is 410 once the data was purged, at every version and time", async () => {
    await decided("order/purged/PlaceOrder", anOrder);
    ok(await send("DELETE", "/v1/streams/order-purged?purge=true"));
    for (const query of ["", "?version=1", `?at=2999-01-01T00:00:00.000Z`]) {
      const answer = await get(`/v1/aggregates/order/purged${query}`);
      expectProblem(answer, 410, "stream_purged");
      expect(answer.text).not.toContain("ann");
    }
  });
});

test("the retention of an aggregate's stream cannot be cut: 409", async () => {
  await decided("order/retained/PlaceOrder", anOrder);
  const patch = { retention: { maxCount: 1 } };
  expectProblem(await send("PATCH", "/v1/streams/order-retained", patch, { "content-type": "application/merge-patch+json" }), 409);
});
