import { type Attempt, type JsonText, topicMatches } from "../kernel/index.ts";

/** A dead letter as it stands in D1. */
export interface ParkedLetter {
  /** The follower: a subscription's id, or `handler:` and the handler's name. */
  readonly subscription: string;
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  /** The event as the API gives it. */
  readonly event: JsonText;
  readonly attempts: readonly Attempt[];
  /** RFC 3339 UTC with milliseconds. */
  readonly parkedAt: string;
}

/** Which dead letter: its follower, and its event's position. */
export type LetterKey = Pick<ParkedLetter, "subscription" | "position">;

/** Which dead letters are wanted; a field left out asks nothing. */
export interface LetterFilter {
  readonly subscription?: string;
  /** A topic pattern. */
  readonly type?: string;
  readonly stream?: string;
  /** Parked at or after; RFC 3339 UTC with milliseconds. */
  readonly since?: string;
  /** Parked before. */
  readonly until?: string;
}

/** Where a page of the list goes on. */
export type AfterLetter = LetterKey & { readonly parkedAt: string };

/** Dead letters that one question looks at, at most. */
export const MAX_LETTERS_LOOKED_AT = 10_000;

/** What a follower is called among dead letters. */
export function followerName({ kind, id }: { readonly kind: "subscription" | "handler"; readonly id: string }): string {
  return kind === "handler" ? `handler:${id}` : id;
}

/** Whom `followerName` made a name of. */
export function followerOf(name: string): { readonly kind: "subscription" | "handler"; readonly id: string } {
  return name.startsWith("handler:") ? { kind: "handler", id: name.slice("handler:".length) } : { kind: "subscription", id: name };
}

/** The id of a dead letter: the same however often it is parked. */
export function deadLetterId({ subscription, position }: LetterKey): string {
  return `${subscription}~${position}`;
}

/** What `deadLetterId` made an id of; undefined for what is none. */
export function parseDeadLetterId(id: string): LetterKey | undefined {
  const [, subscription, position] = /^([^~]+)~([1-9]\d{0,14})$/.exec(id) ?? [];
  return subscription === undefined ? undefined : { subscription, position: Number(position) };
}

/** Keeps a dead letter; parked again, it is the newer one. */
export async function parkDeadLetter(db: D1Database, tenant: string, letter: ParkedLetter): Promise<void> {
  const { subscription, position, stream, type, event, attempts, parkedAt } = letter;
  await db
    .prepare(
      `INSERT INTO dead_letters (tenant, subscription, position, stream, type, event, attempts, parked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (tenant, subscription, position) DO UPDATE SET event = excluded.event, attempts = excluded.attempts, parked_at = excluded.parked_at`,
    )
    .bind(tenant, subscription, position, stream, type, event, JSON.stringify(attempts), parkedAt)
    .run();
}

/** Takes dead letters out again: delivered, dropped, or gone with what they were for. */
export async function unparkDeadLetters(db: D1Database, tenant: string, subscription: string, positions: readonly number[]): Promise<void> {
  await db
    .prepare("DELETE FROM dead_letters WHERE tenant = ? AND subscription = ? AND position IN (SELECT value FROM json_each(?))")
    .bind(tenant, subscription, JSON.stringify(positions))
    .run();
}

/** Takes all dead letters of a follower out: it is gone. */
export async function forgetDeadLetters(db: D1Database, tenant: string, subscription: string): Promise<void> {
  await db.prepare("DELETE FROM dead_letters WHERE tenant = ? AND subscription = ?").bind(tenant, subscription).run();
}

/** One dead letter; undefined where there is none. */
export async function deadLetter(db: D1Database, tenant: string, { subscription, position }: LetterKey): Promise<ParkedLetter | undefined> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM dead_letters WHERE tenant = ? AND subscription = ? AND position = ?`)
    .bind(tenant, subscription, position)
    .first<LetterRow>();
  return row === null ? undefined : letterOf(row);
}

/** A page of dead letters. */
export interface LetterPage {
  readonly letters: readonly ParkedLetter[];
  /** To go on after; undefined at the end. */
  readonly next?: AfterLetter;
}

/**
 * A page of a tenant's dead letters in the order in which they were parked: at most `limit` and `maxBytes` (but at least one). Looks at
 * 10,000 at most, so it may be short, or empty, though there are more.
 */
export async function listDeadLetters(
  db: D1Database,
  tenant: string,
  { filter, after, limit, maxBytes }: { readonly filter: LetterFilter; readonly after?: AfterLetter; readonly limit: number; readonly maxBytes: number },
): Promise<LetterPage> {
  const { where, params } = conditions(filter, after);
  const { results: light } = await db
    .prepare(
      `SELECT subscription, position, type, parked_at, octet_length(event) + octet_length(attempts) AS bytes FROM dead_letters
       WHERE ${where} ORDER BY parked_at, subscription, position LIMIT ${MAX_LETTERS_LOOKED_AT}`,
    )
    .bind(tenant, ...params)
    .all<Pick<LetterRow, "subscription" | "position" | "type" | "parked_at"> & { bytes: number }>();
  const matching = light.filter(({ type }) => filter.type === undefined || topicMatches(filter.type, type));
  let bytes = 0;
  const taken = matching.slice(0, limit).filter((row, index) => {
    bytes += row.bytes;
    return index === 0 || bytes <= maxBytes;
  });
  const last = taken.length < matching.length ? taken.at(-1) : light.length === MAX_LETTERS_LOOKED_AT ? light.at(-1) : undefined;
  const next = last && { subscription: last.subscription, position: last.position, parkedAt: last.parked_at };
  return { letters: await lettersAt(db, tenant, taken), ...(next && { next }) };
}

/** Which followers have dead letters that match, in the order of their names; at most `limit`. Looks at 10,000 dead letters at most. */
export async function followersWithDeadLetters(db: D1Database, tenant: string, filter: LetterFilter, limit: number): Promise<readonly string[]> {
  const { where, params } = conditions(filter);
  const { results } = await db
    .prepare(`SELECT DISTINCT subscription, type FROM (SELECT subscription, type FROM dead_letters WHERE ${where} LIMIT ${MAX_LETTERS_LOOKED_AT})`)
    .bind(tenant, ...params)
    .all<Pick<LetterRow, "subscription" | "type">>();
  const matching = results.filter(({ type }) => filter.type === undefined || topicMatches(filter.type, type));
  return [...new Set(matching.map(({ subscription }) => subscription))].sort().slice(0, limit);
}

interface LetterRow {
  readonly subscription: string;
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly event: JsonText;
  readonly attempts: string;
  readonly parked_at: string;
}

const COLUMNS = "subscription, position, stream, type, event, attempts, parked_at";

function letterOf({ attempts, parked_at: parkedAt, ...row }: LetterRow): ParkedLetter {
  return { ...row, attempts: JSON.parse(attempts) as readonly Attempt[], parkedAt };
}

/** Those of the rows that are still there. */
async function lettersAt(db: D1Database, tenant: string, keys: readonly LetterKey[]): Promise<readonly ParkedLetter[]> {
  if (keys.length === 0) return [];
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM dead_letters
       WHERE (tenant, subscription, position) IN (SELECT ?1, value ->> 0, value ->> 1 FROM json_each(?2)) ORDER BY parked_at, subscription, position`,
    )
    .bind(tenant, JSON.stringify(keys.map(({ subscription, position }) => [subscription, position])))
    .all<LetterRow>();
  return results.map(letterOf);
}

/** What SQL can tell; the first parameter is the tenant. What a pattern means is decided by topicMatches. */
function conditions(
  { subscription, type, stream, since, until }: LetterFilter,
  after?: AfterLetter,
): { readonly where: string; readonly params: readonly (string | number)[] } {
  const all: readonly (readonly [condition: string, ...params: readonly (string | number)[]])[] = [
    ...(subscription === undefined ? [] : [["subscription = ?", subscription] as const]),
    ...(type === undefined || /[*#]/.test(type) ? [] : [["type = ?", type] as const]),
    ...(stream === undefined ? [] : [["stream = ?", stream] as const]),
    ...(since === undefined ? [] : [["parked_at >= ?", since] as const]),
    ...(until === undefined ? [] : [["parked_at < ?", until] as const]),
    ...(after === undefined ? [] : [["(parked_at, subscription, position) > (?, ?, ?)", after.parkedAt, after.subscription, after.position] as const]),
  ];
  return { where: ["tenant = ?", ...all.map(([condition]) => condition)].join(" AND "), params: all.flatMap(([, ...params]) => params) };
}
