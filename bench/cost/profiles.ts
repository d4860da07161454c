import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../../src/local/root.ts";
import { Connection, requestBytes } from "../connection.ts";
import { apart, platformWorker, startPlatform, type WorkerOptions, type Workplace } from "../platform.ts";
import { appendOf, getOf, NO_YARDSTICKS, pause, Stage } from "../stage.ts";
import { queueOperationsOf } from "../../src/metrics/prices.ts";
import { dollarsPerMillion, perEvent, type Usage } from "./prices.ts";

/** What is used in one way of using the platform. */
export interface Cost {
  readonly name: string;
  readonly title: string;
  readonly events: number;
  readonly perEvent: Usage;
  readonly dollarsPerMillion: number;
}

interface Profile {
  readonly name: string;
  readonly title: string;
  readonly streams: number;
  /** Begins when the others are through, so as not to crowd them: what is pressed shares work that a lone event pays alone. */
  readonly isLast?: true;
  /** Uses it; gives the number of events. */
  readonly use: (stage: Stage, streams: readonly string[]) => Promise<number>;
}

/** How long (milliseconds) streams may take to be let go; an alarm does that, and is set 3 s ahead. */
const LONGEST_UNTIL_SETTLED = 10_000;

const PROFILES: readonly Profile[] = [
  { name: "lone", title: "a lone event", streams: 10, use: (stage, streams) => oneByOne(stage, streams, 1) },
  { name: "batch", title: "100 events in one append", streams: 10, use: (stage, streams) => oneByOne(stage, streams, 100) },
  {
    name: "busy",
    title: "one event each, 64 clients on one stream",
    streams: 1,
    isLast: true,
    async use(stage, [stream = ""]) {
      const request = appendOf(stream);
      const { answered } = await stage.append({ clients: 64, seconds: 30, request: () => request, most: 1_500 });
      return answered;
    },
  },
];

/** Ways of using the platform, each with a worker, databases and a queue of its own, and with warm streams. */
export interface Costs {
  /** Counts what each costs, beside each other; once. */
  count(): Promise<readonly Cost[]>;
  stop(): Promise<void>;
}

/** Starts them and warms their streams, which are let go some seconds later: whoever has something else to do meanwhile counts afterwards. */
export async function startCosts(workplace: Workplace): Promise<Costs> {
  const workers = await Promise.all(PROFILES.map(({ name }) => countedWorker(workplace, `cost-${name}`)));
  const platform = await startPlatform(workplace, workers);
  const stop = (): Promise<void> => platform.stop();
  try {
    const ready = await Promise.all(PROFILES.map((profile) => warmed(profile, platform.origin(`cost-${profile.name}`))));
    return { count: () => countAll(ready), stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

/** A profile that may be used: its streams have been appended to once. */
interface Ready {
  readonly profile: Profile;
  readonly stage: Stage;
  readonly streams: readonly string[];
}

async function warmed(profile: Profile, origin: string): Promise<Ready> {
  const stage = new Stage(origin, NO_YARDSTICKS);
  const streams = Array.from({ length: profile.streams }, () => stage.newName());
  await oneByOne(stage, streams, 1);
  return { profile, stage, streams };
}

async function countAll(all: readonly Ready[]): Promise<readonly Cost[]> {
  const others = all.filter(({ profile }) => !profile.isLast).map(({ profile: { name } }) => ({ name, ...Promise.withResolvers<void>() }));
  return Promise.all(
    all.map((ready) =>
      costOf(ready, {
        mayBegin: ready.profile.isLast ? Promise.all(others.map(({ promise }) => promise)) : Promise.resolve(),
        hasUsed: () => others.find(({ name }) => name === ready.profile.name)?.resolve(),
      }),
    ),
  );
}

interface Turn {
  readonly mayBegin: Promise<unknown>;
  readonly hasUsed: () => void;
}

async function costOf({ profile: { name, title, use }, stage, streams }: Ready, { mayBegin, hasUsed }: Turn): Promise<Cost> {
  await mayBegin;
  await wake(stage.origin, streams);
  const before = await settled(stage.origin, streams.length);
  const events = await use(stage, streams);
  hasUsed();
  const after = await settled(stage.origin, 2 * streams.length);
  const used = perEvent(difference(after, before), events);
  return { name, title, events, perEvent: used, dollarsPerMillion: dollarsPerMillion(used) };
}

/** An object that nobody asks for some seconds goes, and reads its rows anew when it comes back: that is no part of what a warm one costs. */
async function wake(origin: string, streams: readonly string[]): Promise<void> {
  const connection = await Connection.open(origin);
  try {
    for (const stream of streams) await connection.send(getOf(`/v1/streams/${stream}`));
  } finally {
    connection.close();
  }
}

/** The usage once so many alarms are through: the log is looked for nowhere else, since asking it would be counted. */
async function settled(origin: string, looks: number): Promise<Usage> {
  for (const end = performance.now() + LONGEST_UNTIL_SETTLED; ; await pause(100)) {
    const counts = await countsAt(origin);
    if (counts.looks >= looks || performance.now() > end) return usageOf(counts);
  }
}

/** One append to each stream, each after the other has come into the log: what is alone shares nothing. */
async function oneByOne({ origin }: Stage, streams: readonly string[], events: number): Promise<number> {
  const connection = await Connection.open(origin);
  try {
    for (const stream of streams) {
      const { status } = await connection.send(appendOf(stream, { events }));
      if (status !== 201) throw new Error(`expected the append to be taken, got ${status}`);
      await pause(60);
    }
  } finally {
    connection.close();
  }
  return streams.length * events;
}

async function countsAt(origin: string): Promise<Counts> {
  const connection = await Connection.open(origin);
  try {
    return (await connection.send(requestBytes("GET", "/.usage"), true)).json<Counts>();
  } finally {
    connection.close();
  }
}

/** As `counted.js` gives them. */
interface Counts {
  readonly requests: number;
  readonly objectRequests: number;
  readonly alarms: number;
  /** Streams' alarms that are through. */
  readonly looks: number;
  /** Bytes of each. */
  readonly messages: readonly number[];
  readonly rows: Rows;
  readonly log: Rows;
  readonly views: Rows;
}

interface Rows {
  readonly written: number;
  readonly read: number;
}

function usageOf({ requests, objectRequests, alarms, messages, rows, log, views }: Counts): Usage {
  return {
    requests,
    objectRequests,
    objectRowsWritten: rows.written + alarms,
    objectRowsRead: rows.read,
    logRowsWritten: log.written,
    logRowsRead: log.read,
    viewRowsWritten: views.written,
    viewRowsRead: views.read,
    queueOperations: messages.reduce((sum, bytes) => sum + queueOperationsOf(bytes), 0),
  };
}

function difference(after: Usage, before: Usage): Usage {
  return Object.fromEntries(Object.entries(after).map(([kind, value]) => [kind, value - before[kind as keyof Usage]])) as unknown as Usage;
}

/** The platform's worker under counters, with names of its own for what would be shared. */
async function countedWorker(workplace: Workplace, name: string): Promise<WorkerOptions> {
  const worker = await platformWorker(workplace, name);
  const [built] = worker["modules"] as readonly object[];
  const classes = new Set(
    Object.values(worker["durableObjects"] as Readonly<Record<string, { readonly className: string }>>).map(({ className }) => className),
  );
  classes.delete("Aggregate");
  // Exports cannot be made at run time, and a list in the file itself would be one more to keep.
  const others = [...classes].map((name) => `export const ${name} = countedClass(platform.${name});\n`).join("");
  return {
    ...apart(worker),
    // What an isolate has counted goes out every 5 s, whatever there is of it, and is a row then: no event's.
    bindings: { ...(worker["bindings"] as object), METRICS_EVERY_MS: "600000" },
    modules: [{ type: "ESModule", path: "/counted.js", contents: (await readFile(join(ROOT, "bench/cost/counted.js"), "utf8")) + others }, built],
  };
}
