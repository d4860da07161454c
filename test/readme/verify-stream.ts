import { createHash } from "node:crypto";
import canonicalize from "canonicalize"; // RFC 8785

const sha256 = (value: unknown): string =>
  `sha256:${createHash("sha256")
    .update(canonicalize(value) as string)
    .digest("hex")}`;

/** Checks a page of a stream, from version 1 on, from its JSON alone. Gives the first bad version, or undefined. */
export function firstBadVersion(tenant: string, events: readonly Record<string, unknown>[]): number | undefined {
  let previousHash = `sha256:${"0".repeat(64)}`;
  for (const { data, hash, dataHash, position, ...envelope } of events) {
    void position; // the log's, not the stream's
    const isWhole = sha256(data) === dataHash && envelope["previousHash"] === previousHash && sha256({ v: 1, tenant, dataHash, ...envelope }) === hash;
    if (!isWhole) return envelope["version"] as number;
    previousHash = hash as string;
  }
  return undefined;
}
