import { positionAt } from "./follow-matching.ts";
import { logHead } from "./log-heads.ts";

const DAY = 86_400_000;

/** Bytes of data and metadata that a tenant's log has taken in all; one row read. */
export async function bytesTaken(db: D1Database, tenant: string): Promise<number> {
  const row = await db.prepare("SELECT bytes FROM heads WHERE tenant = ?").bind(tenant).first<{ bytes: number }>();
  return row?.bytes ?? 0;
}

/** How many events a tenant's log has taken since midnight (UTC), its platform's among them. `now`: milliseconds since 1970. */
export async function eventsToday(db: D1Database, tenant: string, now: number): Promise<number> {
  const midnight = new Date(now - (now % DAY)).toISOString();
  const [{ position }, first] = await Promise.all([logHead(db, tenant), positionAt(db, tenant, midnight)]);
  return Math.max(0, position + 1 - first);
}
