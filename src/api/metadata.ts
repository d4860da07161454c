import type { EventMetadata } from "../kernel/index.ts";
import { traceparentOf } from "../tracing/trace-context.ts";
import type { RequestContext } from "./endpoint.ts";

/** What the platform notes beside every event that a request makes: who, and in which flow and trace. */
export function platformMetadata({ correlationId, trace }: RequestContext, actor: string): EventMetadata {
  return {
    correlationId,
    priority: "normal",
    traceparent: traceparentOf(trace),
    ...(trace.tracestate !== undefined && { tracestate: trace.tracestate }),
    actor,
  };
}
