/** What a handler's or a saga's code may say of itself in the trace that it is part of. Where nothing is traced it costs nothing. */
export interface CodeTracing {
  /** Runs `work` in a span of its own, which ends with it and fails with it. */
  traced<Result>(name: string, work: () => Result): Result;
  /** Adds attributes to the span at hand. */
  annotate(attributes: Readonly<Record<string, string | number | boolean>>): void;
  /** Notes in the span at hand that something happened. */
  note(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void;
}

/** Traces nothing: for tests. */
export const NO_CODE_TRACING: CodeTracing = { traced: (_, work) => work(), annotate: () => undefined, note: () => undefined };
