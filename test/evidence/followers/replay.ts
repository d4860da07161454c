import type { Replayed } from "../../../src/testing/history/delivery-history.ts";
import type { Chance } from "../../support/chance.ts";
import { until } from "../../local/waiting.ts";
import type { Scene } from "./scene.ts";
import { isTraffic, traffic } from "./traffic.ts";
import { Writing } from "./writing.ts";

/** What came of a replay beside live traffic. */
export interface ReplayBeside {
  readonly asked: Replayed;
  /** Events that it gave, and requests that it took. */
  readonly replayed: number;
  readonly requests: number;
  /** Live events that were written while it went on, and how many of them were taken before its last one. */
  readonly live: number;
  readonly between: number;
  /** What the subscription says of it. */
  readonly state: string | undefined;
  readonly delivered: number | undefined;
}

/** Live events that are written beside it, and the pause (milliseconds) after each append. */
const LIVE = 100;
const GAP = 100;
/** How long (milliseconds) it may take, and how much more for each event. */
const WITHIN = 60_000;
const EACH = 40;

/** Asks for the whole log again, beside what is written meanwhile, at a receiver that fails at one request in ten. */
export async function runReplay(scene: Scene, events: number, random: Chance): Promise<ReplayBeside> {
  const { client, steady } = scene;
  const settings = { name: "replayed", types: ["#"], timeoutMs: 15_000, retry: { maxAttempts: 100, minDelayMs: 5, maxDelayMs: 20 } };
  const made = await scene.subscribe(settings, { receiver: steady, path: "/replay", wants: isTraffic });
  const { id, from, to } = await client.replay(made.id, { from: "beginning", rate: 1_000 });
  const appends = traffic(LIVE, random, events + 1);
  await new Writing(client, appends, GAP).done;
  const replayOf = async () => (await client.standing(made.id)).replays.find((replay) => replay.id === id);
  const shown = await until(replayOf, (replay) => replay?.state !== "running", WITHIN + EACH * events);
  const own = () => steady.deliveries.filter(({ subscription }) => subscription === made.id);
  const numbers = appends.flatMap((append) => append.events.map(({ data }) => data.n));
  await until(
    () => numbers.every((n) => steady.hasTaken(made.id, n)),
    (isThere) => isThere,
    WITHIN,
  );
  const [replayed, live] = [own().filter(({ replay }) => replay === id), own().filter(({ replay }) => replay === undefined)];
  const end = replayed.at(-1)?.arrived ?? 0;
  return {
    asked: { id, subscription: made.id, from, to, order: "log" },
    replayed: new Set(replayed.filter(({ accepted }) => accepted !== undefined).map(({ position }) => position)).size,
    requests: replayed.length,
    live: numbers.length,
    between: live.filter(({ accepted = Infinity }) => accepted < end).length,
    state: shown?.state,
    delivered: shown?.delivered,
  };
}
