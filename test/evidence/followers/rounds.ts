import type { Chance } from "../../support/chance.ts";
import { pause, until } from "../../local/waiting.ts";
import type { Made, Scene } from "./scene.ts";
import { type Append, traffic } from "./traffic.ts";
import { Writing } from "./writing.ts";

/** What was done in the midst of the traffic. */
export interface Rounds {
  readonly receiverKills: number;
  /** Deliveries that were outstanding when the server was killed, each time. */
  readonly outstanding: readonly number[];
  /** Requests that paused subscriptions got before they were resumed. */
  readonly whilePaused: number;
  /** What they wanted and had not got when they were resumed. */
  readonly missedByPaused: number;
}

const ROUNDS = 5;
/** How long (milliseconds) a receiver is away, or somebody paused. */
const AWAY = 1_500;
const PAUSED: ReadonlySet<string> = new Set(["all", "all, no order", "a kind, deep, two partitions", "heavy"]);
/** Nothing more is awaited once nothing has come for so long (milliseconds): a circuit is open for a minute at most. */
const STILL = 100_000;

/**
 * Writes in five rounds: one in peace, one in the middle of which the server is killed, one while some are paused, one in which the
 * receiver is killed, twice, and one after which the server is killed, when nobody asks it anything any more. Waits until all has come.
 */
export async function runRounds(scene: Scene, events: number, random: Chance): Promise<Rounds> {
  const { client, flaky, server } = scene;
  const appends = traffic(events, random);
  const [peaceful = [], killed = [], paused = [], lonely = [], last = []] = Array.from({ length: ROUNDS }, (_, index) =>
    appends.slice(Math.ceil((index * appends.length) / ROUNDS), Math.ceil(((index + 1) * appends.length) / ROUNDS)),
  );
  const outstanding: number[] = [];
  const kill = async (written: readonly Append[]): Promise<void> => {
    await server.prepareKill()();
    outstanding.push(scene.made.reduce((sum, made) => sum + missing(made, written), 0));
    await server.start();
  };

  await new Writing(client, peaceful).done;
  const writing = new Writing(client, killed);
  await writing.isAt(0.5);
  await kill(peaceful);
  await writing.done;

  const pausing = await pauseSome(scene);
  await new Writing(client, paused).done;
  await pause(AWAY);
  const missed = await pausing.resume([...peaceful, ...killed, ...paused]);

  for (const half of [lonely.slice(0, lonely.length / 2), lonely.slice(lonely.length / 2)]) {
    const writing = new Writing(client, half);
    await writing.isAt(0.5);
    await flaky.kill();
    await writing.done;
    await pause(AWAY);
    await flaky.start();
  }

  await new Writing(client, last).done;
  await kill(appends);
  await untilStill(() => scene.made.reduce((sum, made) => sum + missing(made, appends), 0));
  return { receiverKills: 2, outstanding, ...missed };
}

/** Waits until nothing is left, or what is left does not become less any more: then the checks say what it is. */
async function untilStill(left: () => number): Promise<void> {
  let [least, since] = [Infinity, Date.now()];
  for (let now = left(); now > 0 && Date.now() - since < STILL; now = left()) {
    if (now < least) [least, since] = [now, Date.now()];
    await pause(200);
  }
}

/** What a subscription has not got yet of what was written. */
function missing({ wants, waits, id, receiver }: Made, written: readonly Append[]): number {
  const events = written.flatMap(({ stream, events }) => events.map((event) => ({ stream, ...event })));
  return events.filter((event) => wants(event) && !waits?.(event) && !receiver.hasTaken(id, event.data.n)).length;
}

async function pauseSome({ client, made }: Scene): Promise<{ resume(written: readonly Append[]): Promise<Pick<Rounds, "whilePaused" | "missedByPaused">> }> {
  const paused = made.filter(({ name }) => PAUSED.has(name));
  const requests = (): number =>
    paused.reduce((sum, { id, receiver }) => sum + receiver.deliveries.filter(({ subscription }) => subscription === id).length, 0);
  for (const { id } of paused) await client.act(id, "pause");
  for (const { id } of paused) {
    // What was under way when it was paused ends first.
    await until(
      () => client.standing(id),
      ({ state }) => state === "paused",
      10_000,
    );
  }
  const before = requests();
  return {
    async resume(written) {
      const found = { whilePaused: requests() - before, missedByPaused: paused.reduce((sum, one) => sum + missing(one, written), 0) };
      for (const { id } of paused) await client.act(id, "resume");
      return found;
    },
  };
}
