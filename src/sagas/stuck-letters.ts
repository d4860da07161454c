import { type Attempt, type JsonText, topicMatches } from "../kernel/index.ts";
import { sagaNameOf, type SagaRow } from "./sagas-view.ts";

/** An instance that is stuck, as a dead letter: its event is the one that says so. */
export interface StuckLetter {
  /** `saga:` and the saga's name. */
  readonly subscription: string;
  /** Of the event in the log. */
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  /** The event as the API gives it. */
  readonly event: JsonText;
  /** Failed attempts of the step that it is stuck at, the oldest first: of the last thirty of the instance. */
  readonly attempts: readonly Attempt[];
  /** RFC 3339 UTC with milliseconds. */
  readonly parkedAt: string;
}

/** Which of them are wanted; a field left out asks nothing. */
export interface StuckFilter {
  readonly subscription?: string;
  /** A topic pattern. */
  readonly type?: string;
  readonly stream?: string;
  /** Parked at or after; RFC 3339 UTC with milliseconds. */
  readonly since?: string;
  /** Parked before. */
  readonly until?: string;
}

/** Where a letter stands in the list. */
export type LetterPlace = Pick<StuckLetter, "parkedAt" | "subscription" | "position">;

/** Instances that one question looks at, at most. */
export const MAX_STUCK_LOOKED_AT = 10_000;

/** A saga's name among dead letters. */
export function sagaFollower(name: string): string {
  return `saga:${name}`;
}

/** The instances that are stuck and match, in the order in which they came to be; at most `limit`, after a place. Looks at 10,000 at most. */
export async function stuckLetters(
  db: D1Database,
  scope: string,
  { filter = {}, after, limit }: { readonly filter?: StuckFilter; readonly after?: LetterPlace; readonly limit: number },
): Promise<readonly StuckLetter[]> {
  const { results } = await db
    // The planner would look through all of the tenant's instances.
    .prepare(`SELECT saga, row FROM saga_instances INDEXED BY stuck_sagas WHERE tenant = ? AND state = 'stuck' LIMIT ${MAX_STUCK_LOOKED_AT}`)
    .bind(scope)
    .all<{ saga: string; row: string }>();
  return results
    .flatMap(({ saga, row }) => letterOf(saga, JSON.parse(row) as SagaRow))
    .filter((letter) => matches(letter, filter) && (after === undefined || compareLetters(letter, after) > 0))
    .toSorted(compareLetters)
    .slice(0, limit);
}

/** The order of the list: by the time at which they were parked. */
export function compareLetters(one: LetterPlace, other: LetterPlace): number {
  if (one.parkedAt !== other.parkedAt) return one.parkedAt < other.parkedAt ? -1 : 1;
  if (one.subscription !== other.subscription) return one.subscription < other.subscription ? -1 : 1;
  return one.position - other.position;
}

function letterOf(category: string, { id, parked }: SagaRow): readonly StuckLetter[] {
  if (parked === undefined) return [];
  const { position, at: parkedAt, type, event, attempts } = parked;
  return [{ subscription: sagaFollower(sagaNameOf(category)), position, stream: `${category}-${id}`, type, event, attempts, parkedAt }];
}

function matches({ subscription, type, stream, parkedAt }: StuckLetter, filter: StuckFilter): boolean {
  return (
    (filter.subscription === undefined || filter.subscription === subscription) &&
    (filter.type === undefined || topicMatches(filter.type, type)) &&
    (filter.stream === undefined || filter.stream === stream) &&
    (filter.since === undefined || parkedAt >= filter.since) &&
    (filter.until === undefined || parkedAt < filter.until)
  );
}
