import type { MetricName } from "./definitions.ts";

/** How a series' number is made: what it says; how much it grew within the window, in all or by the second; its quantiles there; or how much of its growth, with the others of its metric, is where `where` says. */
export const FUNCTIONS = ["value", "increase", "rate", "share", "p50", "p95", "p99"] as const;
export const OPERATORS = [">", ">=", "<", "<="] as const;
export const SEVERITIES = ["info", "warning", "critical"] as const;

/** When a rule holds. Each series of the metric that `where` matches is looked at by itself, and is an alert of its own. */
export interface Condition {
  readonly function: (typeof FUNCTIONS)[number];
  readonly operator: (typeof OPERATORS)[number];
  readonly threshold: number;
  /** The window (seconds) of all functions but `value`. */
  readonly overSeconds: number;
  /** Labels that a series must have; `*` at the end stands for any text. */
  readonly where: Readonly<Record<string, string>>;
}

/** An alert rule, as data. */
export interface AlertRule {
  readonly metric: string;
  readonly condition: Condition;
  /** How long (seconds) it must hold before it fires. */
  readonly forSeconds: number;
  readonly severity: (typeof SEVERITIES)[number];
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

const MINUTE = 60;

/** The rules that stand ready: to put one of these names, with nothing in it, is to turn it on. */
export const BUILT_IN: Readonly<Record<string, AlertRule>> = {
  "view-lag": rule("rivulet_view_lag_events", [1_000], 5 * MINUTE, "warning", "A view is far behind the log."),
  "follower-lag": rule("rivulet_follower_lag_events", [1_000], 5 * MINUTE, "warning", "A follower is far behind the log."),
  "log-lag": rule("rivulet_tail_age_seconds", [60], MINUTE, "critical", "Events have waited for the log for over a minute."),
  "dead-letters": rule("rivulet_dead_letters", [0], 0, "critical", "Events could not be delivered, and wait as dead letters."),
  "error-rate": rule("rivulet_requests_total", [0.05, "share", { status: "5*" }], MINUTE, "critical", "Over 5 % of an operation's requests fail."),
  "delivery-errors": rule(
    "rivulet_deliveries_total",
    [0.5, "share", { outcome: "failed" }, MINUTE],
    0,
    "warning",
    "Over half of a follower's deliveries fail.",
  ),
  "faulted-view": rule("rivulet_view_faulted", [0], 0, "critical", "A view has met a fault and stands still."),
  "stuck-saga": rule("rivulet_sagas", [0, "value", { state: "stuck" }], 0, "critical", "An instance of a saga is stuck."),
  gap: rule("rivulet_log_missing_positions", [0], 0, "critical", "A position of the log is missing."),
  fork: rule("rivulet_log_forked_streams", [0], 0, "critical", "A stream and the log tell different histories."),
};

type Short = readonly [threshold: number, function_?: Condition["function"], where?: Condition["where"], overSeconds?: number];

function rule(
  metric: MetricName,
  [threshold, how = "value", where = {}, overSeconds = 5 * MINUTE]: Short,
  forSeconds: number,
  severity: AlertRule["severity"],
  summary: string,
): AlertRule {
  return { metric, condition: { function: how, operator: ">", threshold, overSeconds, where }, forSeconds, severity, labels: {}, summary };
}
