import * as fc from "fast-check";
import { expect, test } from "vitest";
import { auth, authAudit, authenticationView } from "../../../src/domains/auth/index.ts";
import { commerce, customerMilestones, customerValue, lowStockAlerts, orderMetrics, stock } from "../../../src/domains/commerce/index.ts";
import { memberships, platform, tenantOwners, tenantSettingsView, userJourneys } from "../../../src/domains/platform/index.ts";
import { users } from "../../../src/domains/users/index.ts";
import type { CommandToSend, Projection } from "../../../src/kernel/index.ts";
import { HandledWorld } from "./support/handled-world.ts";

const modules = [auth, commerce, platform, users];
const who = fc.constantFrom("ada", "bob");
const ip = fc.constantFrom("192.0.2.1", "192.0.2.2");

interface Sent extends CommandToSend {
  readonly found?: unknown;
}
const to = (category: string, id: string, command: string, data: unknown = {}, found?: unknown): Sent => ({ category, id, command, data, found });
let sessions = 0;

const wishes: fc.Arbitrary<Sent> = fc.oneof(
  who.map((id) => to("user", id, "RegisterUser", { email: `${id}@a.example`, name: id })),
  who.map((id) => to("user", id, "DeactivateUser", { reason: "moved" })),
  who.map((id) => to("account", id, "Register", { email: `${id}@a.example`, password: "correct horse battery" }, { hash: "h" })),
  fc
    .tuple(who, ip, fc.boolean())
    .map(([id, ip, isRight]) => to("account", id, "LogIn", { password: "p", ip }, { isRight, codeStep: undefined, sessionId: `s${++sessions}` })),
  who.map((id) => to("account", id, "UnlockAccount")),
  fc
    .tuple(fc.constantFrom("o1", "o2", "o3"), who)
    .map(([id, customerId]) => to("order", id, "PlaceOrder", { customerId, items: [{ sku: "tea", quantity: 1, priceCents: 60_000 }] })),
  fc
    .tuple(fc.constantFrom("o1", "o2", "o3"), fc.constantFrom("ConfirmOrder", "DeliverOrder", "CancelOrder", "ShipOrder"))
    .map(([id, command]) => to("order", id, command, command === "CancelOrder" ? { reason: "late" } : command === "ShipOrder" ? { tracking: "T" } : {})),
  fc.integer({ min: 1, max: 6 }).map((quantity) => to("inventory", "tea", "Receive", { quantity })),
  fc.integer({ min: 0, max: 6 }).map((threshold) => to("inventory", "tea", "SetLowStockThreshold", { threshold })),
  fc.integer({ min: -6, max: 6 }).map((delta) => to("inventory", "tea", "Adjust", { delta, reason: "counted" })),
  fc
    .tuple(fc.constantFrom("o1", "o2", "o3"), fc.integer({ min: 1, max: 5 }))
    .map(([orderId, quantity]) => to("inventory", "tea", "Reserve", { orderId, quantity })),
  fc.tuple(fc.constantFrom("o1", "o2", "o3"), fc.constantFrom("Release", "Commit")).map(([orderId, command]) => to("inventory", "tea", command, { orderId })),
  fc.constantFrom("free", "enterprise").map((plan) => to("tenant", "acme", "CreateTenant", { name: "Acme", plan })),
  fc.constantFrom("free", "standard", "enterprise").map((plan) => to("tenant", "acme", "ChangePlan", { plan })),
  fc.constantFrom("SuspendTenant", "ResumeTenant").map((command) => to("tenant", "acme", command, command === "SuspendTenant" ? { reason: "unpaid" } : {})),
  fc
    .tuple(who, fc.constantFrom("owner", "admin", "member"), fc.constantFrom("AssignRole", "RemoveRole"))
    .map(([id, role, command]) => to("membership", `acme:${id}`, command, { role })),
);

/** Sends wishes, with handlers at work between them or only after them, as the draws have it. */
async function handled(sent: readonly Sent[], seed: readonly number[], isAtOnce: boolean): Promise<HandledWorld> {
  let at = 0;
  const world = new HandledWorld(modules, (below) => (seed[at++ % seed.length] ?? 0) % below);
  for (const { found, ...command } of sent) {
    world.send(command, { found });
    if (isAtOnce) await world.settle();
  }
  await world.settle();
  return world;
}

const seeds = fc.array(fc.nat(1_000_000), { minLength: 50, maxLength: 200 });
const without = (world: HandledWorld, view: Projection, ...columns: readonly string[]): readonly string[] =>
  world
    .rows(view)
    .map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name)))))
    .toSorted();

test("whatever happens, and in whatever order and however often it is handled, what follows fits what happened", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wishes, { minLength: 10, maxLength: 40, size: "max" }), seeds, fc.boolean(), async (sent, seed, isAtOnce) => {
      const world = await handled(sent, seed, isAtOnce);
      const [tea] = world.rows(stock);
      expect(world.rows(lowStockAlerts)[0]?.["open"] ?? false).toBe(tea?.["low"] ?? false);
      for (const id of ["ada", "bob"]) {
        const user = world.stateOf(`user-${id}`) as { status: string } | undefined;
        const account = world.stateOf(`account-${id}`) as { owner?: object; closedFor?: string; sessions: readonly string[] } | undefined;
        if (user?.status === "deactivated" && account?.owner) expect([account.closedFor, account.sessions]).toEqual([expect.any(String), []]);
        if (user?.status !== "deactivated") expect(account?.closedFor).toBeUndefined();
        const setUp = world.rows(authenticationView).find(({ userId }) => userId === id);
        if (user?.status === "active") expect(setUp).toMatchObject({ email: `${id}@a.example` });
        const happenings = ["account", "authentication", "user_watch"].flatMap((category) => world.factsOf(`${category}-${id}`));
        const audited = happenings.filter(({ type }) => !type.startsWith("auth.security."));
        expect(world.factsOf(`auth_audit-${id}`).length).toBeGreaterThanOrEqual(audited.length);
      }
      const holding = (role: string): readonly unknown[] =>
        world.rows(memberships).flatMap(({ roles, userId }) => ((roles as readonly string[]).includes(role) ? [userId] : []));
      const [owners] = world.rows(tenantOwners);
      expect((owners?.["owners"] as string[] | undefined)?.toSorted() ?? []).toEqual(holding("owner").toSorted());
      expect((owners?.["admins"] as string[] | undefined)?.toSorted() ?? []).toEqual(holding("admin").toSorted());
      const tenant = world.stateOf("tenant-acme") as { status: string; plan?: string } | undefined;
      const [settings] = world.rows(tenantSettingsView);
      if (tenant !== undefined && tenant.status !== "none")
        expect(settings).toMatchObject({ plan: tenant.plan, access: tenant.status === "suspended" ? "closed" : "open" });
    }),
    { numRuns: 100 },
  );
});

test("what handlers add up is the same in whatever order and however often events are handled", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wishes, { minLength: 10, maxLength: 40, size: "max" }), seeds, seeds, async (sent, one, other) => {
      const [first, second] = [await handled(sent, one, false), await handled(sent, other, false)];
      expect(without(second, customerValue)).toEqual(without(first, customerValue));
      expect(without(second, orderMetrics)).toEqual(without(first, orderMetrics));
      expect(without(second, userJourneys)).toEqual(without(first, userJourneys));
      expect(without(second, customerMilestones, "milestoneId", "at")).toEqual(without(first, customerMilestones, "milestoneId", "at"));
      expect(without(second, authAudit, "entryId", "at").length).toBe(without(first, authAudit).length);
    }),
    { numRuns: 60 },
  );
});
