/** Texts of at most this many UTF-16 units are hashed here. */
export const SHORT = 1_024;

/** FIPS 180-4: the first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of the first 8. */
const ROUND_CONSTANTS = new Int32Array(64);
const INITIAL_STATE = new Int32Array(8);
for (let candidate = 2, found = 0; found < 64; candidate++) {
  if (!isPrime(candidate)) continue;
  if (found < 8) INITIAL_STATE[found] = Math.floor((Math.sqrt(candidate) % 1) * 2 ** 32);
  ROUND_CONSTANTS[found++] = Math.floor((Math.cbrt(candidate) % 1) * 2 ** 32);
}
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const encoder = new TextEncoder();
/** A text in UTF-8 takes at most three bytes a unit; the padding at most 72 more. What is in them holds for one call alone. */
const bytes = new Uint8Array(3 * SHORT + 72);
const view = new DataView(bytes.buffer);
const state = new Int32Array(8);
const schedule = new Int32Array(64);

/**
 * SHA-256 (FIPS 180-4) of a short text's UTF-8 bytes, in hexadecimal digits. Each call of the runtime's own hashing makes several
 * objects, which for a text of some hundred characters costs more than the hashing: this is twice as fast there.
 */
export function shortSha256(text: string): string {
  const { written } = encoder.encodeInto(text, bytes);
  const end = ((written + 8) | 63) + 1;
  bytes[written] = 0x80;
  bytes.fill(0, written + 1, end - 4);
  view.setInt32(end - 4, written * 8);
  state.set(INITIAL_STATE);
  for (let at = 0; at < end; at += 64) compress(at);
  let digits = "";
  for (let i = 0; i < 8; i++) {
    const word = state[i] as number;
    digits += (HEX[word >>> 24] as string) + HEX[(word >>> 16) & 255] + HEX[(word >>> 8) & 255] + HEX[word & 255];
  }
  return digits;
}

/** Section 6.2.2, for the block that begins there. */
function compress(at: number): void {
  const w = schedule;
  const k = ROUND_CONSTANTS;
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!,
    b = state[1]!,
    c = state[2]!,
    d = state[3]!,
    e = state[4]!,
    f = state[5]!,
    g = state[6]!,
    h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + k[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) if (number % divisor === 0) return false;
  return true;
}
