import { sql, topicMatches, type View } from "../kernel/index.ts";

/** A line of the built-in view of event types. */
export interface EventTypeRow {
  readonly type: string;
  readonly count: number;
  readonly streams: number;
  /** `recorded` of the first and the last one. */
  readonly first_seen: string;
  readonly last_seen: string;
}

/** Which event types a tenant has: how often, since when, in how many streams. */
export const eventTypesView: View = {
  name: "event_types",
  version: 1,
  rows: "SELECT type AS key, json_array(count, streams, first_seen, last_seen) AS row FROM event_types WHERE tenant = ?1",
  discard: (scope) => [
    sql`DELETE FROM event_type_streams WHERE (tenant, type, stream) IN (SELECT tenant, type, stream FROM event_type_streams WHERE tenant = ${scope} LIMIT 1000)`,
    sql`DELETE FROM event_types WHERE (tenant, type) IN (SELECT tenant, type FROM event_types WHERE tenant = ${scope} LIMIT 1000)`,
  ],
  fold(tenant, events) {
    const types = new Map<string, { count: number; first: string; last: string; streams: Set<string> }>();
    for (const { type, stream, recorded } of events) {
      const seen = types.get(type) ?? { count: 0, first: recorded, last: recorded, streams: new Set() };
      types.set(type, {
        count: seen.count + 1,
        first: recorded < seen.first ? recorded : seen.first,
        last: recorded > seen.last ? recorded : seen.last,
        streams: seen.streams.add(stream),
      });
    }
    const rows = [...types].map(([type, { count, first, last }]) => [type, count, first, last]);
    const pairs = [...types].flatMap(([type, { streams }]) => [...streams].map((stream) => [type, stream]));
    return [
      sql`INSERT INTO event_types (tenant, type, count, streams, first_seen, last_seen)
          SELECT ${tenant}, value ->> 0, value ->> 1, 0, value ->> 2, value ->> 3 FROM json_each(${JSON.stringify(rows)}) WHERE true
          ON CONFLICT (tenant, type) DO UPDATE SET count = count + excluded.count,
            first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)`,
      // A trigger counts the pairs that are new.
      sql`INSERT OR IGNORE INTO event_type_streams (tenant, type, stream)
          SELECT ${tenant}, value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(pairs)})`,
    ];
  },
};

/** A page of the view in the order of types, after a type. Types of the platform are left out unless the pattern names them. */
export async function listEventTypes(
  db: D1Database,
  tenant: string,
  query: { readonly after: string; readonly limit: number; readonly type?: string },
): Promise<readonly EventTypeRow[]> {
  const pattern = query.type ?? "#";
  const withPlatform = /^[*#]/.test(pattern) ? 0 : 1;
  // A tenant has few types, so they are matched here rather than in SQL, which knows no topic patterns.
  const { results } = await db
    .prepare(
      "SELECT type, count, streams, first_seen, last_seen FROM event_types WHERE tenant = ?1 AND type > ?2 AND (?3 OR type NOT GLOB 'rivulet.*') ORDER BY type",
    )
    .bind(tenant, query.after, withPlatform)
    .all<EventTypeRow>();
  return results.filter(({ type }) => topicMatches(pattern, type)).slice(0, query.limit);
}
