import { sha256 } from "../src/kernel/index.ts";

/** How long (milliseconds) a ticket is good. */
export const LIFETIME = 60_000;

interface Ticket {
  readonly actor: string;
  readonly expires: number;
}

/** Makes a ticket and keeps its hash; those that have run out are cleared away on the occasion. */
export function issueTicket(storage: DurableObjectStorage, actor: string, now: number): { readonly ticket: string; readonly expiresAt: string } {
  for (const [key, { expires }] of storage.kv.list<Ticket>({ prefix: "ticket:" })) if (expires <= now) storage.kv.delete(key);
  const ticket = Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
  storage.kv.put(keyOf(ticket), { actor, expires: now + LIFETIME } satisfies Ticket);
  return { ticket, expiresAt: new Date(now + LIFETIME).toISOString() };
}

/** Takes a ticket: it is good once. */
export function redeemTicket(storage: DurableObjectStorage, ticket: string, now: number): string | undefined {
  const found = storage.kv.get<Ticket>(keyOf(ticket));
  if (found === undefined) return undefined;
  storage.kv.delete(keyOf(ticket));
  return found.expires > now ? found.actor : undefined;
}

function keyOf(ticket: string): string {
  return `ticket:${sha256(ticket)}`;
}
