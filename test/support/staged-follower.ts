import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { FollowerObject } from "../../durable-objects/follower.ts";
import type { Delivery, FollowerDefinition, FollowerPorts } from "../../durable-objects/follower/contract.ts";
import type { LoggedEvent, Outcome, RecordedEvent } from "../../src/kernel/index.ts";
import { draft, env } from "./engine.ts";
import { follower } from "./followers.ts";

/** How long (milliseconds) a follower that is woken has until its alarm looks whether it got through, and how long an alarm stays with a run. */
export const GUARD = 10_000;
export const MOST_OF_AN_ALARM = 60_000;
/** An hour ahead, so that no alarm that is set here goes off by itself. */
export const START = Date.now() + 3_600_000;
export const RETRY = 1_000;
/** How long (milliseconds) a dead letter waits for D1 to take it. */
export const PARK_AGAIN = 5_000;

export const delivered: Outcome = { kind: "delivered", status: 204 };
export const failed: Outcome = { kind: "failed", status: 500, error: "500" };

/** A log, and what becomes of what a follower does, as a test says. */
export interface Stage {
  now: number;
  /** The streams of its events, in order. */
  readonly log: string[];
  definition: FollowerDefinition;
  /** What its subscription's stream has said. */
  readonly said: RecordedEvent[];
  /** Whether an event is for the follower. */
  matches: (event: LoggedEvent) => boolean;
  deliver: (delivery: Delivery) => Outcome | Promise<Outcome>;
  read: FollowerPorts["read"];
  told: FollowerPorts["told"];
  park: () => Promise<void>;
  unpark: (positions: readonly number[]) => Promise<void>;
  circuit: FollowerPorts["circuit"];
  /** Positions that were delivered, or tried to be. */
  readonly tried: number[];
  readonly reads: number[];
  readonly reports: string[];
}

export interface Staged extends Stage {
  readonly object: FollowerObject;
  readonly anew: () => FollowerObject;
  /** It is woken for all that has come, and is through with what can be done now. */
  readonly wake: (object?: FollowerObject) => Promise<void>;
  readonly fire: (object?: FollowerObject) => Promise<void>;
  /** In how many milliseconds the alarm goes off. */
  readonly alarm: () => Promise<number | undefined>;
}

const eventOf = (stream: string, position: number): LoggedEvent => {
  const { dataHash, ...rest } = draft("a.Done", {});
  const time = "2026-01-01T00:00:00.000Z";
  const hashes = { dataHash, hash: "", previousHash: "" };
  return { ...rest, ...hashes, position, stream, version: position, id: `${stream} ${position}`, time, recorded: time, entry: `entry ${position}` };
};

let count = 0;

/** A follower over the storage of a real one, which is told nothing itself. */
export function staged(work: (stage: Staged) => Promise<void>): Promise<void> {
  return runInDurableObject(follower(`staged-${count++}`, "s"), async (_, ctx) => {
    const stage: Stage = {
      now: START,
      log: [],
      definition: {
        types: ["#"],
        after: 0,
        epoch: "",
        order: "stream",
        priority: "normal",
        concurrency: 6,
        timeoutMs: 1_000,
        retry: { maxAttempts: 3, minDelayMs: 2 * RETRY, maxDelayMs: 2 * RETRY },
        sink: "push",
        status: "active",
      },
      said: [],
      matches: () => true,
      deliver: () => delivered,
      async read(_, { after, to = Infinity, stream, limit }) {
        stage.reads.push(after);
        const position = stage.log.length;
        const all = stage.log.map((name, at) => eventOf(name, at + 1));
        const own = all.filter((event) => event.position > after && event.position <= to && (stream === undefined || event.stream === stream)).slice(0, limit);
        const lookedTo = own.length === limit ? (own.at(-1)?.position ?? after) : Math.min(to, position);
        const entry = (at: number): string | null => (at > 0 && at <= position ? `entry ${at}` : null);
        return { epoch: "e", position, entryAt: entry(after), events: own, lookedTo, entryTo: entry(lookedTo) };
      },
      told: async (_, after) => stage.said.slice(after),
      park: async () => {},
      unpark: async () => {},
      circuit: { admit: async () => ({ ok: true, isProbe: false }), record: async () => ({ isPristine: true, openUntil: null }) },
      tried: [],
      reads: [],
      reports: [],
    };
    const ports: FollowerPorts = {
      definition: async () => stage.definition,
      told: (...given) => stage.told(...given),
      read: (...given) => stage.read(...given),
      matcher: () => (event) => stage.matches(event),
      async deliver(_, __, delivery) {
        stage.tried.push(delivery.event.position);
        return stage.deliver(delivery);
      },
      circuit: { admit: (...given) => stage.circuit.admit(...given), record: (...given) => stage.circuit.record(...given) },
      park: () => stage.park(),
      unpark: (_, positions) => stage.unpark(positions),
      report: async (_, { kind }) => void stage.reports.push(kind),
      restsUntil: () => 0,
      now: () => stage.now,
      chance: () => 0.5,
    };
    class Follower extends FollowerObject {
      protected override ports(): FollowerPorts {
        return ports;
      }
    }
    const anew = (): FollowerObject => new Follower(ctx, env);
    const object = anew();
    const fire = async (fired = object): Promise<void> => {
      await ctx.storage.deleteAlarm();
      await fired.alarm();
    };
    const alarm = async (): Promise<number | undefined> => {
      const at = await ctx.storage.getAlarm();
      return at === null ? undefined : at - stage.now;
    };
    const wake = async (woken = object): Promise<void> => {
      await woken.wake({ epoch: "e", settledTo: 0, first: 1, last: stage.log.length });
      await fire(woken);
    };
    await work(Object.assign(stage, { object, anew, wake, fire, alarm }));
    await ctx.storage.deleteAlarm();
  });
}

/** A delivery of a position that goes on until it is let go, and then ends so. */
export function held(stage: Stage, position: number, outcome = delivered): () => void {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const before = stage.deliver;
  stage.deliver = (delivery) => (delivery.event.position === position ? promise : before(delivery));
  return () => resolve(outcome);
}
/** The first attempts at these positions fail. */
export function failing(stage: Stage, ...positions: number[]): void {
  const left = new Set(positions);
  stage.deliver = ({ event }) => (left.delete(event.position) ? failed : delivered);
}
/** Timers that are this long go off at once. */
export function hasten(ms: number): void {
  const timers = globalThis.setTimeout;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((work: () => void, after?: number) => timers(work, after === ms ? 0 : after)) as typeof setTimeout);
}
export const said = (type: string, data: object = {}): RecordedEvent =>
  ({ version: 1, type: `rivulet.${type}`, data: JSON.stringify(data) }) as unknown as RecordedEvent;
