/** Where a stream is. */
export interface StreamPlace {
  readonly tenant: string;
  readonly stream: string;
}

/** The streams of one category of all tenants of a shard, in their order, after a place: so many of them. */
export async function streamsOf(
  db: D1Database,
  category: string,
  { after, limit }: { readonly after: StreamPlace; readonly limit: number },
): Promise<readonly StreamPlace[]> {
  // `.` comes right behind `-`: a tenant's streams of the category are one range of the table's key.
  const { results } = await db
    .prepare(
      `SELECT heads.tenant, streams.stream FROM heads JOIN streams ON streams.tenant = heads.tenant AND streams.stream >= ?1 || '-' AND streams.stream < ?1 || '.'
       WHERE heads.tenant >= ?2 AND (heads.tenant > ?2 OR streams.stream > ?3) ORDER BY heads.tenant, streams.stream LIMIT ?4`,
    )
    .bind(category, after.tenant, after.stream, limit)
    .all<{ tenant: string; stream: string }>();
  return results;
}
