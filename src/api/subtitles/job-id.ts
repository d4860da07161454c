import { sha256, uuid7 } from "../../kernel/index.ts";

/**
 * A job's id: a new UUIDv7, or, where the request has an `Idempotency-Key`, the one that follows from tenant and key, so that a repeat
 * is about the same job (a UUIDv8, RFC 9562, section 5.8: its digits are a hash).
 */
export function jobId(tenant: string, key: string | undefined): string {
  if (key === undefined) return uuid7(Date.now());
  const digits = sha256(JSON.stringify(["subtitle", tenant, key])).slice("sha256:".length);
  const variant = "89ab"[Number.parseInt(digits.charAt(16), 16) % 4];
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
