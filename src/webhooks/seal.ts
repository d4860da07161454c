/**
 * Secrets at rest: AES-256-GCM under a key derived from `MASTER_KEY` (HKDF-SHA-256), bound to a context, so that a sealed text
 * copied elsewhere does not open. The form is `v1.<key id>.<nonce>.<ciphertext>`, base64url.
 */
export interface Sealer {
  /** Seals a text; sealing it twice gives two different texts. */
  seal(text: string, context: string): Promise<string>;
  /** Undefined where it was sealed under a key that is not known, or for another context, or was changed. */
  open(sealed: string, context: string): Promise<string | undefined>;
  /** Whether it was sealed under the key that seals now, not under one before it. Says nothing of its context. */
  isCurrent(sealed: string): Promise<boolean>;
}

interface Derived {
  readonly key: CryptoKey;
  readonly id: string;
}

/**
 * A sealer for this `MASTER_KEY`: any text of at least 16 characters, best 32 random bytes in base64. What one of the `older` keys has sealed
 * still opens; nothing is sealed under them any more.
 */
export function sealer(masterKey: string, older: readonly string[] = []): Sealer {
  let ready: Promise<readonly Derived[]> | undefined;
  const derive = (): Promise<readonly Derived[]> => (ready ??= Promise.all([masterKey, ...older].map(deriveKey)));
  const current = async (): Promise<Derived> => (await derive())[0] as Derived;
  return {
    async seal(text, context) {
      const { key, id } = await current();
      const nonce = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8(context) }, key, utf8(text));
      return `v1.${id}.${toBase64Url(nonce)}.${toBase64Url(new Uint8Array(sealed))}`;
    },
    async open(sealed, context) {
      const [, keyId, nonce, ciphertext] = FORM.exec(sealed) ?? [];
      const key = (await derive()).find(({ id }) => id === keyId)?.key;
      if (key === undefined || nonce === undefined || ciphertext === undefined) return undefined;
      try {
        const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64Url(nonce), additionalData: utf8(context) }, key, fromBase64Url(ciphertext));
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
      } catch {
        return undefined;
      }
    },
    isCurrent: async (sealed) => FORM.exec(sealed)?.[1] === (await current()).id,
  };
}

const FORM = /^v1\.([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** The keys in a variable that may hold several, parted by spaces. */
export function keysIn(variable: string | undefined): readonly string[] {
  return (variable ?? "").split(/\s+/).filter((key) => key !== "");
}

async function deriveKey(masterKey: string): Promise<Derived> {
  const material = await crypto.subtle.importKey("raw", utf8(masterKey), "HKDF", false, ["deriveBits"]);
  const derive = (info: string, bits: number): Promise<ArrayBuffer> =>
    crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) }, material, bits);
  const key = await crypto.subtle.importKey("raw", await derive("rivulet seal v1", 256), "AES-GCM", false, ["encrypt", "decrypt"]);
  // The id tells keys apart after a rotation and says nothing of the key: it is derived beside it.
  return { key, id: toBase64Url(new Uint8Array(await derive("rivulet key id v1", 48))) };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  if (toBase64Url(bytes) !== text) throw new RangeError("expected canonical base64url");
  return bytes;
}
