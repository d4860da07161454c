import { createHash } from "node:crypto";
import canonicalize from "canonicalize"; // RFC 8785

const sha256 = (value: unknown): string =>
  `sha256:${createHash("sha256")
    .update(canonicalize(value) as string)
    .digest("hex")}`;

/** Checks a stream's events, from version 1 on, from their JSON alone. Gives the first bad version, or undefined. */
export function firstBadVersion(tenant: string, events: readonly Record<string, unknown>[]): number | undefined {
  let previousHash = `sha256:${"0".repeat(64)}`;
  for (const { data, data_base64, purged, hash, dataHash, ...envelope } of events) {
    const isData = purged === true || sha256(data === undefined ? data_base64 : data) === dataHash;
    const isNext = envelope["previousHash"] === previousHash && sha256({ v: 1, tenant, dataHash, ...envelope }) === hash;
    if (!isData || !isNext) return envelope["version"] as number;
    previousHash = hash as string;
  }
  return undefined;
}
