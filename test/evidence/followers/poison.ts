import { until } from "../../local/waiting.ts";
import type { Scene } from "./scene.ts";
import type { Wanted } from "./traffic.ts";

/** What came of an event that its receiver never takes. */
export interface Poisoned {
  /** Attempts that its receiver got before it was given up, and the statuses of those that stand with the dead letter at last. */
  readonly seen: number;
  readonly kept: readonly (number | null)[];
  /** Events of its stream that wait when everything else has come, by the API and by the log. */
  readonly waitingBehind: number | null | undefined;
  readonly behind: number;
  /** Versions of its stream as they were taken after the redrive, and as the log has them from the poison on. */
  readonly redriven: readonly number[];
  readonly expected: readonly number[];
  readonly lettersLeft: number;
}

/** The number of the event that nobody takes, and a stream that all the others write to as well. */
const POISON = 0;
const STREAM = "trip-0";
const ATTEMPTS = 5;
/** How long (milliseconds) what is to come may take. */
const WITHIN = 60_000;

const numberOf = ({ data }: Wanted): number => (data as { readonly n: number }).n;

/** Whether nobody takes it. */
export function isPoison(event: Wanted): boolean {
  return event.stream === STREAM && numberOf(event) === POISON;
}

/** Makes a subscription whose receiver fails at one event for ever, and waits until that event is given up. */
export async function runPoison(scene: Scene): Promise<{ redrive(): Promise<Poisoned> }> {
  const { client, steady } = scene;
  const settings = { name: "poisoned", types: ["trips.#"], timeoutMs: 15_000, retry: { maxAttempts: ATTEMPTS, minDelayMs: 10, maxDelayMs: 50 } };
  const { id } = await scene.subscribe(settings, {
    receiver: steady,
    path: "/poison",
    wants: ({ stream }) => stream.startsWith("trip-"),
    waits: (event) => event.stream === STREAM && numberOf(event) >= POISON,
  });
  const events = [-2, POISON, -1].map((n) => ({ type: "trips.Started", data: { n, weight: 1, place: "depot", address: "10.1.0.1" } }));
  await client.append({ stream: STREAM, events });
  const [letter] = await until(
    () => client.letters(),
    (found) => found.length > 0,
    WITHIN,
  );
  if (letter === undefined) throw new Error("expected the poison to be given up, got no dead letter");
  const { position, version } = letter.event;
  const own = () => steady.deliveries.filter(({ subscription, stream }) => subscription === id && stream === STREAM);
  const seen = own().filter((delivery) => delivery.position === position).length;
  return {
    async redrive() {
      const now = await client.letter(letter.id);
      const log = await client.log();
      const behind = log.filter((event) => event.stream === STREAM && event.version > version).map((event) => event.version);
      const before = own().length;
      steady.says("/poison", "take");
      await client.redrive(letter.id);
      const redriven = () =>
        own()
          .slice(before)
          .filter(({ accepted }) => accepted !== undefined);
      await until(redriven, (taken) => taken.length > behind.length, WITHIN);
      const left = await until(
        () => client.letters(),
        (found) => found.length === 0,
        WITHIN,
      );
      return {
        seen,
        kept: (now ?? letter).attempts.map(({ status }) => status),
        waitingBehind: now?.waitingBehind,
        behind: behind.length,
        redriven: redriven().map((delivery) => delivery.version),
        expected: [version, ...behind],
        lettersLeft: left.length,
      };
    },
  };
}
