import { afterEach, describe, expect, test, vi } from "vitest";
import { delivered, failed, GUARD, hasten, held, PARK_AGAIN, said, staged } from "../support/staged-follower.ts";

afterEach(() => vi.restoreAllMocks());

describe("what a follower is told", () => {
  test("is acted upon when what is under way has ended: nothing is delivered twice at once", () =>
    staged(async (stage) => {
      stage.log.push("a", "a");
      const release = held(stage, 1);
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 2 });
      await vi.waitFor(() => expect(stage.tried).toEqual([1]));
      stage.said.push(said("Something"));
      hasten(1_000);
      await stage.object.told();
      expect(stage.tried).toEqual([1]);
      release();
      await vi.waitFor(() => expect(stage.tried).toEqual([1, 2]));
    }));

  test("holds from then on: of what waits nothing is begun", () =>
    staged(async (stage) => {
      stage.log.push("a", "a");
      const release = held(stage, 1);
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 2 });
      await vi.waitFor(() => expect(stage.tried).toEqual([1]));
      stage.definition = { ...stage.definition, status: "paused" };
      stage.said.push(said("Something"));
      const telling = stage.object.told();
      await vi.waitFor(async () => expect(await stage.alarm()).toBe(GUARD));
      // It has read that it is paused by now, and waits for what is under way.
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      release();
      await telling;
      await stage.fire();
      expect(stage.tried).toEqual([1]);
      stage.definition = { ...stage.definition, status: "active" };
      stage.said.push(said("Something"));
      await stage.object.told();
      await stage.fire();
      expect(stage.tried).toEqual([1, 2]);
    }));

  test("is read once, however often it is told at a time", () =>
    staged(async (stage) => {
      await stage.wake();
      const asked: number[] = [];
      const { told } = stage;
      stage.told = async (identity, after) => {
        asked.push(after);
        return (await told(identity, after)).map((event, at) => ({ ...event, version: after + at + 1 }));
      };
      stage.said.push(said("Something"));
      await Promise.all([stage.object.told(), stage.object.told()]);
      expect(asked).toEqual([0, 1]);
    }));

  test("and could not be read is read by the alarm, though what was told before it was read", () =>
    staged(async (stage) => {
      await stage.wake();
      const { promise, resolve } = Promise.withResolvers<undefined>();
      let asked = 0;
      stage.told = async () => {
        if (++asked === 1) await promise;
        if (asked === 2) throw new Error("not now");
        return [];
      };
      const one = stage.object.told();
      await vi.waitFor(() => expect(asked).toBe(1));
      const other = stage.object.told();
      resolve(undefined);
      await Promise.all([one, other]);
      expect(asked).toBe(2);
      await stage.fire();
      expect(asked).toBe(3);
      await stage.fire();
      expect(asked).toBe(3);
    }));
});

describe("a dead letter", () => {
  test("that is redriven with others has one attempt, and is where it was when that fails", () =>
    staged(async (stage) => {
      stage.log.push("a");
      stage.deliver = () => ({ ...failed, isFinal: true });
      await stage.wake();
      stage.deliver = () => failed;
      stage.said.push(said("DeadLettersRedriven", { id: "run", filter: {} }));
      await stage.object.told();
      await stage.fire();
      expect([stage.tried, await stage.alarm()]).toEqual([[1, 1], undefined]);
      expect(await stage.object.standing(1)).toMatchObject({ parked: 1, retrying: 0, redrives: [{ state: "stopped", delivered: 0 }] });
    }));

  test("of what no attempt would help is given up with one attempt, though D1 does not take its copy at first", () =>
    staged(async (stage) => {
      stage.log.push("a");
      stage.deliver = () => ({ ...failed, isFinal: true });
      stage.park = () => Promise.reject(new Error("D1_ERROR: overloaded"));
      await stage.wake();
      let parked = 0;
      stage.park = async () => void parked++;
      expect(await stage.alarm()).toBe(PARK_AGAIN);
      stage.now += PARK_AGAIN;
      await stage.fire();
      expect([stage.tried, parked]).toEqual([[1], 1]);
      expect(await stage.object.standing(1)).toMatchObject({ parked: 1, retrying: 0, counts: { delivered: 0, failed: 1, parked: 1 } });
    }));

  test("that is delivered at last is taken out of D1, though that fails at first", () =>
    staged(async (stage) => {
      stage.log.push("a");
      stage.deliver = () => ({ ...failed, isFinal: true });
      await stage.wake();
      const gone: number[] = [];
      let isDown = true;
      stage.unpark = async (positions) => {
        if (isDown && positions.length > 0) throw new Error("D1_ERROR: overloaded");
        gone.push(...positions);
      };
      stage.deliver = () => delivered;
      stage.said.push(said("DeadLetterRedriven", { position: 1 }));
      await stage.object.told();
      await stage.fire();
      expect([gone, (await stage.object.standing(1)).retrying]).toEqual([[], 1]);
      isDown = false;
      stage.now += (await stage.alarm()) ?? 0;
      await stage.fire();
      expect([gone, (await stage.object.standing(1)).retrying]).toEqual([[1], 0]);
    }));
});
