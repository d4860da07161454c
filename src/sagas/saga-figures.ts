import { type Statement, sql } from "../kernel/index.ts";
import type { SagaRow } from "./sagas-view.ts";

/** How a saga's instances stand. Durations are of those that ended, in milliseconds, within one percent. */
export interface SagaFigures {
  readonly counts: Readonly<Partial<Record<SagaRow["state"], number>>>;
  /** `startedAt` of the oldest that has not ended. */
  readonly oldest: string | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly failures: Readonly<Record<string, number>>;
}

/** What a row adds to the figures of its saga: kind, key and how many. */
type Share = readonly [kind: "state" | "failures" | "duration", key: string, n: number];

/** Each bucket of durations ends so many times later than the one before: about 1,100 of them reach a month. */
const GROWTH = 1.02;
const OPEN = "('running', 'compensating', 'stuck')";

/** The bucket of a duration (milliseconds). */
function bucketOf(milliseconds: number): number {
  return milliseconds < 1 ? 0 : 1 + Math.floor(Math.log(milliseconds) / Math.log(GROWTH));
}

/** What stands for all durations of a bucket (milliseconds): its middle, as ratios go. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(GROWTH ** (bucket - 0.5));
}

function sharesOf(row: SagaRow | undefined): readonly Share[] {
  if (row === undefined) return [];
  const failures = Object.entries(row.failures).map(([step, n]) => ["failures", step, n] as const);
  const durationMs = row.endedAt === undefined ? undefined : Date.parse(row.endedAt) - Date.parse(row.startedAt);
  return [["state", row.state, 1], ...failures, ...(durationMs === undefined ? [] : [["duration", String(bucketOf(durationMs)), 1] as const])];
}

/** What changes in the figures where rows of instances change: by saga's category, the row before and after. Most changes are within a step, and move none. */
export function figuresMoved(
  scope: string,
  changes: readonly { readonly category: string; readonly before: SagaRow | undefined; readonly after: SagaRow | undefined }[],
): readonly Statement[] {
  const moved = new Map<string, number>();
  for (const { category, before, after } of changes) {
    const add = ([kind, key, n]: Share, sign: number): void => {
      const at = JSON.stringify([category, kind, key]);
      moved.set(at, (moved.get(at) ?? 0) + sign * n);
    };
    for (const share of sharesOf(before)) add(share, -1);
    for (const share of sharesOf(after)) add(share, 1);
  }
  const rows = [...moved].filter(([, n]) => n !== 0).map(([at, n]) => [...(JSON.parse(at) as readonly string[]), n]);
  if (rows.length === 0) return [];
  return [
    sql`INSERT INTO saga_figures (tenant, saga, kind, key, n)
    SELECT ${scope}, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${JSON.stringify(rows)}) WHERE true
    ON CONFLICT (tenant, saga, kind, key) DO UPDATE SET n = n + excluded.n`,
  ];
}

/** The figures of one saga: some rows for each state, step and bucket, however many instances it has. */
export async function sagaFigures(db: D1Database, scope: string, category: string): Promise<SagaFigures> {
  const [found, age] = await db.batch<Record<string, unknown>>([
    db.prepare("SELECT kind, key, n FROM saga_figures WHERE tenant = ?1 AND saga = ?2 AND n > 0").bind(scope, category),
    db
      .prepare(
        `SELECT row ->> '$.startedAt' AS oldest FROM saga_instances INDEXED BY open_sagas
         WHERE tenant = ?1 AND saga = ?2 AND state IN ${OPEN} ORDER BY row ->> '$.startedAt' LIMIT 1`,
      )
      .bind(scope, category),
  ]);
  const rows = (found?.results ?? []) as unknown as readonly { readonly kind: Share[0]; readonly key: string; readonly n: number }[];
  const of = (wanted: Share[0]) => rows.filter(({ kind }) => kind === wanted).map(({ key, n }) => [key, n] as const);
  const durations = of("duration").map(([key, n]) => [Number(key), n] as const);
  const [first] = (age?.results ?? []) as unknown as readonly { readonly oldest: string }[];
  return {
    counts: Object.fromEntries(of("state")),
    oldest: first?.oldest ?? null,
    p50Ms: quantile(durations, 0.5),
    p95Ms: quantile(durations, 0.95),
    failures: Object.fromEntries(of("failures")),
  };
}

/** The smallest duration that so large a share of all is not above; null where there is none. */
function quantile(buckets: readonly (readonly [bucket: number, n: number])[], share: number): number | null {
  const all = buckets.reduce((sum, [, n]) => sum + n, 0);
  let seen = 0;
  for (const [bucket, n] of buckets.toSorted(([one], [other]) => one - other)) {
    seen += n;
    if (seen >= share * all) return middleOf(bucket);
  }
  return null;
}
