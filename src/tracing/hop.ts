import { Span, type SpanHop, type SpanRecord, type SpanStart } from "./span.ts";
import { continueTrace, type TraceContext, traceparentOf } from "./trace-context.ts";

/** A hop that took longer (milliseconds) is kept whatever the rate says. */
export const SLOW = 1_000;
/** Spans of one hop; those that come later are counted and left out. */
export const MOST_SPANS = 200;

/** What a hop begins with. */
export interface HopStart extends Omit<SpanStart, "spanId" | "parentSpanId"> {
  /** The part of the platform that does it: `api`, `aggregate:order`, `handler:stock`… */
  readonly service: string;
  /** Left out where it is not known yet whose it is. */
  readonly tenant?: string;
  readonly correlationId?: string;
  /** The hop's own context, or the `traceparent` (and `tracestate`) of who called. */
  readonly context: TraceContext | { readonly traceparent: string; readonly tracestate?: string };
  /** It is worth keeping, whatever comes of it. */
  readonly isKept?: boolean;
}

/** A hop that is over, as the sinks take it. */
export interface HopRecord {
  readonly tenant: string;
  readonly traceId: string;
  readonly service: string;
  readonly correlationId: string | undefined;
  /** Who called is a client of the platform, whose spans are not here. */
  readonly isEntry: boolean;
  /** The hop's own span comes first. */
  readonly spans: readonly [SpanRecord, ...SpanRecord[]];
}

/** Says whether a new trace of this tenant is kept. */
export type Begins = (tenant: string, traceId: string) => boolean;

/**
 * What one invocation does of one trace: a request, a delivery, a step of a saga. It collects its spans in memory; whether they are
 * kept is decided at its end. From the moment that is certain, the contexts that it hands on say so.
 */
export class Hop implements SpanHop {
  readonly now: () => number;
  readonly traceId: string;
  readonly service: string;
  readonly root: Span<Hop>;
  readonly tracestate: string | undefined;
  readonly #correlationId: string | undefined;
  readonly #isEntry: boolean;
  readonly #begins: Begins;
  readonly #spans: Span[] = [];
  #tenant: string | undefined;
  #isSampled: boolean;
  /** Nobody has decided about this trace yet. */
  #isNew: boolean;
  #left = 0;

  constructor(now: () => number, { service, tenant, correlationId, context, isKept = false, ...start }: HopStart, begins: Begins = () => false) {
    const isOwn = "traceId" in context;
    const own = isOwn ? context : continueTrace(context.traceparent, context.tracestate);
    this.now = now;
    this.service = service;
    this.traceId = own.traceId;
    this.tracestate = own.tracestate;
    this.#correlationId = correlationId;
    this.#isEntry = isOwn;
    this.#begins = begins;
    this.#isNew = own.parentSpanId === undefined;
    this.#isSampled = isKept || (!this.#isNew && own.flags === "01");
    this.root = new Span<Hop>(this, { ...start, spanId: own.spanId, ...(own.parentSpanId !== undefined && { parentSpanId: own.parentSpanId }) });
    if (tenant !== undefined) this.own(tenant);
  }

  /** It is known now whose it is; of a new trace that decides whether it is kept. */
  own(tenant: string): void {
    this.#tenant ??= tenant;
    if (!this.#isNew) return;
    this.#isNew = false;
    if (this.#begins(tenant, this.traceId)) this.#isSampled = true;
  }

  /** Whether it is certain by now that the hop is kept: by its trace, because something failed, or because it is slow. */
  get isKept(): boolean {
    return this.#isSampled || this.root.error !== undefined || this.now() - this.root.start >= SLOW || this.#spans.some(({ error }) => error !== undefined);
  }

  /** Whether its trace is kept, rather than this hop for what it was. */
  get isSampled(): boolean {
    return this.#isSampled;
  }

  /** As `traceparent` writes it. */
  get flags(): "00" | "01" {
    return this.isKept ? "01" : "00";
  }

  take(span: Span): boolean {
    if (this.#spans.length >= MOST_SPANS - 1) {
      this.#left++;
      return false;
    }
    this.#spans.push(span);
    return true;
  }

  /** Ends it. Undefined where it is not kept, or is nobody's. */
  record(): HopRecord | undefined {
    this.root.finish();
    if (this.#tenant === undefined || !this.isKept) return undefined;
    if (this.#left > 0) this.root.set({ "rivulet.spans.dropped": this.#left });
    return {
      tenant: this.#tenant,
      traceId: this.traceId,
      service: this.service,
      correlationId: this.#correlationId,
      isEntry: this.#isEntry,
      spans: [this.root.record(), ...this.#spans.map((span) => span.record())],
    };
  }
}

/** The context to hand on from within a span. */
export function traceparentOfSpan({ hop, id }: Span<Hop>): string {
  return traceparentOf({ traceId: hop.traceId, spanId: id, flags: hop.flags });
}
