import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll, IterableBackoff } from "cockatiel";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  admitAttempt,
  type Circuit,
  FAILURES_TO_OPEN,
  FIRST_COOL_DOWN,
  LONGEST_COOL_DOWN,
  PRISTINE_CIRCUIT,
  PROBE_PATIENCE,
  recordOutcomes,
} from "../../src/kernel/index.ts";

const T = Date.parse("2026-11-20T10:00:00.000Z");
const failures = (count: number): readonly boolean[] => Array.from({ length: count }, () => false);
const OPEN = recordOutcomes(PRISTINE_CIRCUIT, failures(FAILURES_TO_OPEN), T);

/** A circuit whose probe has gone out at this time. */
function probing(circuit: Circuit, now: number): Circuit {
  const { circuit: next, admission } = admitAttempt(circuit, now);
  expect(admission).toEqual({ ok: true, isProbe: true });
  return next;
}

describe("a closed circuit", () => {
  test("lets all through, and opens at the tenth failure in a row", () => {
    expect(admitAttempt(PRISTINE_CIRCUIT, T)).toEqual({ circuit: PRISTINE_CIRCUIT, admission: { ok: true, isProbe: false } });
    const nine = recordOutcomes(PRISTINE_CIRCUIT, failures(9), T);
    expect(nine).toEqual({ state: "closed", failures: 9 });
    expect(recordOutcomes(nine, [false], T)).toEqual({ state: "open", until: T + 1_000, coolDown: 1_000 });
  });

  test("forgets its failures at a success, wherever in the row it stands", () => {
    expect(recordOutcomes(PRISTINE_CIRCUIT, [...failures(9), true, ...failures(9)], T)).toEqual({ state: "closed", failures: 9 });
    expect(recordOutcomes(PRISTINE_CIRCUIT, [...failures(9), true], T)).toEqual(PRISTINE_CIRCUIT);
  });
});

describe("an open circuit", () => {
  test("lets nothing through until its cool-down is over, and says when that is", () => {
    expect(admitAttempt(OPEN, T + FIRST_COOL_DOWN - 1)).toEqual({ circuit: OPEN, admission: { ok: false, until: T + FIRST_COOL_DOWN } });
    expect(admitAttempt(OPEN, T + FIRST_COOL_DOWN).admission).toEqual({ ok: true, isProbe: true });
  });

  test("is not moved by attempts that began before it opened", () => {
    expect(recordOutcomes(OPEN, [true, false, true], T + 1)).toEqual(OPEN);
  });

  test("does not stay open by a clock that was far ahead", () => {
    expect(admitAttempt(OPEN, T - 59_000).admission).toEqual({ ok: false, until: T + FIRST_COOL_DOWN });
    expect(admitAttempt(OPEN, T - 59_001).admission).toEqual({ ok: true, isProbe: true });
  });
});

describe("a half-open circuit", () => {
  test("has one probe out and no other, and says when to ask again", () => {
    const one = probing(OPEN, T + 1_000);
    expect(admitAttempt(one, T + 1_001)).toEqual({ circuit: one, admission: { ok: false, until: T + 2_001 } });
    expect(admitAttempt(one, T + 60_500)).toEqual({ circuit: one, admission: { ok: false, until: T + 61_000 } });
  });

  test("closes at the probe's success, and what comes after counts anew", () => {
    const one = probing(OPEN, T + 1_000);
    expect(recordOutcomes(one, [true], T + 1_100)).toEqual(PRISTINE_CIRCUIT);
    expect(recordOutcomes(one, [true, ...failures(9)], T + 1_100)).toEqual({ state: "closed", failures: 9 });
  });

  test("opens again at the probe's failure, for twice as long, up to a minute", () => {
    let circuit: Circuit = OPEN;
    let now = T;
    const coolDowns = Array.from({ length: 9 }, () => {
      if (circuit.state === "closed") throw new Error("expected it to be open");
      const { coolDown, until } = circuit;
      expect(until).toBe(now + coolDown);
      now = until + 5;
      circuit = recordOutcomes(probing(circuit, until), [false], now);
      return coolDown;
    });
    expect(coolDowns).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    // Once closed it begins with the shortest again.
    const closed = recordOutcomes(probing(circuit, now + LONGEST_COOL_DOWN), [true], now + LONGEST_COOL_DOWN);
    expect(recordOutcomes(closed, failures(10), 0)).toEqual({ state: "open", until: 1_000, coolDown: 1_000 });
  });

  test("gives up a probe that never tells after a minute, and sends another: nobody knows that it failed", () => {
    const one = probing(recordOutcomes(probing(OPEN, T + 1_000), [false], T + 1_000), T + 3_000);
    expect(admitAttempt(one, T + 3_000 + PROBE_PATIENCE - 1).admission.ok).toBe(false);
    const another = probing(one, T + 3_000 + PROBE_PATIENCE);
    expect(another).toEqual({ state: "half-open", until: T + 3_000 + 2 * PROBE_PATIENCE, coolDown: 2_000 });
    expect(recordOutcomes(another, [false], T)).toMatchObject({ coolDown: 4_000 });
  });
});

/** What may happen: time goes on, somebody wants to deliver, one of those under way ends. */
type Step = { readonly wait: number } | "ask" | { readonly end: number; readonly isSuccess: boolean };

const step = (mostlyFails: boolean): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>("ask") },
    { weight: 3, arbitrary: fc.record({ end: fc.nat(20), isSuccess: mostlyFails ? fc.nat(9).map((n) => n === 0) : fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ wait: fc.constantFrom(1, 500, 999, 1_000, 2_000, 4_000, 31_999, 59_999) }) },
  );

const COCKATIELS = { [CircuitState.Closed]: "closed", [CircuitState.Open]: "open", [CircuitState.HalfOpen]: "half-open", [CircuitState.Isolated]: "none" };

/** An attempt that both circuits let through. */
interface UnderWay {
  /** The circuit as it was when the attempt was let through: of a probe, its half-open state. */
  readonly era: Circuit;
  end(isSuccess: boolean): void;
}

/** The circuit and cockatiel's, side by side. */
class Pair {
  circuit: Circuit = PRISTINE_CIRCUIT;
  readonly seen = { opened: 0, reopened: 0, closed: 0, refused: 0, late: 0 };
  readonly #underWay: UnderWay[] = [];
  readonly #oracle = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(10),
    halfOpenAfter: new IterableBackoff([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]),
  });

  async take(step: Step): Promise<void> {
    if (step === "ask") await this.#ask();
    else if ("wait" in step) this.#wait(step.wait);
    else await this.#end(step);
    const states = [this.circuit.state, COCKATIELS[this.#oracle.state]];
    if (states[0] !== states[1]) throw new Error(`expected the states of cockatiel's circuit, got ${states.join(" beside ")}`);
  }

  /** Cockatiel has patience without end with a probe. */
  #wait(milliseconds: number): void {
    const now = Date.now() + milliseconds;
    if (this.circuit.state !== "half-open" || now < this.circuit.until) vi.setSystemTime(now);
  }

  async #ask(): Promise<void> {
    const before = this.circuit;
    const { circuit, admission } = admitAttempt(before, Date.now());
    this.circuit = circuit;
    if (!admission.ok) this.seen.refused++;
    // Cockatiel keeps those who come while a probe is out until it is back, and then looks again.
    if (!admission.ok && before.state === "half-open") return;
    let end: UnderWay["end"] | undefined;
    const run = this.#oracle.execute(() => new Promise<void>((resolve, reject) => (end = (isSuccess) => (isSuccess ? resolve() : reject(new Error("no"))))));
    run.catch(() => undefined);
    if (!admission.ok) return expect(run).rejects.toBeInstanceOf(BrokenCircuitError);
    await settled();
    if (end === undefined) throw new Error("expected cockatiel to let it through as well");
    this.#underWay.push({ era: circuit, end });
  }

  async #end({ end, isSuccess }: { readonly end: number; readonly isSuccess: boolean }): Promise<void> {
    const [ended] = this.#underWay.length === 0 ? [] : this.#underWay.splice(end % this.#underWay.length, 1);
    if (ended === undefined) return;
    const isLate = ended.era.state !== this.circuit.state;
    // Cockatiel knows its own probe, this circuit does not: any success closes it that comes in while it is half-open.
    if (ended.era.state === "half-open" ? ended.era !== this.circuit : isLate && isSuccess) return;
    if (isLate) this.seen.late++;
    ended.end(isSuccess);
    await settled();
    const before = this.circuit;
    this.circuit = recordOutcomes(before, [isSuccess], Date.now());
    if (this.circuit.state === before.state) return;
    this.seen[this.circuit.state === "closed" ? "closed" : before.state === "closed" ? "opened" : "reopened"]++;
  }
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 12; turns++) await Promise.resolve();
}

describe("beside cockatiel's, of ten consecutive failures and the same cool-downs", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  test("it is in the same state after each of three hundred random stories", async () => {
    const all = { opened: 0, reopened: 0, closed: 0, refused: 0, late: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.boolean().chain((mostlyFails) => fc.array(step(mostlyFails), { minLength: 20, maxLength: 150, size: "max" })),
        async (steps) => {
          const pair = new Pair();
          for (const step of steps) await pair.take(step);
          for (const name of Object.keys(all) as (keyof typeof all)[]) all[name] += pair.seen[name];
        },
      ),
      { numRuns: 300 },
    );
    // The stories went everywhere.
    for (const count of Object.values(all)) expect(count).toBeGreaterThan(0);
  });
});
