import { beforeAll, expect, test } from "vitest";
import { eventsOf, get, ok } from "../support/http.ts";
import { anOrder, command, type Decided, decided, password, tally, upTo, inStock } from "./commands.ts";

beforeAll(() => inStock());

test("30 commands to one aggregate at the same moment are decided one after the other, each with what came before it", async () => {
  const answers = await Promise.all(upTo(30).map(() => decided<{ available: number }>("inventory/busy/Receive", { quantity: 2 })));
  const byVersion = answers.toSorted((one, other) => one.version - other.version);
  expect(byVersion.map(({ version }) => version)).toEqual(upTo(30));
  expect(byVersion.map(({ state }) => state.available)).toEqual(upTo(30).map((version) => 2 * version));
  const stored = await eventsOf("inventory-busy");
  expect(stored.map(({ id }) => id)).toEqual(byVersion.map(({ events }) => events[0]?.id));
  expect(ok(await get("/v1/streams/inventory-busy/verify"))).toMatchObject({ valid: true, to: 30 });
});

test("of 30 different orders of one id, one is placed and 29 are already_placed", async () => {
  const answers = await Promise.all(upTo(30).map((n) => command("order/wanted/PlaceOrder", { ...anOrder, customerId: `customer-${n}` })));
  expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 409: 29 });
  const [placed] = answers.filter(({ status }) => status === 200).map((answer) => answer.json<Decided>());
  expect(ok(await get("/v1/aggregates/order/wanted"))).toMatchObject({ version: 1, state: placed?.state });
});

test("40 aggregates are decided for at the same moment, each by itself", async () => {
  const answers = await Promise.all(upTo(40).flatMap((n) => upTo(3).map(() => decided<{ available: number }>(`inventory/side.${n}/Receive`, { quantity: n }))));
  for (const n of upTo(40)) {
    const own = answers.filter(({ stream }) => stream === `inventory-side.${n}`);
    expect(own.map(({ version }) => version).sort()).toEqual([1, 2, 3]);
    expect(Math.max(...own.map(({ state }) => state.available))).toBe(3 * n);
  }
});

test("of 12 wrong passwords at the same moment, five are counted and the account is locked for the rest", async () => {
  await decided("account/besieged/Register", { email: "besieged@a.example", password });
  const answers = await Promise.all(upTo(12).map((n) => command("account/besieged/LogIn", { password: `guess number ${n}` })));
  expect(tally((await eventsOf("account-besieged")).map(({ type }) => type))).toEqual({ "auth.Registered": 1, "auth.LoginFailed": 5, "auth.AccountLocked": 1 });
  expect(tally(answers.map((answer) => (answer.status === 200 ? "200" : answer.json<{ code: string }>().code)))).toEqual({ 200: 5, account_locked: 7 });
});

// A prepared command is tried ten times; then its own version, which the client never named, is what it is refused with.
test("16 log-ins to one account at the same moment are all decided, since none of them named a version", async () => {
  await decided("account/crowd/Register", { email: "crowd@a.example", password });
  const answers = await Promise.all(upTo(16).map(() => command("account/crowd/LogIn", { password })));
  expect(tally(answers.map((answer) => (answer.status === 200 ? "200" : answer.json<{ code: string }>().code)))).toEqual({ 200: 16 });
});
