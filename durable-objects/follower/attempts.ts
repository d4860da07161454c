import { type Attempt, type LoggedEvent, MAX_KEPT_BODY, type Outcome } from "../../src/kernel/index.ts";
import type { Delivery, FollowerDefinition, FollowerIdentity, FollowerPorts, FollowerStanding } from "./contract.ts";
import { NO_COUNTS } from "./follower-store.ts";
import { Pace } from "./pace.ts";

/** Failures one after the other after which a follower is said to be failing. */
const FAILING_AFTER = 10;

/** What one attempt came to: kept as `attempt`, or not made at all, because the sink is to be left alone until then: its circuit is open, it has had what it wants in a minute, or the tenant rests. */
export type Tried = { readonly kind: "refused"; readonly until: number } | { readonly kind: "tried"; readonly outcome: Outcome; readonly attempt: Attempt };

/** Tries deliveries, through the circuit of the sink, and keeps count. */
export class Attempts {
  counts: FollowerStanding["counts"];
  /** The last ones, the newest first. */
  recent: FollowerStanding["attempts"];
  isFailing: boolean;
  /** Until then (milliseconds since 1970) nothing is tried. */
  openUntil = 0;
  /** Nothing counts against the sink, as far as this follower knows: then its circuit is not asked. */
  #isPristine: boolean;
  #failures = 0;
  readonly #pace = new Pace();
  readonly #follower: FollowerIdentity;
  readonly #ports: FollowerPorts;

  constructor(follower: FollowerIdentity, ports: FollowerPorts, known: Pick<FollowerStanding, "counts" | "attempts"> & { readonly isFailing: boolean }) {
    this.#follower = follower;
    this.#ports = ports;
    this.counts = known.counts;
    this.recent = known.attempts;
    this.isFailing = known.isFailing;
    this.#isPristine = !known.isFailing && (known.attempts[0]?.error ?? null) === null;
  }

  /** One attempt, unless the circuit is open or the tenant rests. Never rejects. */
  async try(definition: FollowerDefinition, delivery: Delivery): Promise<Tried> {
    const rest = this.#ports.restsUntil(this.#follower);
    const rested = typeof rest === "number" ? rest : await rest;
    const start = this.#ports.now();
    if (rested > start) {
      this.openUntil = rested;
      return { kind: "refused", until: rested };
    }
    const free = this.#pace.next(definition, start);
    if (free > start) {
      this.openUntil = free;
      return { kind: "refused", until: free };
    }
    if (definition.sink === "push" && !this.#isPristine) {
      const admitted = await this.#ports.circuit.admit(this.#follower).catch(() => ({ ok: true }) as const);
      if (!admitted.ok) {
        this.openUntil = admitted.until;
        return { kind: "refused", until: admitted.until };
      }
    }
    const outcome = await this.#ports.deliver(this.#follower, definition, delivery);
    const attempt = attemptOf(outcome, start, this.#ports.now());
    await this.#note(definition, delivery.event, outcome, attempt);
    return { kind: "tried", outcome, attempt };
  }

  /** So many were parked. */
  parked(count: number): void {
    this.counts = { ...this.counts, parked: this.counts.parked + count };
  }

  async #note(definition: FollowerDefinition, { position, stream, type }: LoggedEvent, outcome: Outcome, attempt: Attempt): Promise<void> {
    const isWell = outcome.kind === "delivered";
    const { delivered, failed } = this.counts;
    this.counts = { ...this.counts, delivered: delivered + (isWell ? 1 : 0), failed: failed + (isWell ? 0 : 1) };
    this.recent = [{ ...attempt, position, stream, type }, ...this.recent.slice(0, 49)];
    this.#failures = isWell ? 0 : this.#failures + 1;
    const hasOpened = await this.#record(definition, isWell);
    if (isWell === this.isFailing && (isWell || hasOpened || this.#failures >= FAILING_AFTER)) await this.#say(attempt, isWell);
  }

  /** The circuit hears of every failure, and of successes while something counts against it. */
  async #record(definition: FollowerDefinition, isWell: boolean): Promise<boolean> {
    if (definition.sink !== "push" || (isWell && this.#isPristine)) return false;
    try {
      const { isPristine, openUntil, hasOpened } = await this.#ports.circuit.record(this.#follower, [isWell]);
      this.#isPristine = isPristine;
      this.openUntil = openUntil ?? 0;
      return hasOpened === true;
    } catch (fault) {
      // It only saves attempts that would fail.
      console.warn("follower: the circuit cannot be asked", this.#follower.id, String(fault));
      return false;
    }
  }

  async #say({ error }: Attempt, isWell: boolean): Promise<void> {
    this.isFailing = !isWell;
    try {
      await this.#ports.report(this.#follower, isWell ? { kind: "recovered" } : { kind: "failing", reason: error ?? "deliveries fail" });
    } catch (fault) {
      console.warn("follower: not reported", this.#follower.id, String(fault));
    }
  }
}

/** What an object begins with that has not delivered anything. */
export const NO_ATTEMPTS = { counts: NO_COUNTS, attempts: [], isFailing: false } as const;

function attemptOf(outcome: Outcome, start: number, end: number): Attempt {
  const { status = null, body } = outcome;
  return {
    at: new Date(start).toISOString(),
    status,
    error: outcome.kind === "delivered" ? null : outcome.error,
    durationMs: Math.max(0, end - start),
    ...(body !== undefined && body !== "" && { body: body.slice(0, MAX_KEPT_BODY) }),
  };
}
