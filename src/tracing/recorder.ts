import type { HopRecord } from "./hop.ts";
import { type Lost, type LostSpans, SinkLane } from "./sink-lane.ts";

/** Where kept hops go. */
export interface TraceSink {
  readonly name: string;
  /** Writes hops, and gives what it did not take; `tenants` are those whose rates are to be read. Answers in time or rejects: then all are lost to this sink. */
  write(hops: readonly HopRecord[], tenants: readonly string[]): Promise<readonly LostSpans[] | void> | readonly LostSpans[] | void;
}

/**
 * Gathers an isolate's hops and writes them in batches, in the time that some invocation has left after its answer. What it holds is
 * plain data, so whoever comes next may write what others have left.
 */
export class Recorder {
  readonly #now: () => number;
  readonly #lost: Lost;
  /** An isolate's sinks are the same from its beginning to its end. */
  #lanes: readonly SinkLane[] | undefined;

  /** `lost` is told of spans that a sink did not get. */
  constructor(now: () => number, lost: Lost = () => {}) {
    this.#now = now;
    this.#lost = lost;
  }

  /** Takes hops and tenants; whoever comes next and has the time writes them. */
  keep(hops: readonly HopRecord[], tenants: readonly string[], sinks: () => readonly TraceSink[]): void {
    this.#lanes ??= sinks().map(({ name }) => new SinkLane(name, this.#lost));
    const now = this.#now();
    for (const lane of this.#lanes) lane.take(hops, tenants, now);
  }

  /** The same; gives work for the invocation's `waitUntil` where nobody is at it. */
  add(hops: readonly HopRecord[], tenants: readonly string[], sinks: () => readonly TraceSink[]): Promise<void> | undefined {
    this.keep(hops, tenants, sinks);
    const now = this.#now();
    return this.#each(
      (lane) => lane.isDue(now),
      sinks,
      (lane, sink) => lane.write(sink, now),
    );
  }

  /** Work for the `waitUntil` of an invocation that others wait behind: some of what is kept, and only where it has found nobody for five seconds. */
  late(sinks: () => readonly TraceSink[]): Promise<void> | undefined {
    const now = this.#now();
    return this.#each(
      (lane) => lane.isLate(now),
      sinks,
      (lane, sink) => lane.writeOnce(sink, now),
    );
  }

  #each(
    isMeant: (lane: SinkLane) => boolean,
    sinks: () => readonly TraceSink[],
    write: (lane: SinkLane, sink: TraceSink) => Promise<void>,
  ): Promise<void> | undefined {
    const lanes = (this.#lanes ?? []).filter(isMeant);
    if (lanes.length === 0) return undefined;
    const made = new Map(sinks().map((sink) => [sink.name, sink]));
    const work = lanes.flatMap((lane) => {
      const sink = made.get(lane.name);
      return sink === undefined ? [] : [write(lane, sink)];
    });
    return Promise.all(work).then(() => undefined);
  }
}
