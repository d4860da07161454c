import { definePort } from "../kernel/index.ts";

/** A letter by e-mail. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** That it is on its way, or why the address is refused, in a sentence: trying again would not help. */
export type Mailed = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Whoever brings letters. */
export interface Mail {
  /** Sends it once for each key. Throws where it cannot be sent now. */
  send(letter: Letter, key: string): Promise<Mailed>;
}

/** The mail as sagas reach it. */
export const mail = definePort<Mail>("flows/mail");
