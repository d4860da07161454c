import { AsyncLocalStorage } from "node:async_hooks";
import type { CodeTracing } from "../kernel/index.ts";
import { type Hop, traceparentOfSpan } from "./hop.ts";
import { type Attributes, Span, type SpanStart } from "./span.ts";

/** The span that the code at hand runs in. */
const current = new AsyncLocalStorage<Span<Hop>>();

/** The span that this code runs in; undefined where nothing is traced. */
export function spanNow(): Span<Hop> | undefined {
  return current.getStore();
}

/** Runs `work` within a span, which stays open. */
export function within<Result>(span: Span<Hop>, work: () => Result): Result {
  return current.run(span, work);
}

/**
 * Runs `work` in a span of its own, named so: `await traced("ask the bank", () => bank.ask(…))`. Ends with it, and fails with it.
 * Where nothing is traced, it only runs.
 */
export function traced<Result>(name: string, work: () => Result, more: Omit<SpanStart, "name"> = {}): Result {
  const parent = current.getStore();
  if (parent === undefined) return work();
  const span = new Span(parent.hop, { ...more, name }, parent);
  // What a hop has no room for runs as part of its parent.
  return parent.hop.take(span) ? ended(span, () => current.run(span, work)) : work();
}

/** Adds attributes to the span that this code runs in. */
export function annotate(attributes: Attributes): void {
  current.getStore()?.set(attributes);
}

/** Notes an event in the span that this code runs in. */
export function note(name: string, attributes?: Attributes): void {
  current.getStore()?.note(name, attributes);
}

/** Says that the span that this code runs in has failed, though nothing was thrown. */
export function failed(error: string): void {
  current.getStore()?.fail(error);
}

/** The `traceparent` to hand on: of the span that this code runs in, else the one given. */
export function traceparentNow<Given extends string | undefined>(given: Given): string | Given {
  const span = current.getStore();
  return span === undefined ? given : traceparentOfSpan(span);
}

/** Says whose the hop is that this code runs in. */
export function ownHop(tenant: string): void {
  current.getStore()?.hop.own(tenant);
}

/** The same for code that knows only the kernel. */
export const codeTracing: CodeTracing = { traced: (name, work) => traced(name, work), annotate, note };

/** Runs `work` and ends the span with it. */
export function ended<Result>(span: Span<Hop>, work: () => Result): Result {
  try {
    const result = work();
    if (!isPromise(result)) {
      span.finish();
      return result;
    }
    return result.then(
      (value) => {
        span.finish();
        return value;
      },
      (fault: unknown) => {
        span.fail(fault);
        span.finish();
        throw fault;
      },
    ) as Result;
  } catch (fault) {
    span.fail(fault);
    span.finish();
    throw fault;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === "function";
}
