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
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Continues the trace of a `traceparent` header in a span of our own; where it is missing or bad, begins a new trace. */
export function continueTrace(traceparent: string | undefined): TraceContext {
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  const isValid =
    version !== undefined && version !== "ff" && !(version === "00" && rest !== undefined) && !/^0+$/.test(traceId ?? "0") && !/^0+$/.test(parentSpanId ?? "0");
  if (!isValid) return { traceId: randomHex(16), spanId: randomHex(8), flags: "01" };
  return { traceId: traceId as string, spanId: randomHex(8), flags: version === "00" ? (flags as string) : "01", parentSpanId: parentSpanId as string };
}

/** The context as a `traceparent` or `traceresponse` header. */
export function traceparentOf(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.flags}`;
}

function randomHex(bytes: number): string {
  let text = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) text += byte.toString(16).padStart(2, "0");
  return text;
}
