import type { Context } from "hono";
import type { TraceContext } from "../tracing/trace-context.ts";
import type { ApiEnv } from "./endpoint.ts";

/** A request that was answered, for those who count and log. Nothing of it is secret. */
export interface ObservedRequest {
  /** When it came (milliseconds since 1970), and how long it took. */
  readonly at: number;
  readonly durationMs: number;
  readonly method: string;
  /** Without its query, which may hold a ticket. */
  readonly path: string;
  readonly status: number;
  /** Undefined where the path is nobody's. */
  readonly operation: string | undefined;
  /** Whose it is; undefined where nobody proved who he is. */
  readonly tenant: string | undefined;
  /** It was answered as a repeat: what it asks for had been done before. */
  readonly isRepeat: boolean;
  /** It wrote events. */
  readonly hasWritten: boolean;
  readonly correlationId: string;
  readonly trace: TraceContext;
}

/** Operations that answer 200 where all that they were sent is there already, and 201 or 202 where it is not. */
const APPENDS = new Set(["appendEvents", "appendCloudEvents", "receiveWebhook"]);

/** What there is to say of a request once it is answered. */
export function observed(context: Context<ApiEnv>, at: number, now: number): ObservedRequest {
  const [operation, tenant] = [context.get("operation"), context.get("tenant")];
  const { status, headers, ok } = context.res;
  const { method } = context.req.raw;
  // A producer of webhooks has no key: that his delivery was taken proves whose it is.
  const proven = tenant || (operation === "receiveWebhook" && ok ? context.req.path.split("/")[3] : undefined);
  const isRepeat = headers.has("idempotency-replayed") || (status === 200 && operation !== undefined && APPENDS.has(operation));
  return {
    at,
    durationMs: Math.max(0, now - at),
    method,
    path: context.req.path,
    status,
    operation,
    tenant: proven,
    isRepeat,
    hasWritten: ok && method !== "GET" && method !== "HEAD" && (headers.has("consistency-token") || operation === "receiveWebhook"),
    correlationId: context.get("correlationId"),
    trace: context.get("trace"),
  };
}
