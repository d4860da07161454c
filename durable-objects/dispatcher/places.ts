/** Somebody wants one of so many places. */
export interface PlaceAsked {
  readonly id: string;
  readonly most: number;
  /** Who stands in the directory, with a place or without: made before there was a quota, or by the admin key. */
  readonly listed: readonly string[];
}

/** `taken` just now; `held` already; or there is none, and who has one but does not stand in the directory, for the caller to look at. */
export type PlaceAnswered = { readonly kind: "taken" | "held" } | { readonly kind: "full"; readonly unlisted: readonly Unlisted[] };

/** Who has a place and does not stand in the directory: on his way in, on his way out, or lost. */
export interface Unlisted {
  readonly id: string;
  /** Since when (milliseconds since 1970). */
  readonly since: number;
}

/** A place that is taken, or that its holder has left, who may stand in the directory for a while yet. */
type Place = { readonly since: number } | "left";

/** Who has not come to hold what he took a place for is looked at in bunches of so many. */
const MOST_UNLISTED = 50;

/** Takes a place, if there is one: all that ask come here one after the other, so that there are never more than `most`. */
export function takePlace({ kv }: DurableObjectStorage, { id, most, listed }: PlaceAsked, now: number): PlaceAnswered {
  const places = new Map([...kv.list<Place>({ prefix: PREFIX })].map(([key, place]) => [key.slice(PREFIX.length), place]));
  const living = new Set(listed);
  const mine = places.get(id);
  // What was left is taken anew: a request that was refused may come again, for the same subscription.
  if (mine !== "left" && (mine !== undefined || living.has(id))) return { kind: "held" };
  const unlisted: Unlisted[] = [];
  for (const [other, place] of places) {
    const isListed = living.has(other);
    if (place !== "left" && !isListed) unlisted.push({ id: other, since: place.since });
    if (place !== "left") living.add(other);
    else if (!living.delete(other)) kv.delete(PREFIX + other);
  }
  if (living.size >= most) return { kind: "full", unlisted: unlisted.slice(0, MOST_UNLISTED) };
  kv.put(PREFIX + id, { since: now } satisfies Place);
  return { kind: "taken" };
}

/** These are not there (any more), whatever the directory says yet. */
export function leavePlaces({ kv }: DurableObjectStorage, ids: readonly string[]): void {
  for (const id of ids) kv.put(PREFIX + id, "left" satisfies Place);
}

const PREFIX = "place:";
