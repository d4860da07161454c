import { streamKey } from "./stream-key.ts";

/** Notes, once, that a stream's object and the log tell different histories: the log takes no more of it, and the directory shows it. */
export async function markForked(db: D1Database, of: { readonly tenant: string; readonly stream: string }, reason: string): Promise<void> {
  console.error("log: a stream has forked", streamKey(of), reason);
  await db.prepare("UPDATE streams SET forked = ?3 WHERE tenant = ?1 AND stream = ?2 AND forked IS NULL").bind(of.tenant, of.stream, reason).run();
}
