import type { Case } from "./cases.ts";
import { curlOf } from "./request.ts";

/** Something that is not as promised, as often as it was seen. */
export interface Finding {
  readonly operation: string;
  readonly fault: string;
  readonly times: number;
  /** What was sent the first time. */
  readonly why: string;
  readonly curl: string;
}

/** Gathers findings: the same fault of the same operation is one, with its first request. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  add({ operation, request, why }: Pick<Case, "request" | "why"> & { readonly operation: { readonly id: string } }, fault: string, url: string): void {
    // Texts that were sent come back in answers: without them, faults of one kind are one.
    const kind = `${operation.id}: ${fault.replaceAll(/"[^"]*"|\d+/g, "…").slice(0, 120)}`;
    const known = this.#found.get(kind);
    this.#found.set(kind, known ? { ...known, times: known.times + 1 } : { operation: operation.id, fault, times: 1, why, curl: curlOf(url, request) });
  }

  all(): readonly Finding[] {
    return [...this.#found.values()];
  }
}

/** A finding as people read it. */
export function told({ operation, fault, times, why, curl }: Finding): string {
  return `${operation} (${times}×, first when ${why}):\n    ${fault}\n    ${curl}`;
}
