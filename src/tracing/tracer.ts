import { Hop, type HopRecord, type HopStart, SLOW } from "./hop.ts";
import type { Recorder, TraceSink } from "./recorder.ts";
import type { Sampler } from "./sampler.ts";
import type { Attributes, SpanLink } from "./span.ts";
import { continueTrace, NO_TRACE } from "./trace-context.ts";
import { ended, within } from "./traced.ts";

/** Something that carries its trace with it: an event. */
export interface Carrier {
  readonly tenant: string;
  readonly metadata: { readonly traceparent: string; readonly tracestate?: string; readonly correlationId: string };
}

/** What was done for many at once, ending now. */
export interface BatchDone extends Omit<HopStart, "context" | "tenant" | "correlationId" | "start" | "links" | "attributes"> {
  readonly attributes?: Attributes;
  readonly start: number;
  /** Why it failed, where it did. */
  readonly error?: string;
}

/** What tracing is made of, for the whole isolate. */
export interface TracerParts {
  readonly now: () => number;
  readonly recorder: Recorder;
  readonly sampler: Sampler;
  /** Made when something is to be written. */
  readonly sinks: () => readonly TraceSink[];
}

/** Traces of one batch that are kept; their pieces say how large it was. */
const MOST_PIECES = 50;
/** Spans that a piece of a batch links to. */
const MOST_LINKS = 32;
/** The trace that is none. */
const NOBODYS = NO_TRACE.split("-")[1] as string;

/** Traces what one invocation does; `waitUntil` is the invocation's. Without it, what is kept is left to another to write. */
export class Tracer {
  readonly #parts: TracerParts;
  readonly #waitUntil: ((work: Promise<unknown>) => void) | undefined;

  constructor(parts: TracerParts, waitUntil?: (work: Promise<unknown>) => void) {
    this.#parts = parts;
    this.#waitUntil = waitUntil;
  }

  /** The same for another invocation. */
  for(waitUntil: ((work: Promise<unknown>) => void) | undefined): Tracer {
    return new Tracer(this.#parts, waitUntil);
  }

  /** Begins a hop; `end` ends it. */
  begin(start: HopStart): Hop {
    const { now, sampler } = this.#parts;
    return new Hop(now, start, (tenant, traceId) => {
      if (sampler.isDue(tenant, now())) this.#add([], [tenant]);
      return sampler.begins(tenant, traceId, now());
    });
  }

  /** Ends a hop, and keeps it where it is to be kept. */
  end(hop: Hop): void {
    const record = this.#recordOf(hop);
    if (record !== undefined) this.#add([record], []);
  }

  /** Does `work` as a hop: `traced` code within is part of it, and a throw is its failure. */
  async hop<Result>(start: HopStart, work: (hop: Hop) => Promise<Result>): Promise<Result> {
    const hop = this.begin(start);
    try {
      return await within(hop.root, () => ended(hop.root, () => work(hop)));
    } finally {
      this.end(hop);
    }
  }

  /** What was done for many at once: each trace has its piece of it, the child of the first that it was done for and linked to the others. */
  pieces(carriers: Iterable<Carrier>, done: BatchDone): void {
    const { now } = this.#parts;
    const isKept = done.error !== undefined || now() - done.start >= SLOW;
    const byTrace = new Map<string, Carrier[]>();
    let count = 0;
    for (const carrier of carriers) {
      count++;
      const { traceparent } = carrier.metadata;
      if (!isKept && !traceparent.endsWith("-01")) continue;
      const key = `${carrier.tenant}/${traceparent.slice(0, 35)}`;
      const known = byTrace.get(key);
      if (known !== undefined) known.push(carrier);
      else if (byTrace.size < MOST_PIECES) byTrace.set(key, [carrier]);
    }
    const records: HopRecord[] = [];
    for (const carriers of byTrace.values()) {
      const record = this.#piece(carriers, done, count);
      if (record !== undefined) records.push(record);
    }
    if (records.length > 0) this.#add(records, []);
  }

  #piece(carriers: readonly Carrier[], { error, attributes, ...done }: BatchDone, count: number): HopRecord | undefined {
    const { tenant, metadata } = carriers[0] as Carrier;
    const start = {
      ...done,
      tenant,
      correlationId: metadata.correlationId,
      context: metadata,
      attributes: { ...attributes, "messaging.batch.message_count": count, "rivulet.events": carriers.length },
      links: linksOf(carriers),
    };
    const hop = new Hop(this.#parts.now, start);
    if (error !== undefined) hop.root.fail(error);
    return this.#recordOf(hop);
  }

  /** Writes what has been left to others for five seconds, and found nobody: for an invocation that has no time of its own, because others wait for its end. */
  late(): Promise<void> | undefined {
    const { recorder, sinks } = this.#parts;
    return recorder.late(sinks);
  }

  #recordOf(hop: Hop): HopRecord | undefined {
    const record = hop.traceId === NOBODYS ? undefined : hop.record();
    if (record === undefined || hop.isSampled) return record;
    return this.#parts.sampler.takesNotable(record.tenant, this.#parts.now()) ? record : undefined;
  }

  #add(hops: readonly HopRecord[], tenants: readonly string[]): void {
    const { recorder, sinks } = this.#parts;
    // Who has no time after the end would begin to write, and be cut off.
    if (this.#waitUntil === undefined) return recorder.keep(hops, tenants, sinks);
    const work = recorder.add(hops, tenants, sinks);
    if (work !== undefined) this.#waitUntil(work);
  }
}

/** The other spans that a piece was done for. */
function linksOf(carriers: readonly Carrier[]): readonly SpanLink[] {
  const [first, ...others] = [...new Set(carriers.map(({ metadata }) => metadata.traceparent))];
  if (first === undefined) return [];
  return others.slice(0, MOST_LINKS).flatMap((traceparent) => {
    const { traceId, parentSpanId } = continueTrace(traceparent);
    return parentSpanId === undefined ? [] : [{ traceId, spanId: parentSpanId }];
  });
}
