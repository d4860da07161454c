import { GENESIS_HASH } from "../kernel/index.ts";
import { streamKey } from "./stream-key.ts";

/** Notes, once, that a stream's object and the log tell different histories: the log takes no more of it, and the directory shows it. */
export async function markForked(db: D1Database, of: { readonly tenant: string; readonly stream: string }, reason: string): Promise<void> {
  console.error("log: a stream has forked", streamKey(of), reason);
  // A log that was made anew may not even have a row of it.
  await db
    .prepare(
      `INSERT INTO streams (tenant, stream, version, hash, position, created, updated, forked)
       SELECT ?1, ?2, 0, ?4, 0, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?3
       WHERE NOT EXISTS (SELECT 1 FROM heads WHERE tenant = ?1 AND deleted IS NOT NULL)
       ON CONFLICT (tenant, stream) DO UPDATE SET forked = coalesce(forked, excluded.forked)`,
    )
    .bind(of.tenant, of.stream, reason, GENESIS_HASH)
    .run();
}
