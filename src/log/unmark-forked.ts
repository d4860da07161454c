/** Lets a stream into the log again whose object tells the log's history, as long as the log ends where that was looked at. */
export async function unmarkForked(
  db: D1Database,
  { tenant, stream }: { readonly tenant: string; readonly stream: string },
  { version, hash }: { readonly version: number; readonly hash: string },
): Promise<void> {
  await db.prepare("UPDATE streams SET forked = NULL WHERE tenant = ? AND stream = ? AND version = ? AND hash = ?").bind(tenant, stream, version, hash).run();
}
