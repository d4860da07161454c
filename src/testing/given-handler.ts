import assert from "node:assert/strict";
import type { CommandToSend, Decider, EventMap, Handler, HandlerContext, NewFact, PortToken, SchemaMap, TypedDecider } from "../kernel/index.ts";
import { NO_CODE_TRACING, topicMatches } from "../kernel/index.ts";
import type { FactOf } from "./given-decider.ts";
import { type Happened, logged } from "./given-projection.ts";

/** An aggregate that a handler finds when it asks for its state. */
export interface Found {
  readonly decider: Decider;
  readonly id: string;
  readonly facts: readonly NewFact[];
}

/** Something that stands behind a port in a test. */
export interface StandIn {
  readonly name: string;
  readonly port: unknown;
}

/** The world that a handler meets. */
export interface HandlerWorld {
  /** What it finds; of any other aggregate there is nothing yet. */
  readonly found?: readonly Found[];
  readonly ports?: readonly StandIn[];
  /** Whoever its commands are for: their data is checked against the schemas. */
  readonly deciders?: readonly Decider[];
  /** RFC 3339 UTC; 2026-01-01T00:00:00.000Z unless said. */
  readonly now?: string;
  /** The first unless said. */
  readonly attempt?: number;
}

/** What a handler made of events. Each expectation handles them anew, and rejects with an AssertionError where it does not hold. */
export interface Handled {
  /** Exactly these commands, in this order; none where nothing is given. */
  then(...commands: readonly CommandToSend[]): Promise<void>;
  /** The law of every handler: these commands, and at the next attempt at the same events the same ones again. */
  thenOnce(...commands: readonly CommandToSend[]): Promise<void>;
  /** A failed attempt, which comes again. */
  thenFails(message: RegExp): Promise<void>;
}

/** `aggregate(order, "o1", orderEvents.OrderPlaced({ … }))`: what a handler finds where it asks for this one's state. */
export function aggregate<State, Namespace extends string, Events extends EventMap, Commands extends SchemaMap>(
  decider: TypedDecider<State, Namespace, Events, Commands>,
  id: string,
  ...facts: readonly FactOf<NoInfer<Namespace>, NoInfer<Events>>[]
): Found {
  return { decider, id, facts };
}

/** `behind(mail, { send: async () => … })`: what stands behind a port. */
export function behind<Port>(token: PortToken<Port>, port: NoInfer<Port>): StandIn {
  return { name: token.name, port };
}

/** `await givenHandler(lowStock, { found: […] }).when(happened(…)).then(commandTo(…))`: a handler's test, whatever runs it. */
export function givenHandler(handler: Handler, world: HandlerWorld = {}): { when(...events: readonly Happened[]): Handled } {
  return { when: (...events) => handledBy(handler, world, events) };
}

function handledBy(handler: Handler, world: HandlerWorld, events: readonly Happened[]): Handled {
  const commands = async (attempt: number): Promise<readonly CommandToSend[]> => {
    const sent: CommandToSend[] = [];
    for (const event of logged(events)) {
      const isWanted = handler.on.some((pattern) => topicMatches(pattern, event.type));
      assert.ok(isWanted, `expected an event that ${handler.name} wants (${handler.on.join(", ")}), got ${event.type}`);
      sent.push(...(await handler.handle(event, contextOf(world, event.id, attempt))));
    }
    return sent;
  };
  const first = world.attempt ?? 1;
  const expectCommands = async (attempt: number, expected: readonly CommandToSend[]): Promise<void> => {
    const sent = await commands(attempt);
    assert.deepEqual(sent, expected);
    for (const command of sent) valid(world, command);
  };
  return {
    then: (...expected) => expectCommands(first, expected),
    async thenOnce(...expected) {
      await expectCommands(first, expected);
      await expectCommands(first + 1, expected);
    },
    async thenFails(message) {
      await assert.rejects(commands(first), (fault: Error) => message.test(fault.message) || assert.fail(`expected ${message}, got ${fault.message}`));
    },
  };
}

function contextOf({ found = [], ports = [], now = "2026-01-01T00:00:00.000Z" }: HandlerWorld, event: string, attempt: number): HandlerContext {
  return {
    key: `test/${event}`,
    tenant: "test",
    now,
    attempt,
    signal: new AbortController().signal,
    trace: NO_CODE_TRACING,
    async state(category, id) {
      const one = found.find(({ decider, id: of }) => decider.category === category && of === id);
      if (one === undefined) return { version: 0, state: null };
      const state = one.facts.reduce((state, fact) => one.decider.evolve(state, fact), one.decider.initialState());
      return { version: one.facts.length, state };
    },
    port<Port>({ name }: PortToken<Port>): Port {
      const one = ports.find((port) => port.name === name);
      if (one === undefined) assert.fail(`expected something behind the port ${name}, got nothing`);
      return one.port as Port;
    },
  };
}

/** What its own aggregate would refuse to read could be sent for ever. */
function valid({ deciders = [] }: HandlerWorld, { category, command, data }: CommandToSend): void {
  const decider = deciders.find((one) => one.category === category);
  if (decider === undefined) return;
  const schema = Object.hasOwn(decider.commands, command) ? decider.commands[command] : undefined;
  if (schema === undefined) assert.fail(`expected a command of ${category}, got ${command}`);
  const parsed = schema.safeParse(data);
  if (!parsed.success) assert.fail(`expected the data of ${category}/${command} to be what its schema says: ${parsed.error.message}`);
}
