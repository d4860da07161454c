import type { InboundEvent, Unusable } from "./inbound.ts";
import type { Payload } from "./payload.ts";
import type { HmacSettings } from "./hmac-settings.ts";
import type { Message, Signatures } from "./hmac.ts";

/** A producer's request as it came. */
export interface Delivery {
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A delivery that was proved and read, at the source of this name. */
export interface Inbound extends Delivery {
  readonly source: string;
  readonly payload: Payload;
}

/** What a delivery's headers claim: that one of these signatures was made over this message, at that second. */
export interface Claim {
  readonly signatures: Signatures;
  readonly signed: Message;
  /** Where the scheme signs one: seconds since 1970, in digits. */
  readonly timestamp?: string;
}

/** How deliveries of a scheme are signed. */
export interface Signature {
  /** For people: the headers, and what is signed. */
  readonly says: string;
  /** Undefined where a header is missing or is not of the scheme's form. */
  claim(delivery: Delivery, settings: HmacSettings | undefined): Claim | undefined;
  /** Whether the claim is true under this secret. Constant time in the signatures. */
  verify(claim: Claim, secret: string, settings: HmacSettings | undefined): Promise<boolean>;
  /** Why this text can be no secret of the scheme; undefined where it can. Never repeats the text. */
  secretFault?(secret: string): string | undefined;
}

/** A value that an event gets where the source's settings have no template for it, and the sentence that README says of it. */
export interface Default<Value> {
  readonly says: string;
  readonly of: (inbound: Inbound) => Value;
}

/** How one producer signs, sends and names its deliveries: one row in the table; all else is shared. */
export interface Scheme {
  /** Undefined where no signature is asked for, but a key of ours. */
  readonly signature?: Signature;
  /** What a form-encoded body is: its field `payload`, its fields as an object, or the first of the two that is there. Undefined: refused. */
  readonly form?: "payload" | "fields" | "payload or fields";
  readonly id: Default<string | Unusable>;
  readonly type: Default<string | Unusable>;
  readonly stream: Default<InboundEvent["stream"]>;
  /** When it happened, as the producer says; left out where that is no RFC 3339 time. */
  readonly time?: Default<string | undefined>;
  /** What the producer wants to be answered, where this delivery is a handshake: then there is no event. */
  readonly handshake?: (payload: Payload) => Readonly<Record<string, string>> | undefined;
}
