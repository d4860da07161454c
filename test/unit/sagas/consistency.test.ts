import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  cancelledGoods,
  commerce,
  type Inventory,
  inventory,
  type Order,
  order,
  orderEvents,
  orderFulfilment,
  type Payment,
  payments,
} from "../../../src/domains/commerce/index.ts";
import {
  membership,
  type MembershipState,
  platform,
  settingsEvents,
  tenantLifecycle,
  tenantProvisioning,
  type TenantState,
} from "../../../src/domains/platform/index.ts";
import { type Profile, profileEvents, type User, user, users } from "../../../src/domains/users/index.ts";
import { type Batch, videoBatch, videos } from "../../../src/domains/video/index.ts";
import { userOnboarding } from "../../../src/flows/index.ts";
import { commandTo, defineHandler } from "../../../src/kernel/index.ts";
import { handlerPorts } from "../../../src/ports/handler-ports.ts";
import type { SagaState } from "../../../src/sagas/state.ts";
import { type Draw, SagaWorld } from "./support/saga-world.ts";

const port = handlerPorts({ open: () => ({}) as never });
/** Somebody cancels the fulfilment of these orders just when they are confirmed. */
const cancelling = defineHandler({
  name: "cancelling",
  events: [orderEvents],
  on: ["commerce.OrderConfirmed"],
  handle: ({ id }) => (id.startsWith("late") ? [{ category: orderFulfilment.category, id, command: "Cancel", data: { reason: "too late" } }] : []),
});
/** Somebody deactivates these users just when they get their profile, and cancels the provisioning of these tenants just when they are ready. */
const leaving = defineHandler({
  name: "leaving",
  events: [profileEvents, settingsEvents],
  on: ["users.ProfileCreated", "platform.DefaultsApplied"],
  handle({ type, id }) {
    if (!id.startsWith("late")) return [];
    return type === "users.ProfileCreated"
      ? [commandTo(user, id, "DeactivateUser", { reason: "left" })]
      : [{ category: tenantProvisioning.category, id, command: "Cancel", data: { reason: "a mistake" } }];
  },
});
const world = (draw: Draw): SagaWorld =>
  new SagaWorld(
    {
      deciders: [commerce, platform, users, videos].flatMap(({ deciders }) => deciders),
      handlers: [payments, cancelledGoods, tenantLifecycle, cancelling, leaving],
      sagas: [orderFulfilment, tenantProvisioning, userOnboarding, videoBatch],
      port: (name) => port("test", name),
    },
    draw,
  );
const drawn = (seed: readonly number[]): Draw => {
  let at = 0;
  return (below) => (seed[at++ % seed.length] ?? 0) % below;
};
const seeds = fc.array(fc.nat(1_000_000), { minLength: 97, maxLength: 200 });
/** Customers whom the provider treats in different ways, and what they want. */
const wishes = fc.array(
  fc.record({
    customerId: fc.constantFrom("ann", "bob", "declined-eve", "silent", "twice"),
    tea: fc.integer({ min: 1, max: 3 }),
    milk: fc.integer({ min: 0, max: 2 }),
    isCancelled: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);
const ended = (sagas: SagaWorld, category: string): readonly string[] => sagas.all<SagaState>(category).map(({ status }) => status);

test("whatever comes in whatever order, however often: money taken is orders confirmed, and no stock stays reserved", { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(wishes, seeds, async (wishes, seed) => {
      const shop = world(drawn(seed));
      shop.send(commandTo(inventory, "tea", "Receive", { quantity: 6 }));
      shop.send(commandTo(inventory, "milk", "Receive", { quantity: 4 }));
      for (const [index, { customerId, tea, milk }] of wishes.entries()) {
        const items = [
          { sku: "tea", quantity: tea, priceCents: 100 },
          { sku: "milk", quantity: milk, priceCents: 50 },
        ].filter(({ quantity }) => quantity > 0);
        shop.send(commandTo(order, `o${index}`, "PlaceOrder", { customerId, items }));
      }
      for (const [index, { isCancelled }] of wishes.entries()) if (isCancelled) shop.send(commandTo(order, `o${index}`, "CancelOrder", { reason: "no" }));
      await shop.settle();
      for (const status of ended(shop, orderFulfilment.category)) seen.add(status);
      const gone = { tea: 0, milk: 0 };
      for (const [index, { customerId, tea, milk }] of wishes.entries()) {
        const { status } = shop.stateOf<Order>(`order-o${index}`);
        const paid = (shop.stateOf<Payment | undefined>(`payment-o${index}`)?.status ?? "none") === "captured";
        expect(["confirmed", "cancelled"]).toContain(status);
        expect(paid).toBe(status === "confirmed");
        expect(shop.stateOf<SagaState>(`${orderFulfilment.category}-o${index}`).status).toBe(paid ? "completed" : "compensated");
        if (customerId === "silent" || customerId === "declined-eve") expect(paid).toBe(false);
        if (paid) [gone.tea, gone.milk] = [gone.tea + tea, gone.milk + milk];
      }
      expect(shop.stateOf<Inventory>("inventory-tea")).toMatchObject({ available: 6 - gone.tea, reserved: 0, reservations: {} });
      expect(shop.stateOf<Inventory>("inventory-milk")).toMatchObject({ available: 4 - gone.milk, reserved: 0, reservations: {} });
      // Somebody changes their mind about what was fulfilled: the money does not stay, and the goods do.
      for (const index of wishes.keys()) shop.send(commandTo(order, `o${index}`, "CancelOrder", { reason: "no" }));
      await shop.settle();
      for (const index of wishes.keys()) {
        expect(shop.stateOf<Order>(`order-o${index}`).status).toBe("cancelled");
        expect(shop.stateOf<Payment | undefined>(`payment-o${index}`)?.status ?? "none").not.toBe("captured");
      }
      expect(shop.stateOf<Inventory>("inventory-tea")).toMatchObject({ available: 6, reserved: 0, reservations: {} });
      expect(shop.stateOf<Inventory>("inventory-milk")).toMatchObject({ available: 4, reserved: 0, reservations: {} });
    }),
    { numRuns: 80, endOnFailure: true },
  );
  expect([...seen].toSorted()).toEqual(["compensated", "completed"]);
});

test("a fulfilment that is cancelled while its goods leave gives back the money, and the goods", { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const shop = world(drawn(seed));
      for (const sku of ["tea", "milk"]) shop.send(commandTo(inventory, sku, "Receive", { quantity: 5 }));
      const items = ["tea", "milk"].map((sku) => ({ sku, quantity: 2, priceCents: 100 }));
      shop.send(commandTo(order, "late", "PlaceOrder", { customerId: "ann", items }));
      await shop.settle();
      const { status } = shop.stateOf<Order>("order-late");
      seen.add(status);
      expect(shop.stateOf<SagaState>(`${orderFulfilment.category}-late`).status).toBe(status === "cancelled" ? "cancelled" : "completed");
      expect(shop.stateOf<Payment>("payment-late").status).toBe(status === "cancelled" ? "refunded" : "captured");
      for (const sku of ["tea", "milk"])
        expect(shop.stateOf<Inventory>(`inventory-${sku}`)).toMatchObject({ available: status === "cancelled" ? 5 : 3, reserved: 0 });
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect([...seen].toSorted()).toEqual(["cancelled", "confirmed"]);
});

test("no active user is without a role, and nobody else has one", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), seeds, async (refused, seed) => {
      const place = world(drawn(seed));
      for (const [index, isRefused] of refused.entries())
        place.send({
          category: "user",
          id: `u${index}`,
          command: "RegisterUser",
          data: { email: `u${index}@${isRefused ? "refused" : "a"}.example`, name: "U" },
        });
      await place.settle();
      for (const [index, isRefused] of refused.entries()) {
        expect(place.stateOf<User>(`user-u${index}`)).toMatchObject({ status: isRefused ? "deactivated" : "active" });
        // No profile without a role.
        expect(place.stateOf<Profile>(`profile-u${index}`).status).toBe(isRefused ? "removed" : "created");
        expect(place.stateOf<MembershipState>(`${membership.category}-test:u${index}`).roles).toEqual(isRefused ? [] : ["member"]);
      }
      expect(place.factsOf("membership", "platform.RoleAssigned")).toBe(refused.length);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test("a user who is deactivated while the onboarding runs has neither a role nor a profile", { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const place = world(drawn(seed));
      place.send(commandTo(user, "late", "RegisterUser", { email: "late@a.example", name: "U" }));
      await place.settle();
      const { status } = place.stateOf<SagaState>(`${userOnboarding.category}-late`);
      seen.add(status);
      expect(place.stateOf<User>("user-late").status).toBe("deactivated");
      expect(place.stateOf<Profile>("profile-late").status).toBe(status === "compensated" ? "removed" : "created");
      expect(place.stateOf<MembershipState | undefined>(`${membership.category}-test:late`)?.roles ?? []).toEqual(status === "compensated" ? [] : ["member"]);
    }),
    { numRuns: 60, endOnFailure: true },
  );
  // Where the news came after the end, the user was onboarded, and then left.
  expect([...seen].toSorted()).toEqual(["compensated", "completed"]);
});

test("a tenant is ready or suspended, whenever its provisioning is cancelled", { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const place = world(drawn(seed));
      place.send({ category: "tenant", id: "late", command: "CreateTenant", data: { name: "Late", plan: "free" } });
      await place.settle();
      const { status } = place.stateOf<TenantState>("tenant-late");
      seen.add(status);
      expect(place.stateOf<{ isReady: boolean }>("tenant_settings-late").isReady).toBe(status === "active");
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect([...seen].toSorted()).toEqual(["active", "suspended"]);
});

test("a tenant that was created is ready, with its plan's settings", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const place = world(drawn(seed));
      place.send({ category: "tenant", id: "acme", command: "CreateTenant", data: { name: "Acme", plan: "free" } });
      await place.settle();
      expect(place.stateOf<TenantState>("tenant-acme")).toMatchObject({ status: "active" });
      expect(place.stateOf<{ isReady: boolean }>("tenant_settings-acme")).toMatchObject({ plan: "free", isReady: true });
      expect(ended(place, tenantProvisioning.category)).toEqual(["completed"]);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test("a batch is over with all its jobs, whichever of them fail or never end", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom("ok", "fails", "never"), { minLength: 1, maxLength: 5 }), seeds, async (fates, seed) => {
      const studio = world(drawn(seed));
      studio.send({ category: "batch", id: "b", command: "StartBatch", data: { videoUrls: fates.map((_, n) => `https://v.example/${n}`) } });
      for (const [index, fate] of fates.entries()) {
        const job = (command: string, data: object) => studio.send({ category: "video", id: `b:${index + 1}`, command, data });
        // The same job, asked for by hand before the saga does.
        if (fate !== "never") job("RequestProcessing", { videoUrl: `https://v.example/${index}` });
        if (fate === "ok") job("StartProcessing", { processor: "p" });
        if (fate === "ok") job("CompleteProcessing", { outputs: [] });
        if (fate === "fails") job("FailProcessing", { reason: "no sound" });
      }
      await studio.settle();
      const { status, done, failed } = studio.stateOf<Batch>("batch-b");
      expect([status, done.length, failed.length]).toEqual([
        "completed",
        fates.filter((fate) => fate === "ok").length,
        fates.filter((fate) => fate !== "ok").length,
      ]);
      expect(ended(studio, videoBatch.category)).toEqual([fates.includes("never") ? "compensated" : "completed"]);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});
