import { z } from "zod";
import { SIGNATURE_ENCODINGS } from "./hmac.ts";

/** A header's name as RFC 9110 has it (section 5.1), at most 128 characters. */
export const HEADER_PATTERN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;

const header = z.string().regex(HEADER_PATTERN, "Expected a header's name");

/** How a producer signs that is none of those known by name. */
export const hmacSettings = z.object({
  header: header.describe("The header with the signature"),
  algorithm: z.enum(["sha1", "sha256", "sha384", "sha512"]).describe("The hash of the HMAC"),
  encoding: z.enum(SIGNATURE_ENCODINGS).describe("How the signature is written"),
  prefix: z
    .string()
    .regex(/^[\x20-\x7e]{0,64}$/, "Expected at most 64 printable ASCII characters")
    .optional()
    .describe("What stands before the signature in its header, such as `sha256=`"),
  timestampHeader: header
    .optional()
    .describe("The header with the time of the attempt, in seconds since 1970. With it `<timestamp>.<body>` is signed, without it the body alone"),
  tolerance: z.int().min(1).max(86_400).optional().describe("How many seconds the timestamp may be off, in the past or the future; 300 where left out"),
});

/** The settings of the scheme `hmac`. */
export type HmacSettings = z.output<typeof hmacSettings>;
