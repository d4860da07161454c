/** A business "no", as a value: nothing was thrown, nothing was written. */
export interface Rejection {
  readonly rejected: true;
  /** Stable, in snake case: what a client's code looks at. */
  readonly code: string;
  /** A sentence for people. */
  readonly detail: string;
}

/** Says no. `code` is part of the contract; `detail` may change, and says what is so and what would help: left out, it is the code in words. */
export function reject(code: string, detail: string = inWords(code)): Rejection {
  return { rejected: true, code, detail };
}

function inWords(code: string): string {
  return `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll("_", " ")}.`;
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === "object" && value !== null && (value as Partial<Rejection>).rejected === true;
}
