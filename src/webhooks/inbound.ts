/** The event that a delivery is to become, but for its data. */
export interface InboundEvent {
  readonly id: string;
  readonly type: string;
  /** Still to be cut to what a stream's name may be. */
  readonly stream: { readonly category: string; readonly id: string };
  /** RFC 3339, as the producer wrote it. */
  readonly time?: string;
}

/** A delivery that was proved cannot become an event: the status, and sentences that say what is missing. Nothing was written. */
export interface Unusable {
  readonly status: 400 | 403 | 415 | 422;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

/** A header without which the scheme cannot name the event. */
export function missingHeader(name: string): Unusable {
  return { status: 400, code: "missing_header", detail: `The header ${name} is missing.` };
}

/** Values without which the event cannot be named: where each would be, and what is there instead. */
export function missingValues(errors: readonly { readonly path: string; readonly message: string }[]): Unusable {
  return { status: 422, code: "missing_value", detail: errors.map(({ path, message }) => `${path} ${message}.`).join(" "), errors };
}
