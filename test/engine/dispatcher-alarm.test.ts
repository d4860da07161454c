import { runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DispatcherObject, type DispatcherPorts } from "../../durable-objects/dispatcher.ts";
import type { RoutingPorts } from "../../durable-objects/dispatcher/router.ts";
import type { MarkedEvent } from "../../src/kernel/index.ts";
import { dispatcher, env } from "../support/engine.ts";

/** An hour ahead, so that no alarm that is set here goes off by itself. */
const NOW = Date.now() + 3_600_000;
/** How long (milliseconds) who tells of a new head waits for the views. */
const PATIENCE_OF_CALLERS = 1_000;

afterEach(() => vi.restoreAllMocks());

/** A log that is so long, and what moves of those that follow it, as a test says. */
interface Stage {
  head: { position: number; epoch: string };
  advanceViews: DispatcherPorts["advanceViews"];
  wake: RoutingPorts["wake"];
  /** After which positions the log was read to route it. */
  readonly routed: number[];
}

interface Staged extends Stage {
  readonly object: DispatcherObject;
  /** One that has just woken, over the same storage. */
  readonly anew: () => DispatcherObject;
  /** In how many milliseconds the alarm goes off; undefined where none is set. */
  readonly alarm: () => Promise<number | undefined>;
  /** The alarm goes off, in an object that is there or has just woken. */
  readonly fire: (object?: DispatcherObject) => Promise<void>;
}

/** A dispatcher over the storage of a real one, which is told nothing itself. */
function staged(tenant: string, work: (stage: Staged) => Promise<void>): Promise<void> {
  return runInDurableObject(dispatcher(tenant), async (_, ctx) => {
    const stage: Stage = {
      head: { position: 0, epoch: "one" },
      advanceViews: async () => ({ position: stage.head.position, isBuilding: false }),
      wake: async () => {},
      routed: [],
    };
    const route = { types: ["a.#"], priority: "normal", partitions: 1, isPushed: true, from: "now" } as const;
    const ports: DispatcherPorts = {
      head: async () => stage.head,
      eventsOn: ({ after, to }) =>
        Array.from(
          { length: to - after },
          (_, at) => ({ position: after + at + 1, type: "a.Done", stream: "note-1", entry: `one ${after + at + 1}` }) as MarkedEvent,
        ),
      advanceViews: (name, known) => stage.advanceViews(name, known),
      routing: {
        handlers: new Map([["handler:one", route]]),
        async routed(_, after) {
          stage.routed.push(after);
          const { position, epoch } = stage.head;
          const all = Array.from({ length: position }, (_, at) => ({ position: at + 1, type: "a.Done", stream: "note-1", entry: `${epoch} ${at + 1}` }));
          return { position, epoch, entryAt: all[after - 1]?.entry ?? null, events: all.slice(after) };
        },
        followerOf: () => undefined,
        route: async () => undefined,
        wake: (...given) => stage.wake(...given),
        told: async () => {},
      },
      now: () => NOW,
    };
    class Dispatcher extends DispatcherObject {
      protected override ports(): DispatcherPorts {
        return ports;
      }
    }
    const alarm = async (): Promise<number | undefined> => {
      const at = await ctx.storage.getAlarm();
      return at === null ? undefined : at - NOW;
    };
    const object = new Dispatcher(ctx, env);
    const fire = async (fired: DispatcherObject = object): Promise<void> => {
      await ctx.storage.deleteAlarm();
      await fired.alarm();
    };
    await work(Object.assign(stage, { object, anew: () => new Dispatcher(ctx, env), alarm, fire }));
    await ctx.storage.deleteAlarm();
  });
}

const fails = () => Promise.reject(new Error("D1_ERROR: overloaded"));

/** Fires the alarm so often, and gives the pauses until the next one. */
async function pauses({ fire, alarm }: Staged, times: number): Promise<readonly (number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for (let nth = 0; nth < times; nth++) {
    await fire();
    found.push(await alarm());
  }
  return found;
}

describe("the dispatcher's alarm", () => {
  test("comes again after 1, 2, 4 … and at last 300 seconds where nothing can be moved, and after one again once it could be", () =>
    staged("alarm-1", async (stage) => {
      Object.assign(stage, { head: { position: 1, epoch: "one" }, advanceViews: fails });
      expect(await pauses(stage, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
      stage.advanceViews = async () => ({ position: 1, isBuilding: false });
      expect(await pauses(stage, 1)).toEqual([undefined]);
      Object.assign(stage, { head: { position: 2, epoch: "one" }, advanceViews: fails });
      expect((await pauses(stage, 1))[0]).toBe(1_000);
    }));

  test("comes at once as long as the views come nearer to the head, or are being built, and with patience from where they do not", () =>
    staged("alarm-2", async (stage) => {
      const found = [
        { position: 3, isBuilding: false },
        { position: 6, isBuilding: false },
        { position: 6, isBuilding: false },
        { position: 6, isBuilding: true },
        { position: 9, isBuilding: true },
        { position: 9, isBuilding: true },
      ];
      stage.head = { position: 9, epoch: "one" };
      stage.advanceViews = async () => found.shift() ?? { position: 9, isBuilding: false };
      expect(await pauses(stage, 6)).toEqual([10, 10, 1_000, 10, 10, 10]);
      stage.advanceViews = fails;
      expect(await pauses(stage, 2)).toEqual([1_000, 2_000]);
    }));

  test("is set once, however often the dispatcher is told of something while it is behind", () =>
    staged("alarm-3", async (stage) => {
      stage.advanceViews = fails;
      const setAlarm = vi.spyOn(Object.getPrototypeOf((stage.object as unknown as { ctx: DurableObjectState }).ctx.storage), "setAlarm");
      for (let position = 1; position <= 5; position++) {
        stage.head = { position, epoch: "one" };
        await stage.object.advanced(stage.head);
      }
      expect(setAlarm).toHaveBeenCalledTimes(1);
    }));

  test("is brought near by who has something to build, however far away it was", () =>
    staged("alarm-4", async (stage) => {
      Object.assign(stage, { head: { position: 1, epoch: "one" }, advanceViews: fails });
      expect((await pauses(stage, 5)).at(-1)).toBe(16_000);
      await stage.object.wake();
      expect(await stage.alarm()).toBe(10);
    }));

  test("is set for the views of another log that has come in the place of the one before, though they were further in that", () =>
    staged("alarm-5", async (stage) => {
      stage.head = { position: 5, epoch: "one" };
      await stage.object.advanced(stage.head);
      expect(await stage.alarm()).toBeUndefined();
      Object.assign(stage, { head: { position: 1, epoch: "other" }, advanceViews: fails });
      await stage.object.advanced(stage.head);
      expect([stage.object.head(), await stage.alarm()]).toEqual([1, 1_000]);
    }));

  test("is set where a follower could not be told, though the views have all", () =>
    staged("alarm-6", async (stage) => {
      stage.head = { position: 1, epoch: "one" };
      await stage.object.advanced(stage.head);
      Object.assign(stage, { head: { position: 2, epoch: "one" }, wake: fails });
      await stage.object.advanced(stage.head);
      expect(await stage.alarm()).toBe(1_000);
    }));

  test("is set, and comes at once, for a view that is found to be built by who moves the others", () =>
    staged("alarm-9", async (stage) => {
      stage.head = { position: 1, epoch: "one" };
      stage.advanceViews = async () => ({ position: 1, isBuilding: true });
      await stage.object.advanced(stage.head);
      expect(await stage.alarm()).toBe(10);
    }));

  test("finds what is to be done though its object was evicted, and knows nothing any more", () =>
    staged("alarm-10", async (stage) => {
      stage.head = { position: 3, epoch: "one" };
      const told: number[] = [];
      stage.wake = async (_, __, ___, { last }) => void told.push(last);
      const object = stage.anew();
      await stage.fire(object);
      expect([object.head(), stage.routed, told, await stage.alarm()]).toEqual([3, [0], [3], undefined]);
    }));

  test("reads what could not be told when it came, and believes nothing that is remembered of it", () =>
    staged("alarm-15", async (stage) => {
      stage.wake = fails;
      stage.head = { position: 1, epoch: "one" };
      await stage.object.advanced(stage.head, [{ after: 0, to: 1, entryAt: null, rows: "[]" as never }]);
      expect(stage.routed).toEqual([]);
      stage.wake = async () => {};
      await stage.fire();
      expect([stage.routed, await stage.alarm()]).toEqual([[0], undefined]);
    }));

  test("is not set again in a tenant that has no event, whatever there is to build", () =>
    staged("alarm-11", async (stage) => {
      stage.head = { position: 0, epoch: "" };
      await stage.object.wake();
      await stage.fire(stage.anew());
      expect(await stage.alarm()).toBeUndefined();
    }));
});

describe("who tells the dispatcher of a new head", () => {
  /** Views that are at work until they are let go. */
  const held = (stage: Stage): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    stage.advanceViews = async () => {
      await promise;
      return { position: stage.head.position, isBuilding: false };
    };
    return () => resolve(undefined);
  };

  test("is answered while the views are at work, once an alarm is set; the next one does not wait for them at all", () =>
    staged("alarm-7", async (stage) => {
      const release = held(stage);
      const patience = vi.spyOn(globalThis, "setTimeout");
      const waits = (): number => patience.mock.calls.filter(([, ms]) => ms === PATIENCE_OF_CALLERS).length;
      stage.head = { position: 1, epoch: "one" };
      await stage.object.advanced(stage.head);
      expect([waits(), await stage.alarm()]).toEqual([1, 1_000]);
      stage.head = { position: 2, epoch: "one" };
      await stage.object.advanced(stage.head);
      expect(waits()).toBe(1);
      // And yet followers are told at once.
      await vi.waitFor(() => expect(stage.routed).toEqual([0, 1]));
      release();
    }));

  test("has the followers told of what comes while they are being told, in the same go: no alarm is left", () =>
    staged("alarm-8", async (stage) => {
      stage.head = { position: 1, epoch: "one" };
      await stage.object.advanced(stage.head);
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const told: number[] = [];
      stage.wake = async (_, __, ___, { last }) => {
        told.push(last);
        if (last === 2) await promise;
      };
      stage.head = { position: 2, epoch: "one" };
      const one = stage.object.advanced(stage.head);
      await vi.waitFor(() => expect(told).toEqual([2]));
      stage.head = { position: 3, epoch: "one" };
      const other = stage.object.advanced(stage.head);
      resolve(undefined);
      await Promise.all([one, other]);
      expect([told, await stage.alarm()]).toEqual([[2, 3], undefined]);
    }));

  test("has the views asked no more than they need: what came while they moved, and they have, is not moved again", () =>
    staged("alarm-12", async (stage) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      let moves = 0;
      stage.advanceViews = async () => {
        if (++moves === 1) await promise;
        return { position: stage.head.position, isBuilding: false };
      };
      stage.head = { position: 1, epoch: "one" };
      const one = stage.object.advanced(stage.head);
      await vi.waitFor(() => expect(moves).toBe(1));
      stage.head = { position: 2, epoch: "one" };
      const other = stage.object.advanced(stage.head);
      resolve(undefined);
      await Promise.all([one, other]);
      expect([moves, await stage.alarm()]).toEqual([1, undefined]);
    }));

  test("has the views look anew where the log was set back while they were at work on what it was", () =>
    staged("alarm-13", async (stage) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const moves: boolean[] = [];
      stage.head = { position: 3, epoch: "one" };
      await stage.object.advanced(stage.head);
      stage.advanceViews = async (_, { isAnew }) => {
        const { position } = stage.head;
        moves.push(isAnew);
        if (moves.length === 1) await promise;
        return { position, isBuilding: false };
      };
      stage.head = { position: 4, epoch: "one" };
      const one = stage.object.advanced(stage.head);
      await vi.waitFor(() => expect(moves).toEqual([false]));
      stage.head = { position: 2, epoch: "one" };
      const other = stage.object.advanced(stage.head, [{ after: 1, to: 2, entryAt: null, rows: "[]" as never }]);
      resolve(undefined);
      await Promise.all([one, other]);
      expect(moves).toEqual([false, true]);
    }));

  test("may bring what has come, and it is held until all have it, and no longer", () =>
    staged("alarm-14", async (stage) => {
      const held: boolean[] = [];
      stage.advanceViews = async (_, { fresh }) => {
        held.push(fresh(0) !== undefined, fresh(1) !== undefined);
        return { position: stage.head.position, isBuilding: false };
      };
      const page = (after: number) => [{ after, to: after + 1, entryAt: null, rows: "[]" as never }];
      stage.head = { position: 1, epoch: "one" };
      await stage.object.advanced(stage.head, page(0));
      stage.head = { position: 2, epoch: "one" };
      await stage.object.advanced(stage.head, page(1));
      expect(held).toEqual([true, false, false, true]);
    }));

  test("of a log that was set back behind the followers alone has them look, though the views had not come so far", () =>
    staged("alarm-16", async (stage) => {
      stage.advanceViews = fails;
      stage.head = { position: 3, epoch: "one" };
      await stage.object.advanced(stage.head);
      const doubted: unknown[] = [];
      stage.wake = async (_, __, ___, { isDoubted }) => void doubted.push(isDoubted);
      stage.head = { position: 2, epoch: "one" };
      await stage.object.advanced(stage.head, [{ after: 1, to: 2, entryAt: null, rows: "[]" as never }]);
      await vi.waitFor(() => expect(doubted).toEqual([true, undefined]));
    }));

  test("of a log that was set back behind the views alone has them look anew, though the followers had not been told so far", () =>
    staged("alarm-17", async (stage) => {
      stage.wake = fails;
      stage.head = { position: 3, epoch: "one" };
      await stage.object.advanced(stage.head);
      const moves: boolean[] = [];
      stage.advanceViews = async (_, { isAnew }) => {
        moves.push(isAnew);
        return { position: stage.head.position, isBuilding: false };
      };
      stage.head = { position: 2, epoch: "one" };
      await stage.object.advanced(stage.head, [{ after: 1, to: 2, entryAt: null, rows: "[]" as never }]);
      await vi.waitFor(() => expect(moves).toEqual([true]));
    }));
});
