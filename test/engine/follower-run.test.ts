import { afterEach, describe, expect, test, vi } from "vitest";
import { failed, failing, GUARD, hasten, held, MOST_OF_AN_ALARM, RETRY, said, staged, START } from "../support/staged-follower.ts";

afterEach(() => vi.restoreAllMocks());

describe("what comes while the log is being read", () => {
  test("is read after that, though the answer does not know of it", () =>
    staged(async (stage) => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const { read } = stage;
      stage.log.push("a");
      stage.read = async (...query) => {
        const page = await read(...query);
        await promise;
        return page;
      };
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 1 });
      await vi.waitFor(() => expect(stage.reads).toEqual([0]));
      stage.log.push("b");
      await stage.object.wake({ epoch: "e", settledTo: 1, first: 2, last: 2 });
      resolve(undefined);
      await vi.waitFor(() => expect(stage.tried).toEqual([1, 2]));
    }));

  test("is read in one go from what is for it: what lies before is nobody's", () =>
    staged(async (stage) => {
      stage.log.push("a");
      await stage.wake();
      stage.log.push(...Array.from({ length: 50 }, () => "b"));
      stage.reads.length = 0;
      await stage.object.wake({ epoch: "e", settledTo: 1, first: 51, last: 51 });
      await stage.fire();
      expect([stage.reads, stage.tried]).toEqual([[50], [1, 51]]);
    }));

  test("waits in the log while a hundred events wait here", () =>
    staged(async (stage) => {
      stage.log.push(...Array.from({ length: 1_000 }, () => "a"));
      const release = held(stage, 1);
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 1_000 });
      await vi.waitFor(() => expect(stage.tried).toEqual([1]));
      expect(stage.reads).toEqual([0]);
      release();
      await vi.waitFor(() => expect(stage.tried).toHaveLength(1_000));
    }));
});

describe("a stream that catches up", () => {
  test("comes by what the main way has passed to it meanwhile", () =>
    staged(async (stage) => {
      stage.log.push("a", "a");
      failing(stage, 1);
      await stage.wake();
      expect(await stage.alarm()).toBe(RETRY);
      stage.now += RETRY;
      const release = held(stage, 2);
      const firing = stage.fire();
      await vi.waitFor(() => expect(stage.tried).toEqual([1, 1, 2]));
      stage.log.push("a", "b");
      await stage.object.wake({ epoch: "e", settledTo: 2, first: 3, last: 4 });
      await vi.waitFor(() => expect(stage.tried).toContain(4));
      release();
      await firing;
      expect(stage.tried).toEqual([1, 1, 2, 4, 3]);
    }));

  test("does not begin again where it was held up: by what its follower is told, or by a sink that is to be left alone", () =>
    staged(async (stage) => {
      stage.log.push("a", "a", "a", "a");
      failing(stage, 1);
      await stage.wake();
      stage.now += RETRY;
      const release = held(stage, 3);
      const firing = stage.fire();
      await vi.waitFor(() => expect(stage.tried).toEqual([1, 1, 2, 3]));
      stage.said.push(said("Something"));
      const telling = stage.object.told();
      release();
      await Promise.all([telling, firing]);
      await stage.fire();
      expect(stage.tried).toEqual([1, 1, 2, 3, 4]);
    }));

  test("goes on behind what it has delivered before its sink's circuit opened", () =>
    staged(async (stage) => {
      stage.log.push("a", "a", "a");
      failing(stage, 1);
      let asked = 0;
      const until = START + 50_000;
      stage.circuit = {
        // What counts against the sink is forgotten by nobody: before each attempt it is asked.
        admit: async () => (stage.now < until && ++asked > 2 ? { ok: false, until } : { ok: true, isProbe: false }),
        record: async () => ({ isPristine: false, openUntil: null }),
      };
      await stage.wake();
      stage.now += RETRY;
      await stage.fire();
      expect([stage.tried, await stage.alarm()]).toEqual([[1, 1, 2], 49_000]);
      stage.now = until;
      await stage.fire();
      expect(stage.tried).toEqual([1, 1, 2, 3]);
    }));
});

describe("a follower's alarm", () => {
  test("comes again after 1, 2, 4 … seconds while the log cannot be read, and after one again once it could be", () =>
    staged(async (stage) => {
      const { read } = stage;
      const fails = () => Promise.reject(new Error("D1_ERROR: overloaded"));
      const pauses: (number | undefined)[] = [];
      stage.log.push("a");
      stage.read = fails;
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 1 });
      for (let nth = 0; nth < 3; nth++) {
        await stage.fire();
        pauses.push(await stage.alarm());
      }
      stage.read = read;
      await stage.fire();
      stage.read = fails;
      stage.log.push("a");
      await stage.wake();
      pauses.push(await stage.alarm());
      expect(pauses.map((pause) => pause && pause / 1_000)).toEqual([1, 2, 4, 1]);
    }));

  test("leaves a run that goes on for long to the next one", () =>
    staged(async (stage) => {
      stage.log.push("a");
      const release = held(stage, 1);
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 1 });
      await vi.waitFor(() => expect(stage.tried).toEqual([1]));
      hasten(MOST_OF_AN_ALARM);
      await stage.fire();
      expect(await stage.alarm()).toBe(GUARD);
      release();
    }));

  test("comes when the circuit lets the next one through, and not before; until then nothing is read", () =>
    staged(async (stage) => {
      stage.log.push("a", "b");
      stage.deliver = () => failed;
      stage.circuit = { ...stage.circuit, record: async () => ({ isPristine: false, openUntil: START + 30_000 }) };
      await stage.wake();
      expect(await stage.alarm()).toBe(30_000);
      stage.reads.length = 0;
      stage.log.push("c");
      await stage.wake();
      expect([stage.reads, await stage.alarm()]).toEqual([[], 30_000]);
    }));
});

describe("a sink that wants one attempt a minute", () => {
  test("is given the next one by the alarm, a minute later", () =>
    staged(async (stage) => {
      stage.definition = { ...stage.definition, ratePerMinute: 1 };
      stage.log.push("a", "b");
      await stage.wake();
      expect([stage.tried, await stage.alarm()]).toEqual([[1], 60_000]);
      stage.now += 60_000;
      await stage.fire();
      expect([stage.tried, await stage.alarm()]).toEqual([[1, 2], undefined]);
    }));
});

describe("a log that may be another one", () => {
  test("has nothing else delivered in the place of what is to be tried again: its follower stops", () =>
    staged(async (stage) => {
      stage.log.push("a");
      failing(stage, 1);
      await stage.wake();
      stage.log[0] = "b";
      stage.now += RETRY;
      await stage.fire();
      expect([stage.tried, (await stage.object.standing(1)).reason]).toEqual([[1], expect.stringContaining("not the one that waits to be delivered")]);
    }));

  test("is not gone on with by a follower that has no mark of where it is: nobody can tell", () =>
    staged(async (stage) => {
      stage.definition = { ...stage.definition, after: 3 };
      stage.log.push("a", "a", "a", "a");
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 4, isDoubted: true });
      await stage.fire();
      expect([stage.tried, (await stage.object.standing(4)).state]).toEqual([[], "stopped"]);
    }));
});

describe("what a follower asks and writes", () => {
  test("is where it is, also in the middle of a run that goes on: of what it has delivered not much more than a hundred comes again after a crash", () =>
    staged(async (stage) => {
      stage.log.push(...Array.from({ length: 300 }, () => "a"));
      const release = held(stage, 280);
      await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: 300 });
      await vi.waitFor(() => expect(stage.tried).toHaveLength(280));
      expect((await stage.anew().standing(0)).position).toBeGreaterThan(279 - 110);
      release();
    }));

  test("is nothing of its circuit while its sink is well, and a row for what a run has delivered, which an object that wakes believes", () =>
    staged(async (stage) => {
      let asked = 0;
      stage.circuit = {
        admit: async () => ({ ok: ++asked < 0, isProbe: false, until: 0 }) as never,
        record: async () => ({ isPristine: ++asked < 0, openUntil: null }),
      };
      stage.log.push("a", "b", "c");
      await stage.wake();
      expect([stage.tried, asked]).toEqual([[1, 2, 3], 0]);
      const next = stage.anew();
      stage.log.push("d");
      await stage.wake(next);
      expect(stage.tried).toEqual([1, 2, 3, 4]);
    }));

  test("is no row for what it passes by, but one for each hundred positions, from where an object that wakes goes on", () =>
    staged(async (stage) => {
      stage.matches = () => false;
      const rows = (): number => stage.object.costs().rowsWritten - stage.object.costs().alarmsSet;
      const pass = async (count: number): Promise<void> => {
        stage.log.push(...Array.from({ length: count }, () => "a"));
        await stage.object.wake({ epoch: "e", settledTo: 0, first: 1, last: stage.log.length });
        await stage.fire();
      };
      await pass(1);
      const first = rows();
      for (let nth = 0; nth < 5; nth++) await pass(10);
      expect(rows() - first).toBe(0);
      await pass(60);
      expect(rows() - first).toBe(1);
      stage.reads.length = 0;
      await stage.wake(stage.anew());
      expect(stage.reads).toEqual([111]);
    }));

  test("is its circuit, by an object that has just woken and whose last attempt failed", () =>
    staged(async (stage) => {
      stage.log.push("a");
      stage.deliver = () => failed;
      await stage.wake();
      let asked = 0;
      stage.circuit = { ...stage.circuit, admit: async () => ({ ok: ++asked > 0, isProbe: false }) as never };
      stage.now += RETRY;
      await stage.fire(stage.anew());
      expect(asked).toBe(1);
    }));

  test("is that its sink is gone, once, though several deliveries have heard it", () =>
    staged(async (stage) => {
      stage.log.push("a", "b", "c");
      stage.deliver = () => ({ kind: "gone", status: 410, error: "410" });
      await stage.wake();
      expect([stage.tried.length, stage.reports]).toEqual([3, ["disabled"]]);
    }));
});
