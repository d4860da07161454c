import { until } from "../../local/waiting.ts";
import type { Scene } from "./scene.ts";

/** What came of a receiver that was down for a while. */
export interface Outage {
  /** Requests that it got until it was well again, and after. */
  readonly whileDown: number;
  readonly afterwards: number;
  /** Whether each pause was as long as the circuit is open: the one before the first probe, and before the second. */
  readonly pauses: readonly boolean[];
  readonly events: number;
  readonly taken: number;
  /** What the subscription's own stream says of it. */
  readonly said: readonly string[];
}

/** Failures in a row that open the circuit, and the probes that fail before the receiver is well. */
const FAILURES = 10;
const PROBES = 2;
/** Milliseconds that it is open at first; a failed probe doubles them. */
const OPEN = 1_000;
const EVENTS = 20;
const STREAMS = 4;
/** How long (milliseconds) each step may take. */
const WITHIN = 60_000;

/** Lets a receiver answer 503 until ten failures and two probes have come, one delivery at a time, with no pause between two attempts. */
export async function runOutage(scene: Scene): Promise<Outage> {
  const { client, steady } = scene;
  const settings = { name: "down", types: ["calls.#"], concurrency: 1, timeoutMs: 15_000, retry: { maxAttempts: 100, minDelayMs: 1, maxDelayMs: 1 } };
  const made = await scene.subscribe(settings, { receiver: steady, path: "/outage", wants: ({ stream }) => stream.startsWith("call-") });
  const own = () => steady.deliveries.filter(({ subscription }) => subscription === made.id);
  const times: number[] = [];
  steady.says("/outage", () => {
    times.push(Date.now());
    return 503;
  });
  for (let index = 0; index < STREAMS; index++) {
    const events = Array.from({ length: EVENTS / STREAMS }, (_, n) => ({
      type: "calls.Made",
      data: { n: 1_000_000 + index * EVENTS + n, weight: 1, place: "depot", address: "10.1.0.1" },
    }));
    await client.append({ stream: `call-${index}`, events });
  }
  await until(
    () => times.length,
    (count) => count >= FAILURES + PROBES,
    WITHIN,
  );
  steady.says("/outage", "take");
  const whileDown = own().length;
  await until(
    () => own().filter(({ accepted }) => accepted !== undefined).length,
    (taken) => taken >= EVENTS,
    WITHIN,
  );
  const stream = `rivulet_subscription-${made.id}`;
  const said = await until(
    async () => (await client.log()).filter((event) => event.stream === stream).map(({ type }) => type),
    (types) => types.includes("rivulet.SubscriptionRecovered"),
    WITHIN,
  );
  const pause = (index: number): number => (times[index] ?? 0) - (times[index - 1] ?? 0);
  return {
    whileDown,
    afterwards: own().length - whileDown,
    pauses: [pause(FAILURES) >= OPEN, pause(FAILURES + 1) >= 2 * OPEN],
    events: EVENTS,
    taken: own().filter(({ accepted }) => accepted !== undefined).length,
    said: said.slice(1),
  };
}
