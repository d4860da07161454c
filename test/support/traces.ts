/** A span as the API shows it. */
export interface ShownSpan {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly start: string;
  readonly durationMs: number;
  readonly status: string;
  readonly error?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly time: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** A trace as the API shows it. */
export interface ShownTrace {
  readonly traceId: string;
  readonly spans: readonly ShownSpan[];
  readonly missing: readonly string[];
  readonly truncated: boolean;
}

/** A line of the list of traces. */
export interface ListedTrace {
  readonly traceId: string;
  readonly service: string;
  readonly name: string;
  readonly start: string;
  readonly durationMs: number;
  readonly status: string;
  readonly correlationId: string | null;
  readonly spans: number;
}

/** So many hexadecimal digits, the first of them no zero. */
export function hex(digits: number): string {
  return `1${Array.from({ length: digits - 1 }, () => Math.floor(Math.random() * 16).toString(16)).join("")}`;
}

/** The spans on the way from a span up to the one that has no parent here, by their names; the span itself comes first. */
export function wayUp({ spans }: Pick<ShownTrace, "spans">, from: ShownSpan): readonly string[] {
  const names: string[] = [];
  for (let span: ShownSpan | undefined = from; span !== undefined; span = spans.find(({ spanId }) => spanId === span?.parentSpanId))
    names.push(`${span.service} ${span.name}`);
  return names;
}
