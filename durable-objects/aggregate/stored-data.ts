import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { JsonText } from "../../src/kernel/index.ts";

/** Data of at least this many characters is compressed where that saves a fifth. */
const COMPRESS_FROM = 8_192;

/** Data as it is kept: text, or deflated where that pays. */
export function packed(data: JsonText): string | ArrayBuffer {
  if (data.length < COMPRESS_FROM) return data;
  const deflated = deflateRawSync(data);
  if (deflated.byteLength > 0.8 * data.length) return data;
  return deflated.buffer.slice(deflated.byteOffset, deflated.byteOffset + deflated.byteLength) as ArrayBuffer;
}

/** Data as it came. */
export function unpacked(data: JsonText | ArrayBuffer): JsonText {
  return typeof data === "string" ? data : (inflateRawSync(new Uint8Array(data)).toString("utf8") as JsonText);
}
