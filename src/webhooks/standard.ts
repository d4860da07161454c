import { genericDefaults } from "./generic-defaults.ts";
import { verifyHmac } from "./hmac.ts";
import { missingHeader } from "./inbound.ts";
import type { Claim, Delivery, Scheme } from "./scheme.ts";

/**
 * Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): a list of signatures
 * over `<id>.<timestamp>.<body>`, `v1` an HMAC-SHA-256 under the bytes of `whsec_<base64>`, `v1a` an Ed25519 signature that
 * `whpk_<base64>` checks. Svix and those who send through it write `svix-` where the specification has `webhook-`.
 */
export const standard: Scheme = {
  signature: {
    says: "`webhook-signature` (`v1`, `v1a`) over `<id>.<timestamp>.<body>`, 300 s; also as `svix-…`",
    claim(delivery) {
      const [id, timestamp, list] = ["id", "timestamp", "signature"].map((name) => field(delivery, name));
      // The specification keeps `.` out of ids, since the parts of what is signed could else be told apart in more than one way.
      if (!id || id.includes(".") || !timestamp || !list) return undefined;
      const anyOf = list.split(" ").slice(0, MAX_SIGNATURES);
      return { signatures: { encoding: "base64", anyOf }, signed: [id, ".", timestamp, ".", delivery.body], timestamp };
    },
    async verify({ signatures, signed }, secret) {
      const key = keyOf(secret);
      if (key === undefined) return false;
      const { version, bytes } = key;
      const anyOf = signatures.anyOf.filter((text) => text.startsWith(`${version},`)).map((text) => text.slice(version.length + 1));
      return version === "v1" ? verifyHmac("SHA-256", bytes, { encoding: "base64", anyOf }, signed) : verifyEd25519(bytes, anyOf, signed);
    },
    secretFault(secret) {
      if (secret.startsWith("whsk_")) return "Expected the public key, whpk_…: the private key, whsk_…, is the producer's alone";
      return keyOf(secret) === undefined ? "Expected whsec_ and base64, or whpk_ and an Ed25519 key of 32 bytes in base64" : undefined;
    },
  },
  id: {
    says: "`webhook-id`",
    of: (inbound) => field(inbound, "id") || missingHeader("webhook-id"),
  },
  ...genericDefaults,
};

/** More is no rotation; each costs an Ed25519 check of the whole body. */
const MAX_SIGNATURES = 8;

function field({ headers }: Pick<Delivery, "headers">, name: string): string | null {
  return headers.get(`${headers.has("webhook-id") ? "webhook" : "svix"}-${name}`);
}

interface Key {
  readonly version: "v1" | "v1a";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function keyOf(secret: string): Key | undefined {
  const bytes = fromBase64(secret.slice(secret.indexOf("_") + 1));
  if (bytes === undefined) return undefined;
  if (secret.startsWith("whsec_") && bytes.length > 0) return { version: "v1", bytes };
  return secret.startsWith("whpk_") && bytes.length === 32 ? { version: "v1a", bytes } : undefined;
}

async function verifyEd25519(key: Uint8Array<ArrayBuffer>, anyOf: readonly string[], signed: Claim["signed"]): Promise<boolean> {
  const parts = signed instanceof Uint8Array ? [signed] : signed;
  const message = Uint8Array.from(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
  const publicKey = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  for (const text of anyOf) {
    const signature = fromBase64(text);
    if (signature?.length === 64 && (await crypto.subtle.verify("Ed25519", publicKey, signature, message))) return true;
  }
  return false;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Uint8Array.from(Buffer.from(text, "base64"));
}
