import type { Attempt } from "../../src/kernel/index.ts";
import type { FollowedPage } from "./contract.ts";
import type { Lane } from "./follower-store.ts";

/** The `until` of an event that was settled before another one of its stream that comes before it: it is given to nobody. */
export const SETTLED = Number.MAX_SAFE_INTEGER;

/** An event that was given to somebody, or came back. */
export interface Item {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  /** Milliseconds since 1970: until then it is somebody's, or, come back, nobody's yet. */
  readonly until: number;
  readonly isBack: boolean;
  readonly leasedAt: number;
  /** 1, 2, 3… */
  readonly attempt: number;
  readonly attempts: readonly Attempt[];
  /** It comes from a lane, not from the main way. */
  readonly isOfLane: boolean;
}

/** What is outstanding. One row, however much of it there is. */
export interface Outstanding {
  /** By position. */
  readonly items: Record<string, Item>;
  /** Positions after the cursor that are settled. */
  readonly done: number[];
  /** The last event of those, and its mark: the cursor's own says nothing of what comes after it. */
  readonly far?: Mark | undefined;
}

/** A position of the log, and the mark of the event there. */
export interface Mark {
  readonly position: number;
  readonly entry: string;
}

/** What somebody has, or what came back, of a stream before a position. */
export function itemsBefore({ items }: Outstanding, key: string, position: number): readonly Item[] {
  return Object.entries(items).flatMap(([at, item]) => (item.key === key && Number(at) < position && item.until !== SETTLED ? [item] : []));
}

/** Of what is settled, only what its lane has yet to come by, or what the cursor has: there a lane may begin before it. */
export function withoutSettled(items: Outstanding["items"], cursor: number, lanes: ReadonlyMap<string, Lane>): Outstanding["items"] {
  const isKept = ([at, { key, until }]: readonly [string, Item]): boolean => until !== SETTLED || Number(at) > (lanes.get(key)?.position ?? cursor);
  return Object.fromEntries(Object.entries(items).filter(isKept));
}

/** The last event after the cursor that somebody has, or is done with. */
export function farOf({ events }: Pick<FollowedPage, "events">, { items, done }: Outstanding): Mark | undefined {
  const settled = new Set(done);
  const last = events.findLast(({ position }) => settled.has(position) || items[position] !== undefined);
  return last?.entry == null ? undefined : { position: last.position, entry: last.entry };
}

/** Whether the log still has the event of a mark. `look` asks it, where the page does not show that. */
export async function stillHas(page: FollowedPage, far: Mark | undefined, look: (after: number) => Promise<FollowedPage>): Promise<boolean> {
  if (far === undefined) return true;
  if (page.position < far.position) return false;
  const found = page.events.find(({ position }) => position === far.position);
  return (found === undefined ? (await look(far.position)).entryAt : found.entry) === far.entry;
}
