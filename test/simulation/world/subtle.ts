import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

interface Sealing {
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

/** AES-GCM puts its tag, of so many bytes, behind the ciphertext. */
const TAG = 16;

/**
 * What the engine uses of Web Crypto to seal secrets, done at once: the real one works in a thread of its own, and when it answers is
 * nobody's to say twice.
 */
export const subtle = {
  async importKey(_form: string, key: Uint8Array | ArrayBuffer): Promise<Uint8Array> {
    return new Uint8Array(key);
  },
  async deriveBits({ salt, info }: { readonly salt: Uint8Array; readonly info: Uint8Array }, key: Uint8Array, bits: number): Promise<ArrayBuffer> {
    return hkdfSync("sha256", key, salt, info, bits / 8);
  },
  async encrypt({ iv, additionalData }: Sealing, key: Uint8Array, text: Uint8Array): Promise<ArrayBuffer> {
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(additionalData);
    return Uint8Array.from(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])).buffer;
  },
  async decrypt({ iv, additionalData }: Sealing, key: Uint8Array, sealed: Uint8Array): Promise<ArrayBuffer> {
    // A sink's secret is opened with every delivery.
    const name = [iv, additionalData, key, sealed].map((bytes) => Buffer.from(bytes).toString("latin1")).join("\n");
    if (opened.size > 100) opened.clear();
    const known = opened.get(name) ?? decrypted({ iv, additionalData }, key, sealed);
    opened.set(name, known);
    return known;
  },
};

const opened = new Map<string, ArrayBuffer>();

function decrypted({ iv, additionalData }: Sealing, key: Uint8Array, sealed: Uint8Array): ArrayBuffer {
  const decipher = createDecipheriv("aes-256-gcm", key, iv).setAAD(additionalData).setAuthTag(sealed.subarray(-TAG));
  return Uint8Array.from(Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()])).buffer;
}
