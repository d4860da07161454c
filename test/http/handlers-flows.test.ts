import { describe, expect, test } from "vitest";
import { append, eventsOf, expectProblem, get, ok, type Page } from "../support/http.ts";
import { anOrder, command, decided, each, type Fields, password, rowsOf, upTo } from "./commands.ts";
import { eventually } from "./eventually.ts";

/** Rows of a view, once there are as many as there should be. */
const rows = (path: string, headers: object, isIt: (rows: readonly Fields[]) => boolean): Promise<readonly Fields[]> =>
  eventually(path, () => rowsOf(path, { ...headers }), isIt);
/** A row that has these columns by now. */
const row = async (path: string, headers: object, columns: Fields): Promise<Fields> => {
  const has = (one: Fields): boolean => Object.entries(columns).every(([name, value]) => one[name] === value);
  const [found] = await rows(path, headers, (all) => all.some(has)).then((all) => all.filter(has));
  return found as Fields;
};

test("GET /v1/handlers tells of the nine handlers and the two workers, with what they were asked for", async () => {
  const { items } = ok<Page<Fields>>(await get("/v1/handlers"));
  const asked: readonly (readonly [name: string, priority: string, concurrency: number])[] = [
    ["auth-audit-log", "low", 20],
    ["commerce-analytics", "low", 5],
    ["inventory", "high", 1],
    ["order-lifecycle", "high", 10],
    ["platform-analytics", "low", 10],
    ["role-management", "high", 1],
    ["security", "critical", 10],
    ["subtitle-downloader", "normal", 6],
    ["subtitle-translator", "normal", 6],
    ["tenant-lifecycle", "critical", 1],
    ["user-authentication", "high", 5],
  ];
  const told = items.map(({ name, priority, concurrency }) => [name, priority, concurrency]);
  expect(told.filter(([name]) => asked.some(([one]) => one === name))).toEqual(asked);
});

describe("a registration", () => {
  const headers = { "tenant-id": "flows-registration" };

  test("sets up authentication and analytics; a deactivation closes both, and nobody logs in any more", async () => {
    await each("user/ada", [["RegisterUser", { email: "ada@a.example", name: "Ada" }]], headers);
    await row("authentication", headers, { userId: "ada", email: "ada@a.example", status: "awaiting_password" });
    await row("user_journeys", headers, { userId: "ada", firstLoginAt: null });
    await each("account/ada", [["Register", { email: "ada@a.example", password }]], headers);
    await row("authentication", headers, { userId: "ada", status: "active" });
    const login = await decided<{ sessions: readonly string[] }>("account/ada/LogIn", { password }, headers);
    await rows("user_journeys", headers, (all) => typeof all[0]?.["toFirstLoginMs"] === "number");
    await each("user/ada", [["DeactivateUser", { reason: "moved" }]], headers);
    await row("authentication", headers, { userId: "ada", status: "closed" });
    await row("sessions", headers, { sessionId: login.state.sessions[0], active: false });
    expectProblem(await command("account/ada/LogIn", { password }, headers), 409, "account_closed");
    await rows("user_journeys", headers, (all) => typeof all[0]?.["leftAt"] === "string");
    const [day] = await rows("platform_counters", headers, (all) => all.some(({ logins }) => logins === 1));
    expect(day).toMatchObject({ registrations: 1, accounts: 1, deactivations: 1 });
  });

  test("is told of in the audit log, without a secret, and each event once", async () => {
    const told = await rows("auth_audit?userId=ada&sort=at", headers, (all) => all.some(({ action }) => action === "closed"));
    const actions = told.map(({ action }) => action).toSorted();
    expect(actions).toEqual(["authentication_closed", "closed", "logged_in", "registered", "set_up"]);
    const kept = await eventsOf("auth_audit-ada", headers);
    expect(kept).toHaveLength(5);
    expect(JSON.stringify([told, kept])).not.toMatch(/scrypt|passwordHash|sessionId/);
    for (const { metadata, source } of kept) expect([metadata["actor"], source]).toEqual(["handler:auth-audit-log", "/handlers/auth-audit-log"]);
  });

  test("can be walked from cause to effect", async () => {
    const [registered] = await eventsOf("user-ada", headers);
    const [setUp] = await eventsOf("authentication-ada", headers);
    expect(setUp?.metadata).toMatchObject({ causationId: registered?.id, correlationId: registered?.metadata["correlationId"] });
  });
});

describe("attempts to log in", () => {
  const headers = { "tenant-id": "flows-security" };
  const logIn = (id: string, data: object) => command(`account/${id}/LogIn`, { password, ...data }, headers);

  test("that fail on many accounts from one address, and then succeed, lead to alerts", async () => {
    const ip = "198.51.100.7";
    for (const n of upTo(6)) await each(`account/u${n}`, [["Register", { email: `u${n}@a.example`, password }]], headers);
    for (const n of upTo(5)) ok(await logIn(`u${n}`, { password: "a guess of mine", ip }));
    ok(await logIn("u6", { ip }));
    await row("security_alerts", headers, { pattern: "many_accounts_from_one_ip", severity: "high", ip, accounts: 5 });
    await row("security_alerts", headers, { pattern: "success_from_suspicious_ip", severity: "critical", ip, userId: "u6" });
  });

  test("that lock an account lead to an alert", async () => {
    for (const n of upTo(4)) ok(await logIn("u1", { password: `guess number ${n}` }));
    await row("security_alerts", headers, { pattern: "account_locked", severity: "high", userId: "u1" });
    await row("authentication", headers, { userId: "u1", status: "locked" });
    await row("auth_audit", headers, { userId: "u1", action: "suspicious_activity", detail: "account_locked" });
  });
});

describe("an order", () => {
  const headers = { "tenant-id": "flows-order" };

  test("moves metrics, analytics and platform counters", async () => {
    // Whoever fulfils orders by themselves finds what they need.
    await each("inventory/cup", [["Receive", { quantity: 10 }]], headers);
    await each("order/o1", [["PlaceOrder", anOrder], ["ConfirmOrder"], ["ShipOrder", { tracking: "T1" }], ["DeliverOrder"]], headers);
    const metrics = await row("order_metrics", headers, { orderId: "o1", outcome: "delivered", late: false });
    expect(metrics).toMatchObject({ toConfirmMs: expect.any(Number), toShipMs: expect.any(Number), totalMs: expect.any(Number) });
    const value = await row("customer_value", headers, { customerId: anOrder.customerId, orders: 1, delivered: 1 });
    expect(value).toMatchObject({ cancelled: 0, spent: { EUR: 1000 } });
    await row("customer_milestones", headers, { customerId: anOrder.customerId, kind: "orders", value: 1 });
    await row("product_sales", headers, { salesId: "EUR:cup", orders: 1, quantity: 1, totalCents: 1000 });
    await rows("platform_counters", headers, (all) => all.reduce((sum, { orders }) => sum + Number(orders), 0) === 1);
    await row("user_journeys", headers, { userId: anOrder.customerId, registeredAt: null });
  });

  test("that makes stock run low raises an alert with what to order, until there is enough again", async () => {
    await each(
      "inventory/tea",
      [
        ["Receive", { quantity: 10 }],
        ["SetLowStockThreshold", { threshold: 4 }],
        ["Reserve", { orderId: "o2", quantity: 7 }],
      ],
      headers,
    );
    await row("low_stock_alerts", headers, { sku: "tea", open: true, available: 3, threshold: 4, suggestedQuantity: 5 });
    await each("inventory/tea", [["Receive", { quantity: 5 }]], headers);
    await row("low_stock_alerts", headers, { sku: "tea", open: false, available: 8 });
    const movements = await rows("stock_movements?sku=tea", headers, (all) => all.length === 3);
    expect(movements.map(({ kind, available }) => [kind, available]).toSorted()).toEqual([
      ["received", 10],
      ["received", 5],
      ["reserved", -7],
    ]);
  });
});

describe("a tenant", () => {
  const headers = { "tenant-id": "flows-tenant" };

  test("gets what its plan gives, keeps what it set itself, and is closed while it is suspended", async () => {
    await each("tenant/acme", [["CreateTenant", { name: "Acme", plan: "free" }]], headers);
    await row("tenant_settings", headers, { tenantId: "acme", plan: "free", access: "open", maxUsers: 3 });
    await each(
      "tenant/acme",
      [
        ["SetFeatureFlag", { flag: "webhooks", enabled: true }],
        ["ChangePlan", { plan: "enterprise" }],
        ["SuspendTenant", { reason: "unpaid" }],
      ],
      headers,
    );
    const closed = await row("tenant_settings", headers, { tenantId: "acme", plan: "enterprise", access: "closed", closedFor: "unpaid" });
    expect(closed).toMatchObject({ flags: { webhooks: true, "single-sign-on": true }, ownFlags: { webhooks: true } });
    await each("tenant/acme", [["ResumeTenant"]], headers);
    await row("tenant_settings", headers, { tenantId: "acme", access: "open", closedFor: null });
  });

  test("knows who changed which role, and when its last owner was removed", async () => {
    await each("membership/acme:ada", [["AssignRole", { role: "owner" }]], headers);
    await row("tenant_owners", headers, { tenantId: "acme", hasOwner: true });
    await each("membership/acme:ada", [["RemoveRole", { role: "owner" }]], headers);
    const owners = await row("tenant_owners", headers, { tenantId: "acme", hasOwner: false });
    expect(owners).toMatchObject({ owners: [], lastOwnerRemovedAt: expect.any(String) });
    const changes = await rows("role_changes?userId=ada", headers, (all) => all.length === 2);
    expect(changes.map(({ change, role, by }) => [change, role, typeof by]).toSorted()).toEqual([
      ["assigned", "owner", "string"],
      ["removed", "owner", "string"],
    ]);
  });
});

test("nobody who may write to some stream makes a handler believe an event of another name", async () => {
  const headers = { "tenant-id": "flows-forged" };
  await each("user/ada", [["RegisterUser", { email: "ada@a.example", name: "Ada" }]], headers);
  await each("account/ada", [["Register", { email: "ada@a.example", password }]], headers);
  const forged = [{ type: "users.UserDeactivated", data: { reason: "forged" } }];
  ok(await append("note-ada", forged, headers));
  // What comes after it in the log has been handled, so it was, too.
  await each("user/bob", [["RegisterUser", { email: "bob@a.example", name: "Bob" }]], headers);
  await row("authentication", headers, { userId: "bob", status: "awaiting_password" });
  await eventually(
    "the handler to have come to the end",
    async () => ok<Page<Fields>>(await get("/v1/handlers", headers)).items.find(({ name }) => name === "user-authentication"),
    (handler) => handler?.["lag"] === 0,
  );
  expect((await eventsOf("account-ada", headers)).map(({ type }) => type)).toEqual(["auth.Registered"]);
});
