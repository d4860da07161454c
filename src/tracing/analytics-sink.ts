import { Buffer } from "node:buffer";
import type { HopRecord } from "./hop.ts";
import type { TraceSink } from "./recorder.ts";

/** What Analytics Engine takes of a point: bytes of the index, of all blobs together, and how many points an invocation may write. Locally nobody looks. */
export const MOST_INDEX_BYTES = 96;
export const MOST_BLOB_BYTES = 16_384;
export const MOST_POINTS = 250;
/** Bytes of one blob of ours: all of them together stay below. */
const MOST_OF_ONE = 1_024;

/**
 * The columns of a hop's point, in their order. `blob1` tells records apart that share the dataset. The index is the tenant: it is what
 * the engine samples by, so a trace's id would make every point one of a kind.
 */
export const HOP_BLOBS = ["record", "trace", "span", "parent", "service", "name", "kind", "status", "error", "correlation"] as const;
export const HOP_DOUBLES = ["durationMs", "spans", "failedSpans", "startedAt"] as const;

/** Writes a point for each hop, as many as one invocation may; gives the others. */
export function analyticsSink(dataset: Pick<AnalyticsEngineDataset, "writeDataPoint">): TraceSink {
  let left = MOST_POINTS;
  return {
    name: "Analytics Engine",
    write(hops) {
      const taken = hops.slice(0, left);
      left -= taken.length;
      for (const hop of taken) dataset.writeDataPoint(pointOf(hop));
      return hops.slice(taken.length);
    },
  };
}

/** A hop as a point. */
export function pointOf({ tenant, traceId, service, correlationId, spans }: HopRecord) {
  const [{ spanId, parentSpanId, name, kind, start, durationMs }] = spans;
  const failed = spans.filter(({ status }) => status === "error");
  const blobs: Readonly<Record<(typeof HOP_BLOBS)[number], string>> = {
    record: "hop",
    trace: traceId,
    span: spanId,
    parent: parentSpanId ?? "",
    service,
    name,
    kind,
    status: failed.length > 0 ? "error" : "ok",
    error: failed[0]?.error ?? "",
    correlation: correlationId ?? "",
  };
  const doubles: Readonly<Record<(typeof HOP_DOUBLES)[number], number>> = { durationMs, spans: spans.length, failedSpans: failed.length, startedAt: start };
  return {
    indexes: [cut(tenant, MOST_INDEX_BYTES)],
    blobs: HOP_BLOBS.map((name) => cut(blobs[name], MOST_OF_ONE)),
    doubles: HOP_DOUBLES.map((name) => doubles[name]),
  };
}

/** The beginning of a text, at most so many bytes of UTF-8, no character broken. */
function cut(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });
}
