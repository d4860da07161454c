/** A business "no", as a value: nothing was thrown, nothing was written. */
export interface Rejection {
  readonly rejected: true;
  /** Stable, in snake case: what a client's code looks at. */
  readonly code: string;
  /** A sentence for people. */
  readonly detail: string;
}

/** Says no. `code` is part of the contract; `detail` may change. */
export function reject(code: string, detail: string = code.replaceAll("_", " ")): Rejection {
  return { rejected: true, code, detail };
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === "object" && value !== null && (value as Partial<Rejection>).rejected === true;
}
