import { sha256 } from "../src/kernel/index.ts";
import type { IdempotencyKey, Refusal } from "./aggregate/contract.ts";

/** How long (milliseconds) a ticket is good. */
export const LIFETIME = 60_000;

/** Who a ticket was made for, and what it may do. */
export interface TicketHolder {
  readonly actor: string;
  readonly scopes: readonly string[];
  /** What it was made with: the ticket ends with it. */
  readonly credential?: Credential;
  /** Where its scopes come from, where some of them are those of roles. */
  readonly granted?: Granted;
}

/** What scopes follow from: those that were given themselves, roles, and the user whose memberships give more of them; at most `within`, where that is said. */
export interface Granted {
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly user?: string;
  readonly within?: readonly string[];
}

/** What proved a principal: a key, by its id and the hash of the secret that was shown, or a token of an issuer; and the end of its life where it has one (RFC 3339). */
export type Credential = { readonly key: string; readonly hash: string; readonly until?: string } | { readonly issuer: string; readonly until: string };

interface Ticket extends TicketHolder {
  readonly expires: number;
}

/** A ticket that was made. It is told once: who asks again with the same `Idempotency-Key` hears of it without the ticket itself. */
export interface Issued {
  readonly ok: true;
  readonly ticket?: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly expiresAt: string;
}

/** What is kept of the first answer to a key: no more than may be told again. */
type Kept = Pick<Issued, "expiresAt"> & Pick<IdempotencyKey, "fingerprint">;

/** Makes a ticket and keeps its hash, once for each key; those that have run out are cleared away on the occasion. Refuses a key that came with another request. */
export function issueTicket(storage: DurableObjectStorage, holder: TicketHolder, now: number, idempotency?: IdempotencyKey): Issued | Refusal {
  const kept = idempotency && storage.kv.get<Kept>(`answer:${idempotency.key}`);
  if (kept !== undefined) return kept.fingerprint === idempotency?.fingerprint ? { ok: true, expiresAt: kept.expiresAt } : REUSED;
  for (const [key, { expires }] of storage.kv.list<Ticket>({ prefix: "ticket:" })) if (expires <= now) storage.kv.delete(key);
  const ticket = Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
  const expiresAt = new Date(now + LIFETIME).toISOString();
  storage.kv.put(keyOf(ticket), { ...holder, expires: now + LIFETIME } satisfies Ticket);
  if (idempotency) storage.kv.put(`answer:${idempotency.key}`, { fingerprint: idempotency.fingerprint, expiresAt } satisfies Kept);
  return { ok: true, ticket, expiresAt };
}

const REUSED: Refusal = { ok: false, code: "idempotency_key_reused", detail: "The Idempotency-Key was first used for another request." };

/** Who holds a ticket that is good still; it stays so. */
export function ticketHolder(storage: DurableObjectStorage, ticket: string, now: number): TicketHolder | undefined {
  const found = storage.kv.get<Ticket>(keyOf(ticket));
  if (found === undefined || found.expires <= now) return undefined;
  const { expires: _, ...holder } = found;
  return holder;
}

/** Takes a ticket: it is good once. */
export function redeemTicket(storage: DurableObjectStorage, ticket: string, now: number): TicketHolder | undefined {
  const holder = ticketHolder(storage, ticket, now);
  if (holder !== undefined) storage.kv.delete(keyOf(ticket));
  return holder;
}

function keyOf(ticket: string): string {
  return `ticket:${sha256(ticket)}`;
}
