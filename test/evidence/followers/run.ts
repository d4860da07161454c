import { checkDeliveries } from "../../../src/testing/history/check-deliveries.ts";
import type { Replayed } from "../../../src/testing/history/delivery-history.ts";
import type { DeliveryViolation } from "../../../src/testing/history/delivery-violation.ts";
import { chance } from "../../support/chance.ts";
import { killableServer } from "../kills/killable-server.ts";
import { byChance, oneInTen } from "./conduct.ts";
import { type Outage, runOutage } from "./outage.ts";
import { isPoison, type Poisoned, runPoison } from "./poison.ts";
import { Moments, Receiver } from "./receiver.ts";
import { type ReplayBeside, runReplay } from "./replay.ts";
import { type Rounds, runRounds } from "./rounds.ts";
import { Scene } from "./scene.ts";
import { DECLARED } from "./subscriptions.ts";

export interface FollowerOptions {
  readonly events: number;
  /** What is written, and what receivers do by chance; when each comes is the machine's own. */
  readonly seed: number;
}

export interface FollowerRun {
  readonly seconds: number;
  readonly events: number;
  /** Of the receiver that fails by chance: requests until all had come, those that it did not take, different deliveries, and those that came again though taken. */
  readonly requests: number;
  readonly refused: number;
  readonly taken: number;
  readonly repeated: number;
  readonly rounds: Rounds;
  readonly poison: Poisoned;
  readonly replay: ReplayBeside;
  readonly outage: Outage;
  /** None where every promise was kept: when all had come but what waits behind the poison, and at the very end. */
  readonly violations: readonly DeliveryViolation[];
}

/** Attempts that nothing exhausts, whatever is down meanwhile. */
const PATIENT = { maxAttempts: 100, minDelayMs: 10, maxDelayMs: 200 };
/** Milliseconds that the receiver which fails by chance has for an answer. */
const TIMEOUT = 3_000;

/**
 * Starts the real server, subscriptions of every sort and receivers that fail, kills both sides in the middle of the traffic, and holds
 * what receivers got against the log as it is read back. Needs no test runner. Throws where the platform refuses what it has to take.
 */
export async function runFollowers({ events, seed }: FollowerOptions): Promise<FollowerRun> {
  const begun = Date.now();
  const server = await killableServer({ ALLOW_LOCAL_TARGETS: "1" });
  const moments = new Moments();
  const flaky = new Receiver(moments, (incoming) => byChance(seed, incoming));
  const steady = new Receiver(moments, () => "take");
  steady.says("/poison", ({ event }) => (isPoison(event) ? 500 : "take"));
  steady.says("/replay", (incoming) => oneInTen(seed, incoming));
  try {
    await Promise.all([server.start(), flaky.start(), steady.start()]);
    const scene = new Scene(server, { flaky, steady });
    for (const [index, { name, settings, wants }] of DECLARED.entries()) {
      const retry = { ...PATIENT, minDelayMs: PATIENT.minDelayMs + 2 * index };
      // Two of them share a sink, and so a circuit.
      await scene.subscribe({ name, timeoutMs: TIMEOUT, retry, ...settings }, { receiver: flaky, path: `/sink/${index % 10}`, wants });
    }
    const random = chance(seed);
    const poisoned = await runPoison(scene);
    const rounds = await runRounds(scene, events, random);
    const before = await check(scene);
    const counted = count(flaky);
    const poison = await poisoned.redrive();
    const replay = await runReplay(scene, events, random);
    const outage = await runOutage(scene);
    const after = await check(scene, [replay.asked]);
    const seconds = Math.round((Date.now() - begun) / 1000);
    return { seconds, events, ...counted, rounds, poison, replay, outage, violations: [...before, ...after] };
  } finally {
    await Promise.all([server.dispose(), flaky.kill(), steady.kill()]);
  }
}

function count({ deliveries }: Receiver): Pick<FollowerRun, "requests" | "refused" | "taken" | "repeated"> {
  const accepted = deliveries.filter((delivery) => delivery.accepted !== undefined);
  const taken = new Set(accepted.map(({ subscription, position }) => `${subscription} ${position}`)).size;
  return { requests: deliveries.length, refused: deliveries.length - accepted.length, taken, repeated: accepted.length - taken };
}

/** Once all say that nothing is left: holds what the receivers got against the log as it is read back. */
async function check(scene: Scene, replays: readonly Replayed[] = []): Promise<readonly DeliveryViolation[]> {
  const { client, made, flaky, steady } = scene;
  await scene.settled();
  const [log, letters] = await Promise.all([client.log(), client.letters()]);
  const deliveries = [...flaky.deliveries, ...steady.deliveries].toSorted((one, other) => one.arrived - other.arrived);
  const deadLetters = letters.map(({ subscription, event: { stream, position }, attempts }) => ({ subscription, stream, position, attempts: attempts.length }));
  return checkDeliveries({ log, subscriptions: made, deliveries, deadLetters, replays });
}
