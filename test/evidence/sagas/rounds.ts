import { pause } from "../../local/waiting.ts";
import type { Chance } from "../../support/chance.ts";
import { Insistent } from "../insistent.ts";
import type { KillableServer } from "../kills/killable-server.ts";
import { momentOf, MOMENTS, momentsOnDisk } from "./standings.ts";
import { type Way, WAYS } from "./ways.ts";

/** An instance that was begun. */
export interface Begun {
  readonly id: string;
  readonly way: Way;
}

/** What came of killing a server while instances were under way. */
export interface Killed {
  readonly kills: number;
  readonly begun: readonly Begun[];
  /** The steps that were under way at a kill, by the instances' own files, and with how many instances in all. */
  readonly moments: ReadonlyMap<string, number>;
}

interface Instance {
  readonly state: string;
  readonly steps: readonly { readonly name: string; readonly state: string }[];
}

/** How long (milliseconds) a round waits for the step that it is after, before it kills all the same. */
const MOST_WAITING = 5_000;
/** Instances that a round begins of each way that may lead to its step. */
const TRIES = 4;

/**
 * Begins instances of every saga, on every way, and kills the server as soon as one of them is seen, over HTTP, at the step that no kill
 * has met yet; again and again, until each step of each saga was met, or the kills are used up. Then all that was begun comes to its end.
 */
export async function killAtEachStep(
  server: KillableServer,
  client: Insistent,
  { most, random }: { readonly most: number; readonly random: Chance },
): Promise<Killed> {
  const begun: Begun[] = [];
  const moments = new Map<string, number>();
  const walks: Promise<void>[] = [];
  const missing = (): readonly string[] => MOMENTS.filter((moment) => !moments.has(moment));
  let kills = 0;
  const begin = (way: Way): Begun => {
    const one = { id: `k${begun.length}`, way };
    begun.push(one);
    const walk = way.walk(client, one.id);
    // Told when all of them are awaited.
    walk.catch(() => {});
    walks.push(walk);
    return one;
  };
  for (; kills < most && missing().length > 0; kills++) {
    const since = Date.now();
    const kill = server.prepareKill();
    // One saga after the other is aimed at; the others walk along, and are hit by chance.
    const sagas = [...new Set(missing().map((moment) => moment.slice(0, moment.indexOf(":"))))];
    const aim = sagas[kills % sagas.length] as string;
    const aims = new Set(missing().filter((moment) => moment.startsWith(`${aim}:`)));
    const watched: Begun[] = [];
    const writing = (async () => {
      for (const way of random.shuffled(WAYS.flatMap((way) => (way.saga === aim ? Array<Way>(TRIES).fill(way) : random.once(2) ? [way] : [])))) {
        const one = begin(way);
        if (way.saga === aim) watched.push(one);
        await pause(random.upTo(20));
      }
    })();
    await untilSeen(client, watched, aims);
    await pause(random.upTo(10) - 1);
    await kill();
    await writing;
    for (const [moment, count] of await momentsOnDisk(server.stateDir, since)) moments.set(moment, (moments.get(moment) ?? 0) + count);
    if (process.env["SAGAS_TOLD"]) console.error(`kill ${kills + 1}, ${begun.length} begun, still to meet: ${missing().join(", ")}`);
    await server.start();
  }
  await Promise.all(walks);
  return { kills, begun, moments };
}

/** Waits until one of them is at a step that is aimed at, for a while. */
async function untilSeen(client: Insistent, watched: readonly Begun[], aims: ReadonlySet<string>): Promise<void> {
  const deadline = Date.now() + MOST_WAITING;
  const over = new Set<string>();
  for (let at = 0; Date.now() < deadline; at++) {
    const open = watched.filter(({ id }) => !over.has(id));
    const one = open[at % Math.max(open.length, 1)];
    if (one === undefined) {
      await pause(2);
      continue;
    }
    const seen = await client.look<Instance>(`/v1/sagas/${one.way.saga}/${one.id}`);
    if (seen === undefined) continue;
    if (seen.steps.some(({ name, state }) => aims.has(momentOf(one.way.saga, name, state)))) return;
    if (["completed", "compensated", "cancelled"].includes(seen.state)) over.add(one.id);
  }
}
