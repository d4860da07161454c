import { z } from "zod";
import { sha256 } from "../../kernel/index.ts";

/** Characters of a title, at most. */
const MAX_TITLE = 200;

/** A video's title: 1 to 200 characters of any text that is not blank. */
export const title = z
  .string()
  .refine((text) => [...text].length <= MAX_TITLE, `Expected a title of at most ${MAX_TITLE} characters`)
  .refine((text) => text.isWellFormed() && normalTitle(text) !== "", "Expected a title that is not blank");

/** The form in which equal titles are equal: composed (NFC), trimmed, white space collapsed, without upper and lower case. */
export function normalTitle(text: string): string {
  // By way of upper case, which takes ß and ss, or σ and ς, for the same.
  return text.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC").trim().replaceAll(/\s+/gu, " ");
}

/** The id of a title in the library: 32 hexadecimal digits of its normal form's SHA-256. */
export function titleId(text: string): string {
  return sha256(normalTitle(text)).slice("sha256:".length, "sha256:".length + 32);
}
