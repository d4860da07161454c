import { metricsFor, type ObjectNamespaces } from "../durable-objects/object-for.ts";
import { within } from "./deadline.ts";
import type { Saga, View } from "./kernel/index.ts";
import { countForked } from "./log/count-forked.ts";
import { missingPositions } from "./log/missing-positions.ts";
import { logHead } from "./log/log-heads.ts";
import { loggedVersions } from "./log/logged-versions.ts";
import type { ShardOf } from "./log/shard.ts";
import { billOf } from "./metrics/bill.ts";
import type { Gap } from "./metrics/gaps.ts";
import type { MetricName } from "./metrics/definitions.ts";
import type { Series } from "./metrics/series.ts";
import { stillWaiting, type Tails } from "./metrics/tails.ts";
import { sagaFigures } from "./sagas/saga-figures.ts";
import { sagasView } from "./sagas/sagas-view.ts";
import { COUNTERS_VIEW } from "./views/counters-view.ts";
import { readScope, standings } from "./views/standing.ts";

/** What a call of the metrics object may take (milliseconds). */
const MOST_TIME = 10_000;

/** Where figures are read. */
export interface FiguresGiven {
  readonly env: ObjectNamespaces;
  readonly shardOf: ShardOf;
  readonly views: readonly View[];
  readonly sagas: readonly Saga[];
  readonly now: () => number;
}

type Own = Record<string, number>;
type Part = { readonly [Name in MetricName]?: Own | undefined };

/** What is read anew each time, together: the metrics that come of it. */
const READ: readonly { readonly names: readonly MetricName[]; readonly read: (given: FiguresGiven, tenant: string) => Promise<Part> }[] = [
  { names: ["rivulet_log_position", "rivulet_view_lag_events", "rivulet_view_faulted"], read: viewFigures },
  { names: ["rivulet_log_forked_streams"], read: forkFigures },
  { names: ["rivulet_log_missing_positions"], read: gapFigures },
  { names: ["rivulet_dead_letters"], read: letterFigures },
  { names: ["rivulet_business_total"], read: businessFigures },
  { names: ["rivulet_sagas", "rivulet_saga_duration_seconds"], read: sagasFigures },
  { names: ["rivulet_tail_streams", "rivulet_tail_age_seconds"], read: tailFigures },
];

/**
 * All figures of a tenant: what isolates have counted, and, read at this moment, what stands in the databases. Only the metrics that
 * are wanted, where somebody says which: what nobody wants is not read. What cannot be read is left out, and the rest said all the same;
 * of each other wanted metric there is something, though it be without series. Rejects where the metrics object does not answer.
 */
export async function figuresOf(given: FiguresGiven, tenant: string, wanted?: ReadonlySet<string>): Promise<Series> {
  const isWanted = (...names: readonly MetricName[]): boolean => wanted === undefined || names.some((name) => wanted.has(name));
  const { env, shardOf } = given;
  const counted = async (): Promise<Series> => (await metricsFor(env, shardOf(tenant).id).read(tenant)) as Series;
  const parts = READ.filter(({ names }) => isWanted(...names)).map(async ({ names, read }): Promise<Part> => {
    try {
      return await read(given, tenant);
    } catch (fault) {
      console.warn("figures: cannot be read", tenant, names[0], String(fault));
      return Object.fromEntries(names.map((name) => [name, undefined]));
    }
  });
  const [series, ...read] = await Promise.all([within(MOST_TIME, "the metrics", counted()), ...parts]);
  const lags = isWanted("rivulet_follower_lag_events") ? await pulledLags(given, tenant, series) : {};
  const all: Series = withoutUnread(Object.assign(Object.fromEntries([...(wanted ?? [])].map((name) => [name, {}])), series, ...read, lags));
  return isWanted("rivulet_estimated_cost_dollars") ? { ...all, rivulet_estimated_cost_dollars: costs(all) } : all;
}

function withoutUnread(series: Readonly<Record<string, Series[string] | undefined>>): Series {
  return Object.fromEntries(Object.entries(series).flatMap(([name, own]) => (own === undefined ? [] : [[name, own]])));
}

function costs(series: Series): Own {
  return Object.fromEntries(billOf(series).map(({ item, dollars }) => [key(item), dollars]));
}

async function viewFigures({ shardOf, views, now }: FiguresGiven, tenant: string): Promise<Part> {
  const shard = shardOf(tenant);
  const [head, all] = await Promise.all([logHead(shard.log, tenant), standings(shard.views, tenant, views, now())]);
  return {
    rivulet_log_position: { [key()]: head.position },
    rivulet_view_lag_events: Object.fromEntries(all.map(({ name, position }) => [key(name), Math.max(0, head.position - position)])),
    rivulet_view_faulted: Object.fromEntries(all.map(({ name, state }) => [key(name), state === "faulted" ? 1 : 0])),
  };
}

/** The lag of followers, those that are pulled among them: they say how far they are, and the log goes on without their hearing of it. */
async function pulledLags({ shardOf }: FiguresGiven, tenant: string, counted: Series): Promise<Part> {
  const positions = Object.entries(counted["rivulet_pull_position"] ?? {});
  if (positions.length === 0) return {};
  try {
    const head = await logHead(shardOf(tenant).log, tenant);
    const lags = positions.map(([follower, position]) => [key(...(JSON.parse(follower) as string[]), "0"), Math.max(0, head.position - Number(position))]);
    return { rivulet_follower_lag_events: { ...(counted["rivulet_follower_lag_events"] as Own | undefined), ...Object.fromEntries(lags) } };
  } catch (fault) {
    console.warn("figures: cannot be read", tenant, "rivulet_follower_lag_events", String(fault));
    return { rivulet_follower_lag_events: undefined };
  }
}

async function forkFigures({ shardOf }: FiguresGiven, tenant: string): Promise<Part> {
  return { rivulet_log_forked_streams: { [key()]: await countForked(shardOf(tenant).log, tenant) } };
}

/** Of the positions that somebody missed, those that are missing still. Those that are there by now are forgotten. */
async function gapFigures({ env, shardOf }: FiguresGiven, tenant: string): Promise<Part> {
  const { id, log } = shardOf(tenant);
  const gaps = (await within(MOST_TIME, "the metrics", metricsFor(env, id).gaps(tenant) as Promise<readonly Gap[]>)) satisfies readonly Gap[];
  if (gaps.length === 0) return { rivulet_log_missing_positions: { [key()]: 0 } };
  const missing = await missingPositions(log, tenant, gaps);
  const over = gaps.filter((_, index) => missing[index] === 0);
  if (over.length > 0) await within(MOST_TIME, "the metrics", metricsFor(env, id).closeGaps(tenant, over) as Promise<void>);
  return { rivulet_log_missing_positions: { [key()]: missing.reduce((sum, own) => sum + own, 0) } };
}

async function letterFigures({ shardOf }: FiguresGiven, tenant: string): Promise<Part> {
  const { results } = await shardOf(tenant)
    .views.prepare("SELECT subscription, count(*) AS n FROM dead_letters WHERE tenant = ? GROUP BY subscription")
    .bind(tenant)
    .all<{ subscription: string; n: number }>();
  return { rivulet_dead_letters: Object.fromEntries(results.map(({ subscription, n }) => [key(subscription), n])) };
}

async function businessFigures({ shardOf }: FiguresGiven, tenant: string): Promise<Part> {
  const { views } = shardOf(tenant);
  const { results } = await views
    .prepare("SELECT key, row FROM view_rows WHERE scope = ? AND view = ?")
    .bind(await readScope(views, tenant, COUNTERS_VIEW), COUNTERS_VIEW)
    .all<{ key: string; row: string }>();
  return { rivulet_business_total: Object.fromEntries(results.map((counter) => [key(counter.key), Number(counter.row)])) };
}

async function sagasFigures({ shardOf, sagas }: FiguresGiven, tenant: string): Promise<Part> {
  const { views } = shardOf(tenant);
  const scope = await readScope(views, tenant, sagasView.name);
  const all = await Promise.all(sagas.map(async ({ name, category }) => ({ name, ...(await sagaFigures(views, scope, category)) })));
  const durations = all.flatMap(({ name, p50Ms, p95Ms }) => [[key(name, "50"), p50Ms] as const, [key(name, "95"), p95Ms] as const]);
  return {
    rivulet_sagas: Object.fromEntries(all.flatMap(({ name, counts }) => Object.entries(counts).map(([state, n]) => [key(name, state), n]))),
    rivulet_saga_duration_seconds: Object.fromEntries(durations.flatMap(([at, ms]) => (ms === null ? [] : [[at, ms / 1_000]]))),
  };
}

/** What streams have told of themselves, but for those whose events have come into the log since then. Without the log, all of it. */
async function tailFigures({ env, shardOf, now }: FiguresGiven, tenant: string): Promise<Part> {
  const { id, log } = shardOf(tenant);
  const tails = (await within(MOST_TIME, "the metrics", metricsFor(env, id).tails(tenant, now()) as Promise<Tails>)) satisfies Tails;
  const streams = Object.keys(tails);
  const logged = streams.length === 0 ? undefined : await within(MOST_TIME, "the log", loggedVersions(log, tenant, streams)).catch(() => undefined);
  const waiting = stillWaiting(tails, logged);
  const age = Math.max(0, ...waiting.map(({ since }) => (now() - since) / 1_000));
  return { rivulet_tail_streams: { [key()]: waiting.length }, rivulet_tail_age_seconds: { [key()]: age } };
}

/** As `labelsKey` makes it: the labels' values in the definition's order. */
function key(...values: readonly string[]): string {
  return JSON.stringify(values);
}
