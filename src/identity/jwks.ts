import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { targetFault, type TargetOptions } from "../kernel/index.ts";

/** What tokens may be signed with: public keys alone. A shared secret would let whoever checks tokens make them. */
export const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;

/** A key set from elsewhere may be so many bytes. */
const MAX_BYTES = 256 * 1024;
/** How long (milliseconds) one waits for it. */
const PATIENCE = 5_000;
/** Key sets from elsewhere that are remembered. */
const MOST = 1_000;

/** Why keys cannot be taken, in a sentence that begins with "Expected"; undefined where they can. */
export function keysFault(keys: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  if (keys.length === 0 || keys.length > 20) return `Expected 1 to 20 keys, got ${keys.length}`;
  for (const key of keys) {
    if (key["kty"] === "oct") return "Expected public keys, got a secret (kty oct)";
    if (["d", "p", "q", "dp", "dq", "qi", "k"].some((member) => member in key)) return "Expected public keys, got a private one";
    if (!["RSA", "EC", "OKP"].includes(String(key["kty"]))) return `Expected keys of RSA, EC or OKP, got ${String(key["kty"]).slice(0, 20)}`;
  }
  return undefined;
}

/** The keys of issuers: those that stand with them, and those that are fetched, kept for ten minutes and asked for anew, at most twice a minute, where a token names one that is not known. */
export class KeySets {
  readonly #fetch: typeof fetch;
  readonly #options: TargetOptions;
  readonly #known = new Map<string, JWTVerifyGetKey>();

  constructor(fetch: typeof globalThis.fetch, options: TargetOptions) {
    this.#fetch = fetch;
    this.#options = options;
  }

  /** What finds the key of a token. */
  of({ jwks, jwksUri }: { readonly jwks?: unknown; readonly jwksUri?: string | undefined }): JWTVerifyGetKey {
    const name = jwksUri ?? JSON.stringify(jwks);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = jwksUri === undefined ? createLocalJWKSet(jwks as JSONWebKeySet) : this.#remote(jwksUri);
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(name, made);
    return made;
  }

  #remote(uri: string): JWTVerifyGetKey {
    return createRemoteJWKSet(new URL(uri), {
      timeoutDuration: PATIENCE,
      [customFetch]: async (url, options) => {
        // Asked again each time: what is allowed may have changed since it was registered.
        const fault = targetFault(url, this.#options);
        if (fault !== undefined) throw new Error(`the address of keys is refused: ${fault}`);
        const { status, body } = await this.#fetch(url, options);
        return new Response(body && (await bounded(body)), { status });
      },
    });
  }
}

/** The bytes of a body; throws where they are too many, without reading them. */
async function bounded(body: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > MAX_BYTES) {
      await reader.cancel();
      throw new Error(`expected at most ${MAX_BYTES} bytes of keys`);
    }
    chunks.push(read.value);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
