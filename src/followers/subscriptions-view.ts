import { type LoggedEvent, sql, type View } from "../kernel/index.ts";
import { SUBSCRIPTION_CATEGORY, type SubscriptionSettings } from "./subscription.ts";

/** What anybody may see of a subscription's settings: no secret, no header. */
type OpenSettings = Omit<SubscriptionSettings, "sink"> & { readonly sink: { readonly url: string } | { readonly pull: true } };

/** A line of the list of subscriptions. */
export interface SubscriptionRow extends OpenSettings {
  readonly id: string;
  readonly status: "active" | "paused" | "disabled";
  /** Why it is paused or disabled, where somebody said. */
  readonly reason?: string;
  /** Deliveries fail, and nothing has got through since. */
  readonly isFailing: boolean;
  /** RFC 3339 UTC with milliseconds. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

const PREFIX = `${SUBSCRIPTION_CATEGORY}-`;

/** The subscriptions one can list; what is sealed stays in the aggregate. */
export const subscriptionsView: View = {
  name: "subscriptions",
  version: 1,
  concerns: ({ stream }) => stream.startsWith(PREFIX),
  rows: "SELECT id AS key, row FROM subscriptions WHERE tenant = ?1",
  discard: (scope) => [sql`DELETE FROM subscriptions WHERE (tenant, id) IN (SELECT tenant, id FROM subscriptions WHERE tenant = ${scope} LIMIT 1000)`],
  reads: (scope, events) =>
    sql`SELECT id AS key, row FROM subscriptions WHERE tenant = ${scope} AND id IN (SELECT value FROM json_each(${JSON.stringify([...new Set(events.map(idOf))])}))`,
  fold(scope, events, read) {
    const before = new Map(read.map(({ key, row }) => [String(key), String(row)]));
    const rows = new Map<string, SubscriptionRow | undefined>([...before].map(([id, row]) => [id, JSON.parse(row) as SubscriptionRow]));
    for (const event of events) rows.set(idOf(event), rowAfter(rows.get(idOf(event)), event));
    // A row that came out as it was is not written, and costs nothing.
    const put = [...rows].flatMap(([id, row]) => (row === undefined || JSON.stringify(row) === before.get(id) ? [] : [[id, JSON.stringify(row)]]));
    const gone = [...rows].flatMap(([id, row]) => (row === undefined && before.has(id) ? [id] : []));
    return [
      ...(gone.length > 0 ? [sql`DELETE FROM subscriptions WHERE tenant = ${scope} AND id IN (SELECT value FROM json_each(${JSON.stringify(gone)}))`] : []),
      ...(put.length > 0
        ? [
            sql`INSERT INTO subscriptions (tenant, id, row) SELECT ${scope}, value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(put)}) WHERE true
                ON CONFLICT (tenant, id) DO UPDATE SET row = excluded.row`,
          ]
        : []),
    ];
  },
};

function idOf({ stream }: LoggedEvent): string {
  return stream.slice(PREFIX.length);
}

/** The line after one more event of its stream; undefined where there is no such subscription (any more). */
function rowAfter(row: SubscriptionRow | undefined, event: LoggedEvent): SubscriptionRow | undefined {
  const data = (): unknown => JSON.parse(event.data);
  const updatedAt = event.recorded;
  if (event.type === "rivulet.SubscriptionCreated")
    return { id: idOf(event), ...openSettings(data() as SubscriptionSettings), status: "active", isFailing: false, createdAt: updatedAt, updatedAt };
  if (row === undefined) return undefined;
  const { reason: _, ...others } = row;
  const because = (): object => {
    const { reason } = data() as { reason?: string };
    return reason === undefined ? {} : { reason };
  };
  switch (event.type) {
    case "rivulet.SubscriptionChanged": {
      const { id, status, reason, isFailing, createdAt } = row;
      return { id, ...openSettings(data() as SubscriptionSettings), status, ...(reason !== undefined && { reason }), isFailing, createdAt, updatedAt };
    }
    case "rivulet.SubscriptionPaused":
      return { ...others, status: "paused", ...because(), updatedAt };
    case "rivulet.SubscriptionDisabled":
      return { ...others, status: "disabled", ...because(), updatedAt };
    case "rivulet.SubscriptionResumed":
      return { ...others, status: "active", updatedAt };
    case "rivulet.SubscriptionFailing":
      return { ...row, isFailing: true };
    case "rivulet.SubscriptionRecovered":
      return { ...row, isFailing: false };
    case "rivulet.SubscriptionDeleted":
      return undefined;
    default:
      return row;
  }
}

function openSettings({ name, types, filter, sink, order, priority, concurrency, timeoutMs, retry, format }: SubscriptionSettings): OpenSettings {
  return {
    name,
    types,
    ...(filter !== undefined && { filter }),
    sink: sink.kind === "pull" ? { pull: true } : { url: sink.url },
    order,
    priority,
    concurrency,
    timeoutMs,
    retry,
    format,
  };
}

/** The ids of all of a tenant's subscriptions, as the directory has them. */
export async function listedSubscriptions(db: D1Database, scope: string): Promise<readonly string[]> {
  const { results } = await db.prepare("SELECT id FROM subscriptions WHERE tenant = ?").bind(scope).all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** A page of a tenant's subscriptions in the order of their making, after an id. */
export async function listSubscriptions(
  db: D1Database,
  scope: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly SubscriptionRow[]> {
  const { results } = await db
    .prepare("SELECT row FROM subscriptions WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?")
    .bind(scope, after, limit)
    .all<{ row: string }>();
  return results.map(({ row }) => JSON.parse(row) as SubscriptionRow);
}
