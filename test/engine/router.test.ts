import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import type { Wake } from "../../durable-objects/follower/contract.ts";
import { type Route, Router, type RoutingPorts } from "../../durable-objects/dispatcher/router.ts";
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

/** A log whose events have streams as well, and subscriptions that answer with what they are by now. */
function subscribed(events: { type: string; stream: string }[], routes: Record<string, Route | undefined>) {
  const { ports, woken, asked } = stage([], new Map());
  const log = { epoch: "epoch", entries: "entry" };
  const learned: string[] = [];
  const all: RoutingPorts = {
    ...ports,
    async routed(_, after) {
      asked.push(after);
      const marked = events.map((event, index) => ({ ...event, position: index + 1, entry: `${log.entries} ${index + 1}` }));
      return { position: events.length, epoch: log.epoch, entryAt: marked[after - 1]?.entry ?? null, events: marked.slice(after) };
    },
    followerOf: (stream) => (stream.startsWith("rivulet_subscription-") ? `subscription:${stream.slice("rivulet_subscription-".length)}` : undefined),
    route: async (_, follower) => {
      learned.push(follower);
      return routes[follower];
    },
  };
  return { ports: all, woken, asked, log, learned };
}

const route = (types: string[], more: Partial<Route> = {}): Route => ({ types, priority: "normal", partitions: 1, after: 0, isPushed: true, ...more });
/** A router that knows these followers, told of by nobody else. */
const withRouter = (tenant: string, ports: RoutingPorts, followers: readonly string[], work: (router: Router, anew: () => Router) => Promise<void>) =>
  runInDurableObject(dispatcher(tenant), async (_, { storage }) => {
    const anew = (): Router => new Router(storage, tenant, ports);
    const router = anew();
    for (const follower of followers) await router.learn(follower);
    await work(router, anew);
  });
const nothingFresh = () => undefined;

describe("a page of the log", () => {
  test("wakes each follower once, with the first and the last position that is for it and the mark before them, the most urgent ones first", async () => {
    const events = ["b.One", "a.Two", "a.Three", "c.Four", "a.Five", "c.Six"].map((type) => ({ type, stream: "note-1" }));
    const routes = { "subscription:low": route(["a.#"], { priority: "low" }), "subscription:high": route(["c.#"], { priority: "critical" }) };
    const { ports, woken } = subscribed(events, routes);
    await withRouter("router-page", ports, Object.keys(routes), async (router) => void (await router.route(nothingFresh)));
    expect(woken).toEqual([
      { follower: "subscription:high", epoch: "epoch", settledTo: 0, entryBefore: "entry 3", first: 4, last: 6 },
      { follower: "subscription:low", epoch: "epoch", settledTo: 0, entryBefore: "entry 1", first: 2, last: 5 },
    ]);
  });

  test("wakes nobody who is paused, and has the platform's own events for those alone who name them", async () => {
    const events = [
      { type: "note.Written", stream: "note-1" },
      { type: "rivulet.Made", stream: "rivulet_key-1" },
    ];
    const routes = {
      "subscription:all": route(["#"]),
      "subscription:named": route(["rivulet.#"]),
      "subscription:paused": route(["#"], { isPushed: false }),
    };
    const { ports, woken } = subscribed(events, routes);
    await withRouter("router-platform", ports, Object.keys(routes), async (router) => void (await router.route(nothingFresh)));
    expect(woken.map(({ follower, first, last }) => [follower, first, last])).toEqual([
      ["subscription:all", 1, 1],
      ["subscription:named", 2, 2],
    ]);
  });

  test("has a follower learnt once, however many of its events it tells of", async () => {
    const events = ["rivulet.Created", "rivulet.Changed", "rivulet.Paused"].map((type) => ({ type, stream: "rivulet_subscription-one" }));
    const { ports, learned } = subscribed(events, { "subscription:one": route(["a.#"]) });
    await withRouter("router-learnt", ports, [], async (router) => void (await router.route(nothingFresh)));
    expect(learned).toEqual(["subscription:one"]);
  });
});

describe("a follower", () => {
  test("is woken by the patterns that it has now, and by none that it had", async () => {
    const events: { type: string; stream: string }[] = [];
    const routes: Record<string, Route | undefined> = { "subscription:one": route(["rivulet.#", "a.#"]) };
    const { ports, woken } = subscribed(events, routes);
    await withRouter("router-changed", ports, ["subscription:one"], async (router) => {
      routes["subscription:one"] = route(["#"]);
      await router.learn("subscription:one");
      events.push({ type: "rivulet.Made", stream: "rivulet_key-1" });
      await router.route(nothingFresh);
      expect(woken).toEqual([]);
      events.push({ type: "b.Done", stream: "note-1" });
      await router.route(nothingFresh);
      expect(woken.map(({ first, last }) => [first, last])).toEqual([[2, 2]]);
    });
  });

  test("that is gone is told so, and woken no more, by an object that was evicted since either", async () => {
    const events = [{ type: "a.One", stream: "note-1" }];
    const routes: Record<string, Route | undefined> = { "subscription:one": route(["a.#"]) };
    const { ports, woken } = subscribed(events, routes);
    const told = vi.spyOn(ports, "told");
    await withRouter("router-gone", ports, ["subscription:one"], async (router, anew) => {
      delete routes["subscription:one"];
      await router.learn("subscription:one");
      expect(told).toHaveBeenCalledTimes(2);
      expect(router.followers).toEqual([]);
      await router.route(nothingFresh);
      expect(anew().followers).toEqual([]);
    });
    expect(woken).toEqual([]);
  });

  test("is what was answered to who asked last, though who asked before is answered later", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { ports } = subscribed([], {});
    const answers = [
      async () => {
        await promise;
        return route(["a.#"], { partitions: 1 });
      },
      async () => route(["a.#"], { partitions: 2 }),
    ];
    await withRouter("router-asked", { ...ports, route: () => answers.shift()?.() ?? expect.unreachable() }, [], async (router) => {
      const one = router.learn("subscription:one");
      const other = router.learn("subscription:one");
      resolve(undefined);
      await Promise.all([one, other]);
      expect(router.followers).toEqual([{ follower: "subscription:one", partitions: 2 }]);
    });
  });
});

describe("a handler", () => {
  test("that could not be woken for what is there is met again: the beginning is not lost", async () => {
    const types = ["a.One", "a.Two"];
    await routed("router-met", stage(types, new Map()).ports);
    const { ports, woken } = stage(types, new Map([["handler:late", handler("beginning")]]));
    types.push("b.Three");
    const lost = { ...ports, wake: () => Promise.reject(new Error("not now")) };
    await expect(routed("router-met", lost)).rejects.toThrow("not now");
    await routed("router-met", ports);
    expect(woken).toEqual([{ follower: "handler:late", epoch: "epoch", settledTo: 0, first: 1, last: 2 }]);
  });

  test("is woken by what the code says of it by now; one that this code does not have is left alone, and is there again with code that has it", async () => {
    const types = ["a.One"];
    const known = new Map([["handler:one", handler("now")]]);
    await routed("router-code", stage(types, known).ports);
    types.push("c.Two", "a.Three");
    const changed = stage(types, new Map([["handler:one", { ...handler("now"), types: ["c.#"] }]]));
    await routed("router-code", changed.ports);
    expect(changed.woken.map(({ first, last }) => [first, last])).toEqual([[2, 2]]);
    types.push("a.Four");
    const without = stage(types, new Map());
    await routed("router-code", without.ports);
    expect(without.woken).toEqual([]);
    types.push("a.Five");
    const again = stage(types, known);
    await routed("router-code", again.ports);
    expect(again.woken.map(({ first, last }) => [first, last])).toEqual([[5, 5]]);
  });
});

describe("a log that is another one than was routed", () => {
  const events = (count: number) => Array.from({ length: count }, (_, index) => ({ type: "a.Done", stream: `note-${index}` }));
  const routes = { "subscription:one": route(["a.#"]), "subscription:paused": route(["a.#"], { isPushed: false }) };

  test.each([
    ["has another epoch", 5, { epoch: "other", entries: "entry" }],
    ["ends before", 2, { epoch: "epoch", entries: "entry" }],
    ["has another event there", 5, { epoch: "epoch", entries: "other" }],
  ])("because it %s has everybody who is not paused look, and is routed from its beginning", async (why, length, now) => {
    const all = events(4);
    const { ports, woken, log } = subscribed(all, routes);
    await withRouter(`router-other-${why}`, ports, Object.keys(routes), async (router, anew) => {
      await router.route(nothingFresh);
      woken.length = 0;
      all.splice(0, all.length, ...events(length));
      Object.assign(log, now);
      // Also by an object that was evicted since, which believes nothing before it has looked.
      const next = anew();
      expect(next.hasRouted(1, "")).toBe(false);
      await next.route(nothingFresh);
      expect(woken).toEqual([
        { follower: "subscription:one", epoch: log.epoch, settledTo: 0, first: 1, last: length, isDoubted: true },
        { follower: "subscription:one", epoch: log.epoch, settledTo: 0, first: 1, last: length },
      ]);
      expect([next.hasRouted(length, log.epoch), next.hasRouted(length, "yet another")]).toEqual([true, false]);
    });
  });

  test("is looked at again where it was doubted while an answer was on its way", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const { ports } = subscribed(events(2), routes);
    const held: RoutingPorts = {
      ...ports,
      async routed(...query) {
        const page = await ports.routed(...query);
        await promise;
        return page;
      },
    };
    await withRouter("router-doubted", held, Object.keys(routes), async (router) => {
      const routing = router.route(nothingFresh);
      router.doubt();
      resolve(undefined);
      await routing;
      expect(router.hasRouted(2, "epoch")).toBe(false);
      await router.route(nothingFresh);
      expect(router.hasRouted(2, "epoch")).toBe(true);
    });
  });
});

test("a log without an event counts as routed, looked at or not", async () => {
  const { ports } = subscribed([], {});
  await withRouter("router-none", ports, [], async (router) => {
    expect([router.hasRouted(0, ""), await router.route(nothingFresh), router.hasRouted(0, "")]).toEqual([true, 0, true]);
  });
});
