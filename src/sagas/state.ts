import type { SagaCommand, SagaFact } from "../kernel/index.ts";

/** How a saga's instance stands. `waiting`: something came for it, but nothing that begins it. */
export type SagaStatus = "waiting" | "running" | "completed" | "compensating" | "compensated" | "stuck" | "cancelled";

/** A command of a step, or its call beyond the platform. */
export interface CallState {
  /** Left out for the call beyond. */
  readonly command?: SagaCommand;
  /** rejected: a business "no"; exhausted: its attempts are over. */
  readonly state: "due" | "done" | "rejected" | "exhausted";
  /** Failed attempts of this round. */
  readonly failures: number;
  /** Not before this time. */
  readonly due: string;
  readonly error?: string;
}

export interface StepState {
  readonly state: "running" | "done" | "skipped" | "failed" | "undoing" | "undone";
  readonly round: number;
  readonly calls: readonly CallState[];
  /** How many facts have led to commands, or to none; left out while none did. */
  readonly followed?: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Then it has waited long enough. */
  readonly deadline?: string;
  readonly reason?: string;
  /** Failed attempts in all. */
  readonly failures: number;
}

/** An instance of a saga: the fold of its stream. */
export interface SagaState {
  readonly status: SagaStatus;
  /** Of the saga's definition that it began with. */
  readonly version: number;
  readonly data: unknown;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly deadline?: string;
  /** Keys of the events that came. */
  readonly received: readonly string[];
  /** What came that is still of use. */
  readonly facts: readonly SagaFact[];
  /** Steps by name, in the order in which they began. */
  readonly steps: Readonly<Record<string, StepState>>;
  /** Steps that are done, in the order in which they came to be. */
  readonly finished: readonly string[];
  /** Why it undoes itself. */
  readonly undoing?: { readonly reason: string; readonly cause: "failure" | "deadline" | "cancelled" };
  /** The step that is stuck, why, what the saga was doing, and since when (RFC 3339). */
  readonly stuck?: { readonly step: string; readonly reason: string; readonly was: "running" | "compensating"; readonly at?: string };
}

export const NOT_BEGUN: SagaState = { status: "waiting", version: 0, data: null, received: [], facts: [], steps: {}, finished: [] };

/** The step that stands for what is sent when all is undone. */
export const AFTERWARDS = "(afterwards)";

/** Whether nothing happens to it any more. */
export function isOver({ status }: Pick<SagaState, "status">): boolean {
  return status === "completed" || status === "compensated" || status === "cancelled";
}
