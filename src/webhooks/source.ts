import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, PRIORITIES, type SealContext, sealContext, sql, type View } from "../kernel/index.ts";
import { hmacSettings } from "./hmac-settings.ts";
import { SCHEME_NAMES } from "./schemes.ts";

/** The category that sources live in: one small aggregate for each. */
export const SOURCE_CATEGORY = "rivulet_source";

/** A source's name: it stands in URLs and in its events' `source`. */
export const SOURCE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const configuration = z.object({
  scheme: z.enum(SCHEME_NAMES),
  /** Sealed; empty where the scheme has none. */
  secret: z.string(),
  /** Sealed: the one before, which still counts while the producer changes over. */
  previousSecret: z.string().optional(),
  /** Of the scheme `hmac`. */
  hmac: hmacSettings.optional(),
  /** Of its events; left out: normal. */
  priority: z.enum(PRIORITIES).optional(),
  /** Templates; see template.ts. */
  type: z.string().optional(),
  stream: z.string().optional(),
  id: z.string().optional(),
});

/** A source's settings as its events keep them. */
export type SourceConfiguration = z.output<typeof configuration>;

const sourceEvents = defineEvents("rivulet", { SourceConfigured: configuration, SourceRemoved: z.object({}) });

/** What is known of a source. Its secrets are sealed; only the verifier opens them. */
export interface SourceState {
  readonly configuration?: SourceConfiguration;
}

/** A producer that sends its webhooks here, as an aggregate: its changes have history and audit like any other event. */
export const source = defineDecider({
  category: SOURCE_CATEGORY,
  events: sourceEvents,
  commands: { Configure: configuration, Remove: z.object({}) },
  initialState: (): SourceState => ({}),
  evolve: {
    SourceConfigured: (_, { data }) => ({ configuration: data }),
    SourceRemoved: () => ({}),
  },
  decide: {
    Configure: ({ data }, { configuration: now }) =>
      now !== undefined && canonicalJson(now) === canonicalJson(data) ? [] : sourceEvents.SourceConfigured(data),
    Remove: (_, { configuration: now }) => (now === undefined ? [] : sourceEvents.SourceRemoved({})),
  },
});

/** The sources one can list; the secret stays in the aggregate. */
export const sourcesView: View = {
  name: "sources",
  version: 1,
  concerns: ({ stream }) => stream.startsWith(`${SOURCE_CATEGORY}-`),
  rows: "SELECT source AS key, json_array(scheme, created, updated) AS row FROM sources WHERE tenant = ?1",
  discard: (scope) => [sql`DELETE FROM sources WHERE (tenant, source) IN (SELECT tenant, source FROM sources WHERE tenant = ${scope} LIMIT 1000)`],
  fold(tenant, events) {
    const removed = new Set<string>();
    const kept = new Map<string, readonly [scheme: string, created: string, updated: string]>();
    for (const { stream, type, data, recorded } of events) {
      const name = stream.slice(SOURCE_CATEGORY.length + 1);
      if (type === "rivulet.SourceRemoved") {
        removed.add(name);
        kept.delete(name);
      } else {
        kept.set(name, [(JSON.parse(data) as { scheme: string }).scheme, kept.get(name)?.[1] ?? recorded, recorded]);
      }
    }
    const rows = [...kept].map(([name, row]) => [name, ...row]);
    return [
      sql`DELETE FROM sources WHERE tenant = ${tenant} AND source IN (SELECT value FROM json_each(${JSON.stringify([...removed])}))`,
      sql`INSERT INTO sources (tenant, source, scheme, created, updated)
          SELECT ${tenant}, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${JSON.stringify(rows)}) WHERE true
          ON CONFLICT (tenant, source) DO UPDATE SET scheme = excluded.scheme, updated = excluded.updated`,
    ];
  },
};

/** A line of the list of sources. */
export interface SourceRow {
  readonly source: string;
  readonly scheme: string;
  readonly created: string;
  readonly updated: string;
}

/** A page of a tenant's sources by name, after a name. */
export async function listSources(db: D1Database, tenant: string, query: { readonly after: string; readonly limit: number }): Promise<readonly SourceRow[]> {
  const { results } = await db
    .prepare("SELECT source, scheme, created, updated FROM sources WHERE tenant = ? AND source > ? ORDER BY source LIMIT ?")
    .bind(tenant, query.after, query.limit)
    .all<SourceRow>();
  return results;
}

/** The stream that a source's settings live in. */
export function sourceStream(source: string): string {
  return `${SOURCE_CATEGORY}-${source}`;
}

/** What binds a source's sealed secrets to their place. */
export function secretContext(tenant: string, name: string): SealContext {
  return sealContext(tenant, sourceStream(name));
}
