import type { AlertRule } from "../../src/metrics/rule.ts";
import type { Series } from "../../src/metrics/series.ts";

/** An alert on its way: it holds, and has for a while. */
export interface Alert {
  readonly id: string;
  readonly rule: string;
  /** Those of its series. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Since when it holds (RFC 3339 UTC). */
  readonly since: string;
}

/** What keeps alerts from firing until then (RFC 3339): one of them, or all with these labels. */
export interface SilenceRule {
  readonly alert?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly until: string;
}

/** A tenant's alerting, as its stream has it. */
export interface Alerting {
  readonly rules: Readonly<Record<string, AlertRule>>;
  readonly firing: Readonly<Record<string, Alert>>;
  readonly silences: readonly SilenceRule[];
}

/** What the evaluation of a tenant's rules reaches beyond itself. */
export interface AlertPorts {
  alerting(tenant: string): Promise<Alerting>;
  /** The tenant's figures, those of these metrics at least; one that cannot be read now is left out. */
  figures(tenant: string, metrics: ReadonlySet<string>): Promise<Series>;
  /** Says in the tenant's stream what fires, or is over; once, however often it is said. */
  tell(tenant: string, command: { readonly name: "Fire" | "Resolve"; readonly data: object }): Promise<void>;
  /** Milliseconds between two evaluations. */
  readonly every: number;
  now(): number;
}
