/** What a command's `prepare` may ask of the world. The composition root gives it; tests give their own. */
export interface Ports {
  /** A hash that is hard work, for passwords: about 50 ms each, told apart by a salt of its own. */
  readonly passwords: {
    hash(password: string): Promise<string>;
    verify(password: string, hash: string): Promise<boolean>;
  };
  /** Seals what must be read again later; bound to the aggregate, so that it opens nowhere else. */
  readonly secrets: {
    seal(text: string): Promise<string>;
    open(sealed: string): Promise<string>;
    /** The same secret, sealed under the present key: the same text where it is already, undefined where no key that is known opens it. */
    reseal(sealed: string): Promise<string | undefined>;
  };
  /** Bytes that nobody can guess. */
  random(bytes: number): Uint8Array;
  /** A new UUIDv7. */
  newId(): string;
}

/** A value of which there may be only one in a tenant, such as an e-mail address among users. */
export interface Claim {
  /** What kind of value: `users/email`. */
  readonly scope: string;
  /** In the form in which equal is equal: lower case, trimmed. */
  readonly value: string;
}
