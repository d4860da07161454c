import type { Entry } from "./history.ts";
import type { Operation, Outcome } from "./operation.ts";

/** An operation from its first entry to its last. */
export interface Call<Of extends Operation = Operation> {
  readonly call: number;
  readonly operation: Of;
  readonly invoked: number;
  /** Infinity where no end was noted. */
  readonly ended: number;
  readonly outcome: Outcome<Of>;
}

/** The calls of a history, in the order in which they were invoked. Throws for an end without a beginning. */
export function callsOf(entries: readonly Entry[]): readonly Call[] {
  const calls = new Map<number, Call>();
  for (const entry of entries) {
    if (entry.phase === "invoke") {
      const { call, seq, operation } = entry;
      calls.set(call, { call, operation, invoked: seq, ended: Infinity, outcome: { phase: "unknown", reason: "its end was not noted" } });
      continue;
    }
    const { seq, call, ...outcome } = entry;
    const begun = calls.get(call);
    if (begun === undefined) throw new Error(`expected call ${call} to begin before its end at entry ${seq}, got no beginning`);
    calls.set(call, { ...begun, ended: seq, outcome });
  }
  return [...calls.values()];
}

/** Those of one kind. */
export function ofKind<Kind extends Operation["kind"]>(calls: readonly Call[], kind: Kind): readonly Call<Extract<Operation, { kind: Kind }>>[] {
  // A call's outcome is of the same kind as its operation, which the recorder sees to.
  return calls.filter(({ operation }) => operation.kind === kind) as unknown as readonly Call<Extract<Operation, { kind: Kind }>>[];
}
