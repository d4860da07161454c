import { Buffer } from "node:buffer";
import type { SpanRecord } from "./span.ts";

type Spans = readonly [SpanRecord, ...SpanRecord[]];

/** Characters that a span which was cut down keeps of its name, and of its error. */
const MOST_TEXT = 200;

/**
 * Spans that are at most so many bytes as JSON within JSON, where a quote is three: the largest lose their attributes, events and links,
 * as few of them as it takes, and the first says how many in `rivulet.spans.cut`. Which span called which, when, how long and how it
 * ended stays. With fewer than 4 KB for each span there may be no way to fit.
 */
export function cutDown(spans: Spans, mostBytes: number): Spans {
  const sized = spans.map((span, index) => ({ index, size: sizeOf(span), small: bare(span) })).toSorted((one, other) => other.size - one.size);
  let bytes = sized.reduce((sum, { size }) => sum + size, 0) + MARK;
  const cut = new Map<number, SpanRecord>();
  for (const { index, size, small } of sized) {
    if (bytes <= mostBytes) break;
    cut.set(index, small);
    bytes += sizeOf(small) - size;
  }
  if (cut.size === 0) return spans;
  const [first, ...others] = spans.map((span, index) => cut.get(index) ?? span) as [SpanRecord, ...SpanRecord[]];
  return [{ ...first, attributes: { ...first.attributes, "rivulet.spans.cut": cut.size } }, ...others];
}

/** Bytes that the mark takes. */
const MARK = 64;

function sizeOf(span: SpanRecord): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(span)));
}

function bare({ name, error, ...span }: SpanRecord): SpanRecord {
  return { ...span, name: begin(name), ...(error !== undefined && { error: begin(error) }), attributes: {}, events: [], links: [] };
}

function begin(text: string): string {
  return text.slice(0, MOST_TEXT).toWellFormed();
}
