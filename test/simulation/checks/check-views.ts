import type { World } from "../world/world.ts";
import type { FinalState, LogEvent } from "./final-state.ts";

/** What the views hold is the fold of the log; their cursor stands at its head. After a restore they may have stopped instead, if they say so. */
export function* checkViews(world: World, { log }: FinalState, isRestored: boolean): Generator<string> {
  const { database } = world.views;
  type Cursor = { tenant: string; view: string; position: number; state: string; error: string | null };
  const cursors = database.rows<Cursor>("SELECT tenant, view, position, state, error FROM view_cursors");
  for (const tenant of new Set([...log.keys(), ...cursors.map((cursor) => cursor.tenant)])) {
    const events = log.get(tenant) ?? [];
    const own = cursors.filter((cursor) => cursor.tenant === tenant);
    const live = own.find(({ view }) => view === "*");
    if (isRestored && live?.state === "stopped" && live.error !== null) {
      world.faults.count("views stopped");
      continue;
    }
    for (const { view, state, error } of own) if (state !== "live") yield `the view ${view} of ${tenant} is ${state}: ${error}`;
    if ((live?.position ?? 0) !== events.length) yield `the views of ${tenant} are at ${live?.position}, the log at ${events.length}`;
    const scope = (view: string): string => scopeOf(world, tenant, view);
    const found: Record<string, readonly unknown[]> = {
      types: database.rows("SELECT type, count, streams, first_seen, last_seen FROM event_types WHERE tenant = ? ORDER BY type", scope("event_types")),
      correlations: database.rows("SELECT correlation, position FROM correlations WHERE tenant = ? ORDER BY correlation, position", scope("correlations")),
      sources: database.rows("SELECT source, scheme, created, updated FROM sources WHERE tenant = ? ORDER BY source", scope("sources")),
    };
    const folded: Record<string, readonly unknown[]> = { types: foldTypes(events), correlations: foldCorrelations(events), sources: foldSources(events) };
    for (const [view, rows] of Object.entries(found)) {
      const should = folded[view]?.map((row) => JSON.stringify(row)) ?? [];
      const wrong = Array.from({ length: Math.max(rows.length, should.length) }).findIndex((_, index) => JSON.stringify(rows[index]) !== should[index]);
      if (wrong >= 0) yield `the view ${view} of ${tenant} holds ${JSON.stringify(rows[wrong])}, the fold of the log is ${should[wrong]}`;
    }
  }
}

/** What a view's rows stand under that are read: a rebuild fills another generation beside them, and switches. */
export function scopeOf(world: World, tenant: string, view: string): string {
  const sql = "SELECT generation FROM view_generations WHERE tenant = ? AND view = ? AND state = 'live'";
  const [live] = world.views.database.rows<{ generation: number }>(sql, tenant, view);
  return (live?.generation ?? 0) === 0 ? tenant : `${tenant}#${live?.generation}`;
}

function foldTypes(events: readonly LogEvent[]): unknown[] {
  const byType = [...Map.groupBy(events, ({ type }) => type)].sort(([one], [other]) => (one < other ? -1 : 1));
  return byType.map(([type, own]) => {
    const times = own.map(({ recorded }) => recorded).sort();
    return { type, count: own.length, streams: new Set(own.map(({ stream }) => stream)).size, first_seen: times[0], last_seen: times.at(-1) };
  });
}

function foldCorrelations(events: readonly LogEvent[]): unknown[] {
  const rows = events.map(({ metadata, position }) => ({ correlation: metadata.correlationId, position }));
  return rows.sort((one, other) => (one.correlation === other.correlation ? one.position - other.position : one.correlation < other.correlation ? -1 : 1));
}

function foldSources(events: readonly LogEvent[]): unknown[] {
  const sources = new Map<string, { source: string; scheme: string; created: string; updated: string }>();
  for (const { stream, type, data, recorded } of events) {
    if (!stream.startsWith("rivulet_source-")) continue;
    const source = stream.slice("rivulet_source-".length);
    if (type === "rivulet.SourceRemoved") sources.delete(source);
    else
      sources.set(source, {
        source,
        scheme: (JSON.parse(data) as { scheme: string }).scheme,
        created: sources.get(source)?.created ?? recorded,
        updated: recorded,
      });
  }
  return [...sources.values()].sort((one, other) => (one.source < other.source ? -1 : 1));
}
