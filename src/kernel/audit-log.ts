import { dataHash, type Hash } from "./hash.ts";
import { type JsonText, jsonText } from "./json-text.ts";

/** Where a tenant's administrative and denied acts stand: a plain stream, in the hash chain like any other. */
export const AUDIT_LOG = "audit-log";

/** Somebody set something up. What changed stands in the stream that is named, at that version: before it is the version before. */
export interface AdministrativeAct {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** The client's address, where the platform is told. */
  readonly from?: string;
  readonly stream?: string;
  readonly version?: number;
}

/** Somebody began to set something up, and nobody has said what became of it: it may have been done or not. Its events, if there are any, have its correlation id. */
export interface BegunAct {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly from?: string;
  /** When it began (RFC 3339 UTC). */
  readonly at: string;
}

/** Somebody asked for what he may not: so often within a minute, or more often where the one who counts was restarted. */
export interface DeniedActs {
  readonly operation: string;
  readonly count: number;
  /** The minute in which it was, by its beginning (RFC 3339 UTC). */
  readonly minute: string;
}

/** What all entries have, ready to be appended. */
export interface AuditEntry {
  readonly source: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonText;
  readonly dataHash: Hash;
}

/** An administrative act as it is written down. */
export function administrativeAct(act: AdministrativeAct): AuditEntry {
  return entryOf("rivulet.AdministrativeAct", act);
}

/** An act whose outcome is not known, as it is written down. */
export function begunAct(act: BegunAct): AuditEntry {
  return entryOf("rivulet.AdministrativeActBegun", act);
}

/** Denied acts as they are written down. */
export function deniedActs(acts: DeniedActs): AuditEntry {
  return entryOf("rivulet.ActsDenied", acts);
}

function entryOf(type: string, value: object): AuditEntry {
  const data = jsonText(value);
  return { source: "/v1/audit", type, schemaVersion: 1, data, dataHash: dataHash(data) };
}
