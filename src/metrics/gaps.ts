/** Positions that were missing where the log was read: the first and the last of them. Plain data: it crosses RPC and is stored as JSON. */
export interface Gap {
  readonly first: number;
  readonly last: number;
}

/** Gaps of a tenant that are kept; of more, the number is not known. */
export const MOST_GAPS = 100;

/** What is missing between a position and these events, which follow it in their order. */
export function gapsIn(after: number, events: readonly { readonly position: number }[]): readonly Gap[] {
  const gaps: Gap[] = [];
  let before = after;
  for (const { position } of events) {
    if (position > before + 1) gaps.push({ first: before + 1, last: position - 1 });
    before = position;
  }
  return gaps;
}

/** How many positions they are. */
export function positionsIn(gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** All of them, each once. */
export function withGaps(known: readonly Gap[], more: readonly Gap[]): readonly Gap[] {
  const news = more.filter((gap) => !known.some((one) => isSame(one, gap)));
  return news.length === 0 ? known : [...known, ...news].slice(0, MOST_GAPS);
}

/** Those that are not among the others. */
export function withoutGaps(known: readonly Gap[], over: readonly Gap[]): readonly Gap[] {
  return known.filter((gap) => !over.some((one) => isSame(one, gap)));
}

function isSame(one: Gap, other: Gap): boolean {
  return one.first === other.first && one.last === other.last;
}
