import {
  type CommandToSend,
  type Decider,
  type DueCall,
  type Handler,
  isRejection,
  type LoggedEvent,
  type NewFact,
  NO_CODE_TRACING,
  type PortToken,
  type Saga,
} from "../../../../src/kernel/index.ts";
import { dueWork } from "../../../../src/sagas/due-work.ts";
import { performCall, type SentOutcome } from "../../../../src/sagas/perform-call.ts";
import { sagaDecider } from "../../../../src/sagas/saga-decider.ts";
import { sagaHandler } from "../../../../src/sagas/saga-handler.ts";
import type { SagaState } from "../../../../src/sagas/state.ts";
import { type Happened, happened, logged } from "../../../../src/testing/index.ts";

/** Draws a number from 0 up to, and not including, `below`. */
export type Draw = (below: number) => number;

interface Stream {
  readonly decider: Decider;
  readonly id: string;
  state: unknown;
  version: number;
  /** What came of commands, by their keys. */
  readonly answered: Map<string, SentOutcome>;
}

const START = Date.parse("2026-01-01T00:00:00.000Z");

/** Who is in it. */
export interface WorldGiven {
  readonly deciders: readonly Decider[];
  readonly handlers: readonly Handler[];
  readonly sagas: readonly Saga[];
  readonly port: (name: string) => unknown;
}

/**
 * The platform as sagas promise to be able to bear it: events come at least once, those of different streams in any order; any command
 * may be sent again, any answer be lost; time passes when there is nothing else to do.
 */
export class SagaWorld {
  readonly #given: WorldGiven;
  readonly #deciders: ReadonlyMap<string, Decider>;
  readonly #sagas: ReadonlyMap<string, Saga>;
  readonly #handlers: readonly Handler[];
  readonly #draw: Draw;
  readonly #streams = new Map<string, Stream>();
  readonly #log: Happened[] = [];
  readonly #cursors = new Map<string, number>();
  #now = START;
  /** What may still go wrong: in the end things are up again. */
  #faults = 60;

  constructor(given: WorldGiven, draw: Draw) {
    this.#given = given;
    this.#draw = draw;
    this.#sagas = new Map(given.sagas.map((saga) => [saga.category, saga]));
    this.#deciders = new Map([...given.deciders, ...given.sagas.map(sagaDecider)].map((decider) => [decider.category, decider]));
    this.#handlers = [...given.handlers, ...given.sagas.map((saga) => sagaHandler(saga))];
  }

  /** Sends a command; with a key that it was sent under before, it is answered as it was then. */
  send({ category, id, command, data }: CommandToSend, key?: string): SentOutcome {
    const decider = this.#deciders.get(category);
    if (decider === undefined) throw new Error(`expected a decider of ${category}, got none`);
    const name = `${category}-${id}`;
    const stream = this.#streams.get(name) ?? { decider, id, state: decider.initialState(), version: 0, answered: new Map<string, SentOutcome>() };
    this.#streams.set(name, stream);
    const before = key === undefined ? undefined : stream.answered.get(key);
    if (before !== undefined) return before;
    const now = new Date(this.#now).toISOString();
    const decided = decider.decide({ name: command, data: decider.commands[command]?.parse(data) }, stream.state, { now, id });
    const outcome: SentOutcome = isRejection(decided) ? { ok: false, isNo: true, code: decided.code, detail: decided.detail ?? "" } : { ok: true };
    if (!isRejection(decided)) for (const fact of decided) this.#append(name, stream, fact);
    if (key !== undefined) stream.answered.set(key, outcome);
    return outcome;
  }

  #append(name: string, stream: Stream, fact: NewFact): void {
    const kept = { ...fact, data: JSON.parse(JSON.stringify(fact.data)) as unknown };
    stream.state = stream.decider.evolve(stream.state, kept);
    stream.version++;
    this.#log.push(happened(name, kept, new Date(this.#now).toISOString()));
  }

  stateOf<State>(stream: string): State {
    return this.#streams.get(stream)?.state as State;
  }

  /** Streams of a category, with their states. */
  all<State>(category: string): readonly State[] {
    return [...this.#streams.values()].filter(({ decider }) => decider.category === category).map(({ state }) => state as State);
  }

  factsOf(category: string, type: string): number {
    return this.#log.filter(({ stream, fact }) => stream.startsWith(`${category}-`) && fact.type === type).length;
  }

  /** Goes on until nothing is left to do, not even to wait for. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20_000; turn++) {
      const deliveries = this.#deliveries();
      const calls = this.#calls().filter(({ call }) => Date.parse(call.due) <= this.#now);
      if (deliveries.length + calls.length > 0) {
        const at = this.#draw(deliveries.length + calls.length);
        if (at < deliveries.length) await this.#deliver(deliveries[at] as (typeof deliveries)[number]);
        else await this.#perform(calls[at - deliveries.length] as (typeof calls)[number]);
      } else if (!this.#passTime()) return;
    }
    throw new Error("expected it to come to an end, got 20,000 turns");
  }

  #fails(): boolean {
    if (this.#faults === 0 || this.#draw(8) !== 0) return false;
    this.#faults--;
    return true;
  }

  #deliveries(): readonly { readonly handler: Handler; readonly event: LoggedEvent; readonly cursor: string }[] {
    const byStream = Map.groupBy(logged(this.#log), ({ stream }) => stream);
    return this.#handlers.flatMap((handler) =>
      [...byStream].flatMap(([stream, events]) => {
        const cursor = `${handler.name}/${stream}`;
        const event = events.filter(({ type }) => handler.on.includes(type))[this.#cursors.get(cursor) ?? 0];
        return event === undefined ? [] : [{ handler, event, cursor }];
      }),
    );
  }

  async #deliver({ handler, event, cursor }: { readonly handler: Handler; readonly event: LoggedEvent; readonly cursor: string }): Promise<void> {
    const key = `${handler.name}/${event.stream}/${event.version}`;
    const commands = await handler.handle(event, {
      key,
      tenant: "test",
      now: event.recorded,
      attempt: 1,
      signal: new AbortController().signal,
      trace: NO_CODE_TRACING,
      state: async (category, id) => {
        const stream = this.#streams.get(`${category}-${id}`);
        return { version: stream?.version ?? 0, state: stream?.state ?? null };
      },
      port: <Port>({ name }: PortToken<Port>) => this.#given.port(name) as Port,
    });
    // A broken attempt comes again; so does one whose end was not written down. Under no key, half the time: twice is once without it, too.
    for (const [index, command] of commands.entries()) {
      if (this.#fails()) return;
      this.send(command, this.#draw(2) === 0 ? undefined : `${key}/${index}`);
    }
    if (!this.#fails()) this.#cursors.set(cursor, (this.#cursors.get(cursor) ?? 0) + 1);
  }

  #calls(): readonly { readonly saga: Saga; readonly stream: Stream; readonly call: DueCall }[] {
    return [...this.#streams.values()].flatMap((stream) => {
      const saga = this.#sagas.get(stream.decider.category);
      return saga === undefined ? [] : dueWork(saga, stream.state as SagaState).calls.map((call) => ({ saga, stream, call }));
    });
  }

  async #perform({ saga, stream, call }: { readonly saga: Saga; readonly stream: Stream; readonly call: DueCall }): Promise<void> {
    const { step, round, isUndoing, call: index, failures } = call;
    const key = `saga/${saga.category}-${stream.id}/${step}/${isUndoing}/${round}/${index}`;
    const performed = await performCall(saga, stream.state as SagaState, call, {
      key,
      tenant: "test",
      send: async (command) => {
        if (this.#fails()) return { ok: false, isNo: false, code: "busy", detail: "" };
        const sent = this.send(command, key);
        // The answer is lost on its way.
        return this.#fails() ? { ok: false, isNo: false, code: "timeout", detail: "" } : sent;
      },
      port: <Port>({ name }: PortToken<Port>) => this.#given.port(name) as Port,
      now: () => this.#now,
      chance: () => 0.5,
    });
    // A crash before what came of it was told.
    if (this.#fails()) return;
    const report = { category: saga.category, id: stream.id, command: "Report", data: { step, round, call: index, failures, isUndoing, ...performed } };
    this.send(report);
    if (this.#draw(4) === 0) this.send(report);
  }

  /** To the next thing that is due; false where nothing is. */
  #passTime(): boolean {
    const sagas = [...this.#streams.values()].filter(({ decider }) => this.#sagas.has(decider.category));
    const dues = sagas.flatMap(({ decider, state }) => {
      const { calls, deadlines } = dueWork(this.#sagas.get(decider.category) as Saga, state as SagaState);
      return [...calls.map(({ due }) => due), ...deadlines].map((due) => Date.parse(due));
    });
    const next = Math.min(...dues.filter((due) => due > this.#now));
    const stuck = sagas.filter(({ state }) => (state as SagaState).status === "stuck");
    // Somebody looks after what is stuck.
    for (const { decider, id } of stuck) this.send({ category: decider.category, id, command: "Retry", data: {} });
    if (next === Infinity) return stuck.length > 0;
    this.#now = next;
    for (const { decider, id } of sagas) this.send({ category: decider.category, id, command: "Tick", data: {} });
    return true;
  }
}
