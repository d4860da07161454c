/** Failures in a row that open a circuit. */
export const FAILURES_TO_OPEN = 10;
/** How long (milliseconds) nothing is tried once it has opened; each failed probe doubles it, up to the longest. */
export const FIRST_COOL_DOWN = 1_000;
export const LONGEST_COOL_DOWN = 60_000;
/** A probe that has not told how it went after so long (milliseconds) is given up. */
export const PROBE_PATIENCE = 60_000;

/**
 * A circuit (https://martinfowler.com/bliki/CircuitBreaker.html) by deadlines, in milliseconds since 1970: nothing has to fire for it to
 * go on. Half-open means that a probe is out, until it tells or is given up.
 */
export type Circuit =
  | { readonly state: "closed"; readonly failures: number }
  | { readonly state: "open"; readonly until: number; readonly coolDown: number }
  | { readonly state: "half-open"; readonly until: number; readonly coolDown: number };

/** A circuit that nothing counts against. */
export const PRISTINE_CIRCUIT: Circuit = { state: "closed", failures: 0 };

/** Whether an attempt may be made, perhaps as the probe; else when to ask again. */
export type Admission = { readonly ok: true; readonly isProbe: boolean } | { readonly ok: false; readonly until: number };

/** Asks for an attempt; the first one after a cool-down is the probe. */
export function admitAttempt(circuit: Circuit, now: number): { readonly circuit: Circuit; readonly admission: Admission } {
  if (circuit.state === "closed") return { circuit, admission: { ok: true, isProbe: false } };
  const { state, until, coolDown } = circuit;
  if (now < until && !isBeyondAll(until, now))
    return { circuit, admission: { ok: false, until: state === "open" ? until : Math.min(until, now + FIRST_COOL_DOWN) } };
  return { circuit: { state: "half-open", until: now + PROBE_PATIENCE, coolDown }, admission: { ok: true, isProbe: true } };
}

/** Both deadlines are as long as this at most: one that is farther away was set by a clock that was wrong. */
function isBeyondAll(until: number, now: number): boolean {
  return until - now > Math.max(LONGEST_COOL_DOWN, PROBE_PATIENCE);
}

/** Takes in what came of attempts, in their order: true is a success. */
export function recordOutcomes(circuit: Circuit, outcomes: readonly boolean[], now: number): Circuit {
  return outcomes.reduce((current, isSuccess) => recordOne(current, isSuccess, now), circuit);
}

function recordOne(circuit: Circuit, isSuccess: boolean, now: number): Circuit {
  // It began before the circuit opened, and says nothing of how the sink is after the cool-down.
  if (circuit.state === "open") return circuit;
  if (isSuccess) return PRISTINE_CIRCUIT;
  if (circuit.state !== "closed") return opened(Math.min(circuit.coolDown * 2, LONGEST_COOL_DOWN), now);
  const failures = circuit.failures + 1;
  return failures < FAILURES_TO_OPEN ? { state: "closed", failures } : opened(FIRST_COOL_DOWN, now);
}

function opened(coolDown: number, now: number): Circuit {
  return { state: "open", until: now + coolDown, coolDown };
}
