/** How far the log has each of these streams, in one query; those that it does not know are left out, and one whose history it refuses has no end. */
export async function loggedVersions(db: D1Database, tenant: string, streams: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { results } = await db
    .prepare("SELECT stream, version, forked FROM streams WHERE tenant = ? AND stream IN (SELECT value FROM json_each(?))")
    .bind(tenant, JSON.stringify(streams))
    .all<{ stream: string; version: number; forked: string | null }>();
  return new Map(results.map(({ stream, version, forked }) => [stream, forked === null ? version : Number.POSITIVE_INFINITY]));
}
