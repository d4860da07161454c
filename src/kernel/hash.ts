import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import type { JsonText } from "./json-text.ts";
import { SHORT, shortSha256 } from "./sha256.ts";

/** `sha256:` and 64 hexadecimal digits. */
export type Hash = string;

/** What stands as `previousHash` in a stream's first event. */
export const GENESIS_HASH: Hash = `sha256:${"0".repeat(64)}`;

/** SHA-256 of a text's UTF-8 bytes. Synchronous, so that deciding and appending need no await between them. */
export function sha256(text: string | Uint8Array): Hash {
  return `sha256:${typeof text === "string" && text.length <= SHORT ? shortSha256(text) : createHash("sha256").update(text).digest("hex")}`;
}

/** The hash of an event's data: SHA-256 over its canonical form (RFC 8785). Outlives the data when that is purged. `value` is the data parsed. */
export function dataHash(data: JsonText, value: unknown = JSON.parse(data)): Hash {
  return sha256(canonicalJson(value));
}
