import {
  type Attempt,
  categoryOf,
  envelopeText,
  eventText,
  idOf,
  type JsonText,
  type LoggedEvent,
  PURGED,
  type Row,
  sql,
  STREAM_PURGED,
  type View,
} from "../kernel/index.ts";
import { figuresMoved } from "./saga-figures.ts";
import type { SagaStatus } from "./state.ts";

/** A line of the list of a saga's instances. */
export interface SagaRow {
  readonly id: string;
  readonly state: Exclude<SagaStatus, "waiting">;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly endedAt?: string;
  /** The step that began last, or that is stuck. */
  readonly step?: string;
  /** Why it undoes itself, is stuck, or has ended so. */
  readonly reason?: string;
  /** It has begun to undo what it did. */
  readonly isUndoing: boolean;
  /** Failed attempts by step. */
  readonly failures: Readonly<Record<string, number>>;
  /** The last failed attempts, by step; left out while none failed, and once it is over. */
  readonly attempts?: readonly (Attempt & { readonly step: string })[];
  /** While it is stuck: what is shown of it among the dead letters. */
  readonly parked?: ParkedInstance;
}

/** The event that says that an instance is stuck, and the attempts of the step that it is stuck at. */
export interface ParkedInstance {
  readonly position: number;
  readonly at: string;
  readonly type: string;
  readonly event: JsonText;
  readonly attempts: readonly Attempt[];
}

/** Failed attempts that are kept of an instance. */
const MOST_ATTEMPTS = 30;
/** Characters that are kept of what went wrong. */
const MOST_OF_ERROR = 1_000;

/** The name of the saga whose instances live in a category. */
export function sagaNameOf(category: string): string {
  return category.slice("saga_".length).replaceAll("_", "-");
}

/** The instances of all sagas, as one can list and count them. */
export const sagasView: View = {
  name: "sagas",
  // 2: those that are stuck know what they are parked with. 3: with figures.
  version: 3,
  concerns: ({ stream }) => stream.startsWith("saga_"),
  rows: `SELECT saga || '/' || id AS key, row FROM saga_instances WHERE tenant = ?1
    UNION ALL SELECT saga || ' ' || kind || ' ' || key, n FROM saga_figures WHERE tenant = ?1 AND n <> 0`,
  discard: (scope) => [
    sql`DELETE FROM saga_instances WHERE (tenant, saga, id) IN (SELECT tenant, saga, id FROM saga_instances WHERE tenant = ${scope} LIMIT 1000)`,
    sql`DELETE FROM saga_figures WHERE (tenant, saga, kind, key) IN (SELECT tenant, saga, kind, key FROM saga_figures WHERE tenant = ${scope} LIMIT 1000)`,
  ],
  reads: (scope, events) =>
    sql`SELECT saga, row FROM saga_instances WHERE tenant = ${scope} AND (saga, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(events.map(keyOf))}))`,
  fold(scope, events, read) {
    const rows = new Map<string, SagaRow>(
      read.map((row: Row) => [JSON.stringify([row["saga"], (JSON.parse(String(row["row"])) as SagaRow).id]), JSON.parse(String(row["row"])) as SagaRow]),
    );
    const before = new Map<string, SagaRow | undefined>();
    for (const event of events) {
      const key = JSON.stringify(keyOf(event));
      const next = event.type === STREAM_PURGED ? undefined : rowAfter(rows.get(key), event);
      if (next === undefined && !rows.has(key)) continue;
      if (!before.has(key)) before.set(key, rows.get(key));
      if (next === undefined) rows.delete(key);
      else rows.set(key, next);
    }
    const changes = [...before].map(([key, row]) => {
      const [category, id] = JSON.parse(key) as readonly [string, string];
      return { category, id, before: row, after: rows.get(key) };
    });
    if (changes.length === 0) return [];
    const put = changes.flatMap(({ category, id, after }) => (after === undefined ? [] : [[category, id, after.state, JSON.stringify(after)]]));
    const gone = changes.flatMap(({ category, id, after }) => (after === undefined ? [[category, id]] : []));
    return [
      sql`INSERT INTO saga_instances (tenant, saga, id, state, row)
          SELECT ${scope}, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(${JSON.stringify(put)}) WHERE true
          ON CONFLICT (tenant, saga, id) DO UPDATE SET state = excluded.state, row = excluded.row`,
      ...(gone.length === 0
        ? []
        : [
            sql`DELETE FROM saga_instances WHERE tenant = ${scope} AND (saga, id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(gone)}))`,
          ]),
      ...figuresMoved(scope, changes),
    ];
  },
  // Figures are taken from what this version has added up.
  forgets: (version) => version === 3,
};

/** Category and id: the category stands for the saga's name. */
function keyOf({ stream }: LoggedEvent): readonly [string, string] {
  return [categoryOf(stream), idOf(stream)];
}

function rowAfter(row: SagaRow | undefined, event: LoggedEvent): SagaRow | undefined {
  if (event.data === PURGED) return row;
  const data = JSON.parse(event.data) as { readonly step?: string; readonly reason?: string; readonly error?: string; readonly durationMs?: number };
  const updatedAt = event.recorded;
  if (event.type === "saga.Started") return { id: idOf(event.stream), state: "running", startedAt: updatedAt, updatedAt, isUndoing: false, failures: {} };
  // What came before the beginning begins nothing.
  if (row === undefined) return undefined;
  const { reason: _, parked: __, ...others } = row;
  const { attempts = [], ...ending } = others;
  const step = data.step === undefined ? {} : { step: data.step };
  const because = data.reason === undefined ? {} : { reason: data.reason };
  switch (event.type) {
    case "saga.StepStarted":
    case "saga.StepUndoing":
      return { ...row, ...step, updatedAt };
    case "saga.CallFailed":
      return {
        ...row,
        updatedAt,
        failures: { ...row.failures, [data.step ?? ""]: (row.failures[data.step ?? ""] ?? 0) + 1 },
        attempts: [
          ...attempts,
          { step: data.step ?? "", at: updatedAt, status: null, error: data.error?.slice(0, MOST_OF_ERROR) ?? null, durationMs: data.durationMs ?? 0 },
        ].slice(-MOST_ATTEMPTS),
      };
    case "saga.UndoingStarted":
      return { ...others, ...because, state: "compensating", isUndoing: true, updatedAt };
    case "saga.Stuck":
      return { ...others, ...step, ...because, state: "stuck", updatedAt, parked: parkedWith(event, attempts, data.step) };
    case "saga.StepRetried":
    case "saga.StepSkipped":
    case "saga.StepUndone":
      return row.state === "stuck" ? { ...others, ...keptReason(row), state: row.isUndoing ? "compensating" : "running", updatedAt } : { ...row, updatedAt };
    case "saga.Completed":
      return { ...ending, state: "completed", endedAt: updatedAt, updatedAt };
    case "saga.Compensated":
      return { ...ending, ...because, state: "compensated", endedAt: updatedAt, updatedAt };
    case "saga.Cancelled":
      return { ...ending, ...because, state: "cancelled", endedAt: updatedAt, updatedAt };
    default:
      return { ...row, updatedAt };
  }
}

function keptReason({ reason }: SagaRow): Pick<SagaRow, "reason"> {
  return reason === undefined ? {} : { reason };
}

function parkedWith(event: LoggedEvent, attempts: SagaRow["attempts"], step: string | undefined): ParkedInstance {
  const own = (attempts ?? []).filter((attempt) => attempt.step === step).map(({ at, status, error, durationMs }) => ({ at, status, error, durationMs }));
  const { position, recorded: at, type, data } = event;
  return { position, at, type, event: eventText(envelopeText(event), data, position), attempts: own };
}

/** A page of a saga's instances in the order of their ids, after an id. */
export async function listSagas(
  db: D1Database,
  scope: string,
  { category, state, after, limit }: { readonly category: string; readonly state?: string; readonly after: string; readonly limit: number },
): Promise<readonly SagaRow[]> {
  const { results } = await db
    .prepare(
      state === undefined
        ? "SELECT row FROM saga_instances WHERE tenant = ?1 AND saga = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
        : "SELECT row FROM saga_instances INDEXED BY saga_states WHERE tenant = ?1 AND saga = ?2 AND id > ?3 AND state = ?5 ORDER BY id LIMIT ?4",
    )
    .bind(scope, category, after, limit, ...(state === undefined ? [] : [state]))
    .all<{ row: string }>();
  return results.map(({ row }) => JSON.parse(row) as SagaRow);
}
