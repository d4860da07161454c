import { z } from "zod";
import { defineDecider, defineEvents, sql, type View } from "../kernel/index.ts";
import { SCHEME_NAMES } from "./schemes.ts";

/** The category that sources live in: one small aggregate for each. */
export const SOURCE_CATEGORY = "rivulet_source";

/** A source's name: it stands in URLs and in its events' `source`. */
export const SOURCE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

const configuration = z.object({ scheme: z.enum(SCHEME_NAMES), /** Sealed. */ secret: z.string() });

const sourceEvents = defineEvents("rivulet", { SourceConfigured: configuration, SourceRemoved: z.object({}) });

/** What is known of a source. The secret is sealed; only the verifier opens it. */
export interface SourceState {
  readonly configuration?: z.output<typeof configuration>;
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
    Configure: ({ data }, { configuration: now }) => (now?.scheme === data.scheme && now.secret === data.secret ? [] : sourceEvents.SourceConfigured(data)),
    Remove: (_, { configuration: now }) => (now === undefined ? [] : sourceEvents.SourceRemoved({})),
  },
});

/** The sources one can list; the secret stays in the aggregate. */
export const sourcesView: View = {
  name: "sources",
  version: 1,
  fold(tenant, events) {
    return events
      .filter(({ stream }) => stream.startsWith(`${SOURCE_CATEGORY}-`))
      .map(({ stream, type, data, recorded }) => {
        const name = stream.slice(SOURCE_CATEGORY.length + 1);
        if (type === "rivulet.SourceRemoved") return sql`DELETE FROM sources WHERE tenant = ${tenant} AND source = ${name}`;
        const { scheme } = JSON.parse(data) as { scheme: string };
        return sql`INSERT INTO sources (tenant, source, scheme, created, updated) VALUES (${tenant}, ${name}, ${scheme}, ${recorded}, ${recorded})
                   ON CONFLICT (tenant, source) DO UPDATE SET scheme = excluded.scheme, updated = excluded.updated`;
      });
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

/** What binds a source's sealed secret to its place. */
export function secretContext(tenant: string, name: string): string {
  return `${tenant}/${SOURCE_CATEGORY}-${name}`;
}
