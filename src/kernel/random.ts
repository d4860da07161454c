const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Random bytes to be used, each once: asking the runtime costs about as much for one as for all of them. */
const POOL = new Uint8Array(1_024);
let used = POOL.length;

/** So many random bytes as hexadecimal digits; at most 1,024. For names and marks, not for secrets: what is still to be used stands in memory. */
export function randomHex(bytes: number): string {
  if (bytes > POOL.length) throw new RangeError(`expected at most ${POOL.length} bytes, got ${bytes}`);
  if (used + bytes > POOL.length) {
    crypto.getRandomValues(POOL);
    used = 0;
  }
  let text = "";
  for (const end = used + bytes; used < end; used++) text += DIGITS[POOL[used] as number];
  return text;
}
