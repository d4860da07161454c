import chardet from "chardet";

/** A file as text; or why it is none. `charset` is one that nobody knows here, `bytes` are not what they are said to be, or not text. */
export type Decoded = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: "charset" | "bytes" };

/** How files begin that say themselves how they are written. */
const MARKS: readonly (readonly [label: string, mark: readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

/** Bytes that are looked at to guess an encoding. */
const SAMPLE_BYTES = 65_536;

/**
 * A file's text: by its byte order mark, else by the charset it came with (a label of the Encoding standard), else as UTF-8, and where it
 * is not that, by a guess. The mark is no part of the text.
 */
export function decodeText(bytes: Uint8Array, charset?: string): Decoded {
  const [marked] = MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte)) ?? [];
  const label = marked ?? charset;
  if (label !== undefined) return decode(bytes, label);
  const utf8 = decode(bytes, "utf-8");
  if (utf8.ok) return utf8;
  const guess = chardet.detect(bytes.subarray(0, SAMPLE_BYTES));
  return guess === null || guess === "UTF-8" || !decode(new Uint8Array(), guess).ok ? utf8 : decode(bytes, guess);
}

function decode(bytes: Uint8Array, label: string): Decoded {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label, { fatal: true, ignoreBOM: false });
  } catch {
    return { ok: false, reason: "charset" };
  }
  try {
    return { ok: true, text: decoder.decode(bytes) };
  } catch {
    return { ok: false, reason: "bytes" };
  }
}
