import { randomHex } from "../kernel/index.ts";

/** OpenTelemetry's kinds of spans. */
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
/** What an attribute may hold. */
export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Another span that a span has to do with, beside its parent. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** A span that is over, as it is kept and exported. Times are milliseconds. */
export interface SpanRecord {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  /** Since 1970. */
  readonly start: number;
  readonly durationMs: number;
  readonly status: "unset" | "ok" | "error";
  /** Where it failed: why. */
  readonly error?: string;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly time: number; readonly attributes: Attributes }[];
  readonly links: readonly SpanLink[];
}

/** What a span needs of the hop that it is part of. */
export interface SpanHop {
  readonly now: () => number;
  /** Takes a new span in; false where the hop has enough. */
  take(span: Span): boolean;
}

/** What a span begins with. */
export interface SpanStart {
  readonly name: string;
  readonly kind?: SpanKind;
  /** A function is asked when the span is kept, which most are not. */
  readonly attributes?: Attributes | (() => Attributes);
  readonly links?: readonly SpanLink[];
  /** Where others know it by that already. */
  readonly spanId?: string;
  readonly parentSpanId?: string;
  /** Milliseconds since 1970; now where left out. */
  readonly start?: number;
}

/** Attributes of one span, and events: what comes beyond is left out. */
const MOST_ATTRIBUTES = 64;
const MOST_EVENTS = 64;
/** Characters of a text that a span keeps: of a value, a name, or an error. */
const MOST_CHARACTERS = 1_000;

/** A span that is under way. Its id is made when somebody wants it: most spans are never kept. */
export class Span<Hop extends SpanHop = SpanHop> {
  readonly hop: Hop;
  readonly start: number;
  name: string;
  error: string | undefined;
  isOk = false;
  #end: number | undefined;
  #id: string | undefined;
  readonly #kind: SpanKind;
  readonly #parent: string | Span | undefined;
  readonly #attributes: Record<string, AttributeValue>;
  readonly #first: () => Attributes;
  readonly #links: readonly SpanLink[];
  readonly #events: { readonly name: string; readonly time: number; readonly attributes: Attributes }[] = [];

  constructor(hop: Hop, { name, kind = "internal", attributes, links = [], spanId, parentSpanId, start }: SpanStart, parent?: Span) {
    this.hop = hop;
    this.name = name;
    this.start = start ?? hop.now();
    this.#kind = kind;
    this.#id = spanId;
    this.#parent = parent ?? parentSpanId;
    this.#attributes = typeof attributes === "function" ? {} : { ...attributes };
    this.#first = typeof attributes === "function" ? attributes : () => ({});
    this.#links = links;
  }

  /** 16 hexadecimal digits. */
  get id(): string {
    this.#id ??= randomHex(8);
    return this.#id;
  }

  /** Adds attributes; a later value of a name takes the place of the earlier one. */
  set(attributes: Attributes): void {
    for (const [name, value] of Object.entries(attributes)) {
      if (name in this.#attributes || Object.keys(this.#attributes).length < MOST_ATTRIBUTES) this.#attributes[name] = shortened(value);
    }
  }

  /** Notes that something happened now. */
  note(name: string, attributes: Attributes = {}): void {
    if (this.#events.length < MOST_EVENTS) this.#events.push({ name: shortened(name), time: this.hop.now(), attributes: kept(attributes) });
  }

  /** Says that it failed, and why; of what was thrown, as OpenTelemetry notes exceptions, without where: that is nobody's business outside. */
  fail(error: unknown): void {
    if (error instanceof Error && this.error === undefined) {
      this.set({ "error.type": error.name });
      this.note("exception", { "exception.type": error.name, "exception.message": String(shortened(error.message)) });
    }
    this.error = String(shortened(error instanceof Error ? error.message : String(error)));
  }

  /** It is over; the first time counts. */
  finish(): void {
    this.#end ??= this.hop.now();
  }

  /** As it is kept; one that is still under way ends here. */
  record(): SpanRecord {
    this.finish();
    return {
      spanId: this.id,
      parentSpanId: typeof this.#parent === "object" ? this.#parent.id : (this.#parent ?? null),
      name: shortened(this.name),
      kind: this.#kind,
      start: this.start,
      durationMs: Math.max(0, (this.#end as number) - this.start),
      status: this.error === undefined ? (this.isOk ? "ok" : "unset") : "error",
      ...(this.error !== undefined && { error: this.error }),
      attributes: kept({ ...this.#first(), ...this.#attributes }),
      events: this.#events,
      links: this.#links,
    };
  }
}

function kept(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes)
      .slice(0, MOST_ATTRIBUTES)
      .map(([name, value]) => [shortened(name), shortened(value)]),
  );
}

function shortened<Value extends AttributeValue>(value: Value): Value | string {
  return typeof value === "string" && value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS).toWellFormed()}…` : value;
}
