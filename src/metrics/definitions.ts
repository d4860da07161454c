/** What a metric is: how its values are taken together, what it says, and which labels tell its series apart. */
export interface Definition {
  readonly kind: "counter" | "gauge" | "histogram";
  /** One sentence, for people. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** Upper bounds of a histogram's buckets (seconds); what is over the last counts as well, in `+Inf`. */
export const BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** Every metric there is. Their names follow https://prometheus.io/docs/practices/naming/; a tenant sees its own series only, so none has it as a label. */
export const DEFINITIONS = {
  rivulet_requests_total: { kind: "counter", help: "Requests answered, by operation and status.", labels: ["operation", "status"] },
  rivulet_append_duration_seconds: { kind: "histogram", help: "Time until a request that wrote events was answered.", labels: [] },
  rivulet_duplicates_total: { kind: "counter", help: "Requests answered as repeats: nothing was written twice.", labels: ["operation"] },
  rivulet_rate_limited_total: { kind: "counter", help: "Requests refused by a limit or under overload.", labels: ["operation"] },
  rivulet_events_published_total: { kind: "counter", help: "Events that came into the log, by category of their stream.", labels: ["category"] },
  rivulet_log_delay_seconds: { kind: "histogram", help: "Time from an event's recording until the log had it.", labels: [] },
  rivulet_view_delay_seconds: { kind: "histogram", help: "Time from an event's recording until the views had it.", labels: [] },
  rivulet_delivery_delay_seconds: { kind: "histogram", help: "Time from an event's recording until a follower had dealt with it.", labels: ["kind"] },
  rivulet_delivery_duration_seconds: { kind: "histogram", help: "Time that one attempt to deliver took.", labels: ["kind"] },
  rivulet_deliveries_total: { kind: "counter", help: "Attempts to deliver, by follower and outcome.", labels: ["follower", "outcome"] },
  rivulet_retries_total: { kind: "counter", help: "Attempts to deliver after the first.", labels: ["follower"] },
  rivulet_dead_letters_total: { kind: "counter", help: "Events that became dead letters.", labels: ["follower"] },
  rivulet_dead_letters: { kind: "gauge", help: "Dead letters that wait.", labels: ["follower"] },
  rivulet_follower_lag_events: { kind: "gauge", help: "Positions of the log that a follower has not settled.", labels: ["follower", "partition"] },
  rivulet_pull_position: { kind: "gauge", help: "Position of the log up to which a subscription that is pulled has settled everything.", labels: ["follower"] },
  rivulet_follower_waiting_streams: { kind: "gauge", help: "Streams of a follower that wait for another attempt.", labels: ["follower", "partition"] },
  rivulet_circuit_changes_total: { kind: "counter", help: "Circuits of sinks that opened or closed.", labels: ["follower", "state"] },
  rivulet_log_position: { kind: "gauge", help: "Events in the log.", labels: [] },
  rivulet_view_lag_events: { kind: "gauge", help: "Positions of the log that a view has not folded.", labels: ["view"] },
  rivulet_view_faulted: { kind: "gauge", help: "1 where a view has met a fault and stands still.", labels: ["view"] },
  rivulet_log_gaps_total: { kind: "counter", help: "Positions that were missing where the log was read; must stay 0.", labels: [] },
  rivulet_log_missing_positions: { kind: "gauge", help: "Positions that were missing where the log was read, and still are; must stay 0.", labels: [] },
  rivulet_log_forks_total: { kind: "counter", help: "Times that a stream was found to tell another history than the log; must stay 0.", labels: [] },
  rivulet_log_forked_streams: { kind: "gauge", help: "Streams that the log takes no more of, for they tell another history; must stay 0.", labels: [] },
  rivulet_tails_total: { kind: "counter", help: "Times that the end of a stream could not be brought into the log at once.", labels: [] },
  rivulet_tail_streams: { kind: "gauge", help: "Streams that looked and found the log without their last events; 1,000 at most.", labels: [] },
  rivulet_tail_age_seconds: {
    kind: "gauge",
    help: "How long the oldest event that such a stream knows of has waited for the log; 0 where none waits.",
    labels: [],
  },
  rivulet_sagas: { kind: "gauge", help: "Instances of sagas, by state.", labels: ["saga", "state"] },
  rivulet_saga_duration_seconds: { kind: "gauge", help: "Duration of instances that ended, by percentile.", labels: ["saga", "percentile"] },
  rivulet_spans_lost_total: { kind: "counter", help: "Spans of kept traces that a sink of them did not take, or had no room to wait for.", labels: ["sink"] },
  rivulet_log_rows_written_total: { kind: "counter", help: "Rows written to the log's database.", labels: [] },
  rivulet_view_rows_written_total: { kind: "counter", help: "Rows written to the views' database.", labels: [] },
  rivulet_object_rows_written_total: { kind: "counter", help: "Rows written by streams, estimated: one an event, one a message to the log.", labels: [] },
  rivulet_object_requests_total: {
    kind: "counter",
    help: "Calls of the tenant's objects, by their kind, and alarms of its followers and dispatcher; those of streams are estimated: one a message to the log.",
    labels: ["object"],
  },
  rivulet_queue_operations_total: { kind: "counter", help: "Queue operations: three for each 64 KB of a message.", labels: [] },
  rivulet_estimated_cost_dollars: {
    kind: "gauge",
    help: "Estimated cost at list price since counting began, of requests, calls of objects, rows written and queue operations; without rows read, processor time, objects' duration, storage and traces.",
    labels: ["item"],
  },
  rivulet_business_total: { kind: "counter", help: "What domains count, by the counter's name.", labels: ["counter"] },
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof DEFINITIONS;

/** The labels of a metric: each of them, and no others. */
export type LabelsOf<Name extends MetricName> = Readonly<Record<(typeof DEFINITIONS)[Name]["labels"][number], string>>;

/** The names of one kind of metric. */
export type NameOf<Kind extends Definition["kind"]> = { [Name in MetricName]: (typeof DEFINITIONS)[Name]["kind"] extends Kind ? Name : never }[MetricName];

export const METRIC_NAMES = Object.keys(DEFINITIONS) as readonly MetricName[];

/** What a name says; undefined for one that there is not. */
export function definitionOf(name: string): Definition | undefined {
  return Object.hasOwn(DEFINITIONS, name) ? DEFINITIONS[name as MetricName] : undefined;
}
