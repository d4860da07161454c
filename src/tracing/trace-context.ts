import { randomHex } from "../kernel/index.ts";

/** A hop's place in a trace (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all zero: this hop's own span. */
  readonly spanId: string;
  /** Two hexadecimal digits; the lowest bit says that the caller records the trace. */
  readonly flags: string;
  /** The caller's span, where there is a caller. */
  readonly parentSpanId?: string;
  /** What other tracing systems on the way said, passed on as it came. */
  readonly tracestate?: string;
}

/** Version ff and ids of zeros are invalid; later versions may append fields, the first one may not. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Continues the trace of `traceparent` and `tracestate` headers in a span of our own; where it is missing or bad, begins a new trace. */
export function continueTrace(traceparent: string | undefined, tracestate?: string): TraceContext {
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || parentSpanId === undefined || (version === "00" && rest !== undefined))
    return { traceId: randomHex(16), spanId: randomHex(8), flags: "01" };
  // Only "sampled" is known to us; the standard wants the reserved bits set to zero.
  const isSampled = (Number.parseInt(flags as string, 16) & 1) === 1;
  // Longer than 512 characters may be cut, says the standard; a cut list would be a broken one, so it is dropped.
  const isKept = tracestate !== undefined && /^[\x20-\x7e]{1,512}$/.test(tracestate);
  return { traceId, spanId: randomHex(8), flags: isSampled ? "01" : "00", parentSpanId, ...(isKept && { tracestate }) };
}

/** The context as a `traceparent` or `traceresponse` header. */
export function traceparentOf(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.flags}`;
}

/** What the platform does by itself continues nobody's trace, and is part of none. */
export const NO_TRACE = "00-00000000000000000000000000000001-0000000000000001-00";
