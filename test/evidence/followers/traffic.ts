import type { Chance } from "../../support/chance.ts";

/** An append that is going to be made. */
export interface Append {
  readonly stream: string;
  readonly events: readonly { readonly type: string; readonly data: Data }[];
}

/** What the events of the traffic say. */
export interface Data {
  /** Which event it is, among all of the run. */
  readonly n: number;
  readonly weight: number;
  readonly place: string;
  readonly address: string;
  readonly note?: string;
}

/** An event as far as subscriptions ask after it. */
export interface Wanted {
  readonly stream: string;
  readonly type: string;
  readonly data?: unknown;
}

const KINDS = ["trip", "box", "chat", "call"];

/** Whether an event is of the run, and not of the platform's own. */
export function isTraffic({ stream }: Wanted): boolean {
  return KINDS.some((kind) => stream.startsWith(`${kind}-`));
}

const STREAMS = [...names("trip", 10), ...names("box", 10), ...names("chat", 5)];
const TYPES: Readonly<Record<string, readonly string[]>> = {
  trip: ["trips.Started", "trips.Stopped", "trips.Delayed"],
  box: ["boxes.Packed", "boxes.Moved", "boxes.Opened", "boxes.scan.Passed"],
  chat: ["chat.Said"],
};
const PLACES = ["harbour-north", "harbour-south", "station-north", "Depot", "depot"];
/** Events that one append brings, at most. */
const MOST = 8;

/** So many events in appends of one to eight, over 25 streams of three kinds. */
export function traffic(count: number, random: Chance, first = 1): readonly Append[] {
  const appends: Append[] = [];
  for (let n = first; n < first + count;) {
    const stream = random.pick(STREAMS);
    const size = Math.min(random.upTo(MOST), first + count - n);
    appends.push({ stream, events: Array.from({ length: size }, (_, index) => eventOf(stream, n + index, random)) });
    n += size;
  }
  return appends;
}

function eventOf(stream: string, n: number, random: Chance): Append["events"][number] {
  const type = random.pick(TYPES[stream.split("-")[0] ?? ""] ?? []);
  const data = { n, weight: random.upTo(100), place: random.pick(PLACES), address: `10.${random.upTo(4)}.0.${random.upTo(250)}` };
  return { type, data: { ...data, ...(random.once(3) && { note: `note ${n}` }) } };
}

function names(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}
