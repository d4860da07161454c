import { sha256 } from "../../src/kernel/index.ts";
import { type Holding, matches } from "../../src/metrics/evaluate.ts";
import type { AlertRule } from "../../src/metrics/rule.ts";
import type { Alert, Alerting, SilenceRule } from "./contract.ts";

/** How one rule goes on: what waits for its time or for a silence to end, what begins to fire, and what is over. */
export interface Progress {
  readonly pending: readonly Alert[];
  readonly fires: readonly Alert[];
  readonly over: readonly string[];
}

/** What is known before an evaluation. `now`: milliseconds since 1970. */
export interface Before {
  readonly pending: readonly Alert[];
  readonly alerting: Alerting;
  readonly now: number;
}

/** An alert's id: of the same rule and series always the same. */
export function alertId(rule: string, labels: Alert["labels"]): string {
  return sha256(JSON.stringify([rule, Object.entries(labels).sort()])).slice("sha256:".length, "sha256:".length + 16);
}

/** pending → firing → over. One that is silenced stays pending, and fires when the silence ends, if it still holds. */
export function progress(name: string, rule: AlertRule, holding: readonly Holding[], { pending, alerting, now }: Before): Progress {
  const known = new Map(pending.filter((alert) => alert.rule === name).map((alert) => [alert.id, alert]));
  const holds = new Map(holding.map(({ labels, value }) => [alertId(name, labels), { labels, value }]));
  const waits: Alert[] = [];
  const fires: Alert[] = [];
  for (const [id, { labels, value }] of holds) {
    if (Object.hasOwn(alerting.firing, id)) continue;
    const alert = { id, rule: name, labels, value, since: known.get(id)?.since ?? new Date(now).toISOString() };
    const isDue = now - Date.parse(alert.since) >= rule.forSeconds * 1_000;
    if (isDue && silencedUntil(alert, rule, alerting.silences, now) === undefined) fires.push(alert);
    else waits.push(alert);
  }
  const over = Object.values(alerting.firing).filter((alert) => alert.rule === name && !holds.has(alert.id));
  return { pending: waits, fires, over: over.map(({ id }) => id) };
}

/** A rule of which nothing is known now. */
export function unchanged(name: string, pending: readonly Alert[]): Progress {
  return { pending: pending.filter(({ rule }) => rule === name), fires: [], over: [] };
}

/** Until when (RFC 3339) an alert is silenced; undefined where it is not. Its labels are its rule's, its series', and `rule` and `severity`. */
export function silencedUntil(
  { id, rule, labels }: Pick<Alert, "id" | "rule" | "labels">,
  settings: Pick<AlertRule, "labels" | "severity"> | undefined,
  silences: readonly SilenceRule[],
  now: number,
): string | undefined {
  const all = { ...labels, ...settings?.labels, rule, severity: settings?.severity ?? "" };
  const own = silences.filter((one) => Date.parse(one.until) > now && (one.labels === undefined ? one.alert === id : matches(all, one.labels)));
  return own
    .map(({ until }) => until)
    .sort()
    .at(-1);
}
