import { canonicalJson, GENESIS_HASH, sha256 } from "../../kernel/index.ts";
import type { FinalEvent } from "./final-state.ts";
import type { Run } from "./run.ts";
import type { Violation } from "./violation.ts";

/** Versions are 1, 2, 3… (from the first that is kept), each event follows from its predecessor by hash, and `verify` agrees. */
export function checkStreams({ final }: Run): readonly Violation[] {
  return final.streams.flatMap((kept) => {
    const { stream, version, firstVersion, events, verified } = kept;
    const violations: Violation[] = [];
    const versions = events.map((event) => event.version);
    let expected = firstVersion;
    for (const got of versions) {
      if (got < expected) violations.push({ kind: "version-repeat", message: `The stream ${stream} has version ${got} again, where ${expected} is expected.` });
      if (got > expected) violations.push({ kind: "version-gap", message: `The stream ${stream} goes on with version ${got}, where ${expected} is expected.` });
      expected = Math.max(expected, got + 1);
    }
    if (expected !== version + 1) {
      violations.push({ kind: "version-gap", message: `The stream ${stream} says that its version is ${version}, but its events end at ${expected - 1}.` });
    }
    if (verified?.valid === false) {
      const { firstBadVersion, reason } = verified;
      violations.push({ kind: "verify-fails", message: `The stream ${stream} does not verify: at version ${firstBadVersion}, "${reason}".` });
    }
    return [...violations, ...checkChain(final.tenant, events, firstVersion)];
  });
}

/** From the events' JSON alone. A break is told once: whatever comes after it is judged from there. */
function checkChain(tenant: string, events: readonly FinalEvent[], firstVersion: number): readonly Violation[] {
  const violations: Violation[] = [];
  // What came before a truncated stream's first event is not here to compare with.
  let previous = firstVersion === 1 ? GENESIS_HASH : events[0]?.previousHash;
  for (const event of events) {
    const { stream, version } = event;
    const broken = (what: string, expected: unknown, got: unknown): void => {
      violations.push({ kind: "chain-broken", message: `Version ${version} of ${stream}: its ${what} is expected to be ${expected}, got ${got}.` });
    };
    const { data, data_base64: base64, purged, hash, dataHash, position: _, ...envelope } = event;
    const dataIs = purged === true ? dataHash : sha256(canonicalJson(data === undefined ? base64 : data));
    if (dataIs !== dataHash) broken("dataHash", dataIs, dataHash);
    const hashIs = sha256(canonicalJson({ v: 1, tenant, dataHash, ...envelope }));
    if (hashIs !== hash) broken("hash", hashIs, hash);
    if (event.previousHash !== previous) broken("previousHash", previous, event.previousHash);
    previous = hash;
  }
  return violations;
}
