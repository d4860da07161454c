import { eventTypesFold } from "../../../src/testing/history/event-types-fold.ts";
import type { FinalEvent, FinalState } from "../../../src/testing/history/final-state.ts";
import type { Entry } from "../../../src/testing/history/history.ts";
import type { Operation, Outcome } from "../../../src/testing/history/operation.ts";
import { hashed, type Recorded } from "./history-model.ts";
import { plainRun } from "./history-plain.ts";

/** Without `readonly`, as far down as it goes. */
export type Loose<Value> = Value extends object ? { -readonly [Name in keyof Value]: Loose<Value[Name]> } : Value;

/** The plain run, to be spoilt. */
export class Planting {
  readonly entries: Loose<Entry>[];
  final: Loose<FinalState>;

  constructor({ entries, final }: Recorded = plainRun()) {
    this.entries = entries as Loose<Entry>[];
    this.final = final as Loose<FinalState>;
  }

  get recorded(): Recorded {
    return { entries: this.entries as Entry[], final: this.final as FinalState };
  }

  stream(name: string): Loose<FinalState["streams"][number]> {
    return this.final.streams.find(({ stream }) => stream === name) as never;
  }

  /** How a call ended, as an `ok` of that kind. */
  result<Result>(call: number): Loose<Result> {
    return (this.entries.find((entry) => entry.call === call && entry.phase === "ok") as unknown as { result: Loose<Result> }).result;
  }

  /** What a call asked. */
  operation<Of extends Operation>(call: number): Loose<Of> {
    return (this.entries.find((entry) => entry.call === call && entry.phase === "invoke") as unknown as { operation: Loose<Of> }).operation;
  }

  /** Lets a call end otherwise. */
  end(call: number, outcome: Outcome): void {
    const at = this.entries.findIndex((entry) => entry.call === call && entry.phase !== "invoke");
    this.entries[at] = { seq: at, call, ...outcome } as Loose<Entry>;
  }

  /** Takes calls out of the history, as if nobody had made them. */
  forget(...calls: readonly number[]): void {
    this.entries.splice(0, Infinity, ...this.entries.filter(({ call }) => !calls.includes(call)));
  }

  /** Puts a call that was ended at once at a moment between two entries. */
  insert(seq: number, operation: Operation, outcome: Outcome): void {
    const call = 1 + Math.max(...this.entries.map((entry) => entry.call));
    this.entries.push({ seq: seq + 0.1, call, phase: "invoke", operation } as Loose<Entry>, { seq: seq + 0.2, call, ...outcome } as Loose<Entry>);
  }

  /**
   * Changes what a stream has, and everything that follows from it: versions, hashes, the log, the view, and what was answered. So
   * that only what the history itself says can tell.
   */
  rewrite(name: string, change: (events: FinalEvent[]) => FinalEvent[], { keepsAnswers = false } = {}): void {
    const stream = this.stream(name);
    const old = new Map((stream.events as FinalEvent[]).map(({ hash, id }) => [id, hash]));
    const events: FinalEvent[] = [];
    for (const { hash: _hash, previousHash: _previous, dataHash: _data, ...event } of change(structuredClone(stream.events as FinalEvent[]))) {
      events.push(hashed({ ...event, version: events.length + 1 }, events.at(-1)?.hash));
    }
    const now = new Map(events.map(({ hash, id }) => [old.get(id), hash]));
    const replace = (_: string, value: unknown): unknown => (typeof value === "string" ? (now.get(value) ?? value) : value);
    if (!keepsAnswers) this.entries.splice(0, Infinity, ...(JSON.parse(JSON.stringify(this.entries), replace) as Loose<Entry>[]));
    Object.assign(stream, { events, version: events.length });
    const others = this.final.streams.filter((each) => each !== stream).flatMap((each) => each.events);
    // In the order of the streams, as the plain run has them.
    const log = (name === "note-a" ? [...events, ...others] : [...others, ...events]) as FinalEvent[];
    this.final.log = log.map((event, index) => ({ ...event, position: index + 1 })) as never;
    this.final.views = { "event-types": eventTypesFold.fold(this.final.log as FinalEvent[]) as never };
  }
}
