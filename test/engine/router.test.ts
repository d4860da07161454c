import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Wake } from "../../durable-objects/follower/contract.ts";
import { Router, type RoutingPorts } from "../../durable-objects/dispatcher/router.ts";
import { dispatcher } from "../support/engine.ts";

/** A log, who is woken for it, and after which positions it was asked. */
function stage(types: string[], handlers: RoutingPorts["handlers"]) {
  const woken: (Wake & { readonly follower: string })[] = [];
  const asked: number[] = [];
  const ports: RoutingPorts = {
    handlers,
    async routed(_, after) {
      asked.push(after);
      const events = types.map((type, index) => ({ position: index + 1, type, stream: `note-${index}`, entry: `entry ${index + 1}` }));
      return { position: types.length, epoch: "epoch", entryAt: events[after - 1]?.entry ?? null, events: events.slice(after) };
    },
    followerOf: () => undefined,
    route: async () => undefined,
    wake: async (_, follower, __, wake) => void woken.push({ follower, ...wake }),
    told: async () => {},
  };
  return { ports, woken, asked };
}

const handler = (from: "now" | "beginning") => ({ types: ["a.#"], priority: "normal", partitions: 1, isPushed: true, from }) as const;
/** A router as an object that has just woken has it, over what the one before has kept. */
const routed = (tenant: string, ports: RoutingPorts) =>
  runInDurableObject(dispatcher(tenant), async (_, { storage }) => void (await new Router(storage, tenant, ports).route(() => undefined)));

test("a handler that new code brings is woken for all that is there where it wants the beginning, and for nothing of it where it begins now", async () => {
  const types = ["a.One", "a.Two", "b.Three"];
  await routed("router-1", stage(types, new Map()).ports);
  const handlers = new Map([
    ["handler:late", handler("beginning")],
    ["handler:now", handler("now")],
  ]);
  const { ports, woken } = stage(types, handlers);
  await routed("router-1", ports);
  expect(woken).toEqual([{ follower: "handler:late", epoch: "epoch", settledTo: 0, first: 1, last: 3 }]);
  types.push("a.Four");
  await routed("router-1", ports);
  expect(woken.slice(1)).toEqual(
    ["handler:late", "handler:now"].map((follower) => ({ follower, epoch: "epoch", settledTo: 3, first: 4, last: 4, entryBefore: "entry 3" })),
  );
});

test("what was told is told no more by an object that was evicted, and no handler is met twice", async () => {
  const types = ["a.One", "b.Two"];
  const { ports, woken, asked } = stage(types, new Map([["handler:late", handler("beginning")]]));
  await routed("router-2", ports);
  expect(woken).toEqual([{ follower: "handler:late", epoch: "epoch", settledTo: 0, first: 1, last: 1 }]);
  await routed("router-2", ports);
  expect([woken.length, asked]).toEqual([1, [0, 2]]);
});
