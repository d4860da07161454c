import type { EventMetadata } from "../kernel/index.ts";
import { traceparentOf } from "../tracing/trace-context.ts";
import { spanNow } from "../tracing/traced.ts";
import type { RequestContext } from "./endpoint.ts";

/** What the platform notes beside every event that a request makes: who, and in which flow and trace. */
export function platformMetadata({ correlationId, trace }: RequestContext, actor: string): EventMetadata {
  const hop = spanNow()?.hop;
  return {
    correlationId,
    priority: "normal",
    // Whether this trace is kept was decided when it was known who asks.
    traceparent: traceparentOf(hop?.traceId === trace.traceId ? { ...trace, flags: hop.flags } : trace),
    ...(trace.tracestate !== undefined && { tracestate: trace.tracestate }),
    actor,
  };
}
