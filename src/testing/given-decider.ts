import assert from "node:assert/strict";
import type { z } from "zod";
import {
  type DecisionContext,
  type EventData,
  type EventMap,
  type EventType,
  isRejection,
  type NewFact,
  type SchemaMap,
  type TypedDecider,
} from "../kernel/index.ts";

/** The events of a decider, as facts. */
export type FactOf<Namespace extends string, Events extends EventMap> = {
  [Name in keyof Events & string]: NewFact<EventType<Namespace, Name, Events[Name]>, EventData<Events[Name]>>;
}[keyof Events & string];

/** A decision that was made, and what is expected of it. Each expectation throws an AssertionError where it does not hold. */
export interface Decided<Fact, State> {
  /** Exactly these events, in this order; none where nothing is given. */
  then(...events: readonly Fact[]): Decided<Fact, State>;
  /** A business "no" with this code, and nothing else. */
  thenRejected(code: string): Decided<Fact, State>;
  /** The state that the events lead to, as the decider holds it. */
  thenState(state: State): Decided<Fact, State>;
  /** The law of every command: something was decided, and the same command again decides nothing. */
  thenOnce(): Decided<Fact, State>;
}

/** A history, and what comes of a command. */
export interface Given<Fact, State, Commands extends SchemaMap> {
  /** From now on it is this time (RFC 3339 UTC); 2026-01-01T00:00:00.000Z unless said. */
  at(now: string): Given<Fact, State, Commands>;
  /** The aggregate's id; `1` unless said. */
  of(id: string): Given<Fact, State, Commands>;
  /** Decides a command. Its data is checked against the schema first; `found` is what its preparation would have found. */
  when<Name extends keyof Commands & string>(command: Name, data: z.input<Commands[Name]>, found?: unknown): Decided<Fact, State>;
}

/** `given(cart, ...events).when("CheckOut", {}).then(cartEvents.CheckedOut({ … }))`: a decider's test, whatever runs it. */
export function given<State, Namespace extends string, Events extends EventMap, Commands extends SchemaMap>(
  decider: TypedDecider<State, Namespace, Events, Commands>,
  ...events: readonly FactOf<NoInfer<Namespace>, NoInfer<Events>>[]
): Given<FactOf<Namespace, Events>, State, Commands> {
  const context: DecisionContext = { now: "2026-01-01T00:00:00.000Z", id: "1" };
  return build(decider, fold(decider, decider.initialState(), events), context);
}

type AnyDecider = TypedDecider<never, never, never, never> | Parameters<typeof fold>[0];

function build<Fact extends NewFact, State, Commands extends SchemaMap>(
  decider: AnyDecider,
  state: unknown,
  context: DecisionContext,
): Given<Fact, State, Commands> {
  return {
    at: (now) => build(decider, state, { ...context, now }),
    of: (id) => build(decider, state, { ...context, id }),
    when(name, data, found) {
      const command = { name, data: (decider.commands as SchemaMap)[name]?.parse(data), found };
      return decided(
        decider,
        state,
        () => decider.decide(command, state, context),
        (after) => decider.decide(command, after, context),
      );
    },
  };
}

function decided<Fact extends NewFact, State>(
  decider: AnyDecider,
  state: unknown,
  decide: () => ReturnType<AnyDecider["decide"]>,
  again: (after: unknown) => ReturnType<AnyDecider["decide"]>,
): Decided<Fact, State> {
  const decision = decide();
  const events = (): readonly NewFact[] => {
    if (isRejection(decision)) assert.fail(`expected events, got the rejection ${decision.code}: ${decision.detail}`);
    return decision;
  };
  const self: Decided<Fact, State> = {
    then(...expected) {
      assert.deepEqual(events(), expected);
      for (const fact of events()) valid(decider, fact);
      return self;
    },
    thenRejected(code) {
      if (!isRejection(decision)) assert.fail(`expected the rejection ${code}, got ${JSON.stringify(decision)}`);
      assert.equal(decision.code, code);
      return self;
    },
    thenState(expected) {
      assert.deepEqual(fold(decider, state, events()), expected);
      return self;
    },
    thenOnce() {
      assert.notEqual(events().length, 0, "expected the command to decide something the first time");
      assert.deepEqual(again(fold(decider, state, events())), [], "expected the same command to decide nothing the second time");
      return self;
    },
  };
  return self;
}

function fold(
  decider: Pick<TypedDecider<unknown, string, EventMap, SchemaMap>, "evolve" | "decide" | "commands" | "forms">,
  state: unknown,
  events: readonly NewFact[],
): unknown {
  return events.reduce((state, event) => decider.evolve(state, event), state);
}

/** What was decided is what the schema says: an event that its own schema refuses could be appended and never read. */
function valid({ forms }: Pick<AnyDecider, "forms">, { type, data }: NewFact): void {
  const form = forms.get(type);
  if (form === undefined) assert.fail(`expected an event of the decider, got ${type}`);
  const parsed = form.schema.safeParse(data);
  if (!parsed.success) assert.fail(`expected the data of ${type} to be what its schema says: ${parsed.error.message}`);
}
