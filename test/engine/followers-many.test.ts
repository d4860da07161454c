import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { FollowerObject } from "../../durable-objects/follower.ts";
import { append, deliver, dispatcher, draft } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { listen, type Sinks, standing, subscribe } from "../support/followers.ts";

let sinks: Sinks;

beforeEach(() => {
  sinks = listen();
  faults.captured = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 20 });
const project = async (): Promise<void> => {
  await deliver(faults.captured?.splice(0) ?? []);
};

/** What one batch of the log costs a tenant that has so many subscriptions, of which two want what comes. */
async function batchFor(
  tenant: string,
  subscriptions: number,
): Promise<{ readonly told: number; readonly woken: readonly string[]; readonly statements: number }> {
  for (let made = 0; made < subscriptions; made += 20) {
    await Promise.all(
      Array.from({ length: Math.min(20, subscriptions - made) }, (_, n) => subscribe(tenant, `s${made + n}`, { types: [`kind${made + n}.#`] })),
    );
  }
  await subscribe(tenant, "one", { types: ["notes.#"] });
  await subscribe(tenant, "other", { types: ["notes.Written"], order: "none" });
  await project();
  await until(async () => expect(await dispatcher(tenant).routed()).toBe(subscriptions + 2));
  for (const id of ["one", "other"]) await until(async () => expect(await standing(tenant, id)).toMatchObject({ isIdle: true, position: 0 }));
  // One delivery each, so that nobody wakes for the first time.
  await append(tenant, "note-1", [draft("notes.Written", { text: "first" })]);
  await project();
  await until(() => expect(sinks.received).toHaveLength(2));

  for (let stream = 0; stream < 10; stream++)
    await append(
      tenant,
      `note-${stream}`,
      Array.from({ length: 10 }, () => draft("notes.Written", { text: "b" })),
    );
  const advanced = vi.spyOn(DispatcherObject.prototype, "advanced");
  const wake = vi.spyOn(FollowerObject.prototype, "wake");
  const before = faults.statements;
  await project();
  await until(() => expect(sinks.received).toHaveLength(202));
  const woken = wake.mock.contexts.map((object) => (object as unknown as { readonly ctx: DurableObjectState }).ctx.id.name ?? "");
  const found = { told: advanced.mock.calls.length, woken: woken.toSorted(), statements: faults.statements - before };
  vi.restoreAllMocks();
  sinks.received.length = 0;
  return found;
}

it("a batch of 100 events costs a tenant with 1,000 subscriptions one call, the followers that it is for, and no read more than one with 10", async () => {
  const few = await batchFor("few", 10);
  const many = await batchFor("many", 1_000);
  expect(many.told).toBe(1);
  expect(many.woken).toEqual(["many/subscription:one/0", "many/subscription:other/0"]);
  expect(few).toEqual({ told: 1, woken: ["few/subscription:one/0", "few/subscription:other/0"], statements: many.statements });
}, 300_000);
