import {
  type CommandToSend,
  type Decider,
  type Handler,
  isRejection,
  type LoggedEvent,
  type Module,
  type NewFact,
  NO_CODE_TRACING,
  type Projection,
} from "../../../../src/kernel/index.ts";
import { type Happened, happened, logged, rowsOf } from "../../../../src/testing/index.ts";

/** Draws a number from 0 up to, and not including, `below`. */
export type Draw = (below: number) => number;

interface Stream {
  readonly decider: Decider;
  state: unknown;
  version: number;
  /** Keys of commands that were decided, whatever came of them. */
  readonly keys: Set<string>;
}

const START = Date.parse("2026-01-01T00:00:00.000Z");

/**
 * The platform as handlers promise to be able to bear it: each stream's events come to each handler in order and at least once, those of
 * different streams in any order, and an attempt may break off after any of its commands.
 */
export class HandledWorld {
  readonly #deciders: ReadonlyMap<string, Decider>;
  readonly #handlers: readonly Handler[];
  readonly #draw: Draw;
  readonly #streams = new Map<string, Stream>();
  readonly #log: Happened[] = [];
  /** By handler and stream: how many of the stream's events are handled. */
  readonly #cursors = new Map<string, number>();

  constructor(modules: readonly Module[], draw: Draw) {
    this.#deciders = new Map(modules.flatMap(({ deciders }) => deciders.map((decider) => [decider.category, decider])));
    this.#handlers = modules.flatMap(({ handlers }) => handlers);
    this.#draw = draw;
  }

  /** Sends a command; a no is none of anybody's business here. Time goes on by a second with each event. */
  send({ category, id, command, data }: CommandToSend, { key, found }: { readonly key?: string; readonly found?: unknown } = {}): void {
    const decider = this.#deciders.get(category);
    if (decider === undefined) throw new Error(`expected a decider of ${category}, got none`);
    const name = `${category}-${id}`;
    const stream = this.#streams.get(name) ?? { decider, state: decider.initialState(), version: 0, keys: new Set<string>() };
    this.#streams.set(name, stream);
    if (key !== undefined && stream.keys.has(key)) return;
    const now = new Date(START + this.#log.length * 1_000).toISOString();
    const parsed = decider.commands[command]?.parse(data);
    const decided = decider.decide({ name: command, data: parsed, found }, stream.state, { now, id });
    if (isRejection(decided)) return;
    if (key !== undefined) stream.keys.add(key);
    for (const fact of decided) this.#append(name, stream, fact, now);
  }

  #append(name: string, stream: Stream, fact: NewFact, now: string): void {
    stream.state = stream.decider.evolve(stream.state, fact);
    stream.version++;
    this.#log.push(happened(name, fact, now));
  }

  /** Handles events until there are none left, in an order that is drawn, some of them more than once. Throws where that goes on for ever. */
  async settle(): Promise<void> {
    for (let turn = 0; ; turn++) {
      if (turn > 20_000) throw new Error("expected the handlers to come to an end, got 20,000 deliveries");
      const due = this.#due();
      if (due.length === 0) return;
      const { handler, event, cursor } = due[this.#draw(due.length)] as (typeof due)[number];
      if (await this.#deliver(handler, event)) this.#cursors.set(cursor, (this.#cursors.get(cursor) ?? 0) + 1);
    }
  }

  #due(): readonly { readonly handler: Handler; readonly event: LoggedEvent; readonly cursor: string }[] {
    const all = logged(this.#log);
    const byStream = Map.groupBy(all, ({ stream }) => stream);
    return this.#handlers.flatMap((handler) =>
      [...byStream].flatMap(([stream, events]) => {
        const cursor = `${handler.name}/${stream}`;
        const own = events.filter(({ type }) => handler.on.includes(type));
        const event = own[this.#cursors.get(cursor) ?? 0];
        return event === undefined ? [] : [{ handler, event, cursor }];
      }),
    );
  }

  /** One attempt; false where it broke off, and comes again. */
  async #deliver(handler: Handler, event: LoggedEvent): Promise<boolean> {
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
        return { version: stream?.version ?? 0, state: stream?.state ?? this.#deciders.get(category)?.initialState() };
      },
      port() {
        throw new Error("expected no port to be asked for");
      },
    });
    for (const [index, command] of commands.entries()) {
      if (this.#draw(8) === 0) return false;
      this.send(command, { key: `${key}/${index}` });
    }
    return this.#draw(8) !== 0;
  }

  /** The events of a stream, in their order. */
  factsOf(stream: string): readonly NewFact[] {
    return this.#log.filter((one) => one.stream === stream).map(({ fact }) => fact);
  }

  /** A view's rows. */
  rows(projection: Projection): ReturnType<typeof rowsOf> {
    return rowsOf(projection, logged(this.#log));
  }

  stateOf(stream: string): unknown {
    return this.#streams.get(stream)?.state;
  }
}
