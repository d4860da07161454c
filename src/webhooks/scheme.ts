/** A producer's request as it came. */
export interface Delivery {
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The event that a delivery is to become. `payload` is JSON text as it came. */
export interface InboundEvent {
  readonly id: string;
  readonly type: string;
  /** The id part of the stream, or the category and it, still to be cut to what a stream's name may be. */
  readonly stream: { readonly category: string; readonly id: string };
}

/** The delivery cannot become an event: `status` and a sentence that says what is missing. */
export interface BadDelivery {
  readonly status: 400 | 415 | 422;
  readonly code: string;
  readonly detail: string;
}

/** How one producer signs and names its deliveries. One row in the table; all else is shared. */
export interface Scheme {
  /** Whether the bytes were signed with this secret. Constant time in the signature. */
  verify(delivery: Delivery, secret: string): Promise<boolean>;
  /** The JSON text inside the body. */
  payload(delivery: Delivery): string | BadDelivery;
  /** Id, type and stream, from headers and the parsed payload. */
  event(delivery: Delivery, payload: unknown): InboundEvent | BadDelivery;
}
