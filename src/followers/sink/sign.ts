import { createHmac } from "node:crypto";
import { type SigningKey, signingKey } from "./secrets.ts";

/** What is signed: Standard Webhooks signs `<id>.<timestamp>.<body>`. */
export interface ToSign {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The value of `webhook-signature` (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): a
 * signature under each secret, in their order. Undefined where no secret can sign, for what nobody signed must not be sent.
 */
export async function signatures(secrets: readonly string[], { id, timestamp, body }: ToSign): Promise<string | undefined> {
  const keys = secrets.map(signingKey).filter((key) => key !== undefined);
  if (keys.length === 0) return undefined;
  const message = `${id}.${timestamp}.${body}`;
  const all = await Promise.all(keys.map(async (key) => `${key.version},${await signature(key, message)}`));
  return all.join(" ");
}

async function signature(key: SigningKey, message: string): Promise<string> {
  if (key.version === "v1") return createHmac("sha256", key.bytes).update(message).digest("base64");
  const privateKey = await crypto.subtle.importKey("pkcs8", key.pkcs8, "Ed25519", false, ["sign"]);
  return Buffer.from(await crypto.subtle.sign("Ed25519", privateKey, new Uint8Array(Buffer.from(message)))).toString("base64");
}
