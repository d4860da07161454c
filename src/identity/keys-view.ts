import type { LoggedEvent } from "../kernel/index.ts";
import { KEY_CATEGORY, type KeySettings } from "./key.ts";
import { rowsView } from "./rows-view.ts";

/** A line of the list of keys; nothing of it proves anything. */
export interface KeyRow extends Omit<KeySettings, "hash" | "within" | "signing"> {
  /** Whether it signs requests, in the place of being sent. */
  readonly signing?: true;
  readonly id: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly createdAt: string;
  readonly rotatedAt?: string;
  readonly lastUsedAt?: string;
}

/** The keys of a tenant that were not revoked. */
export const keysView = rowsView<KeyRow>({ name: "keys", category: KEY_CATEGORY, rowAfter });

function rowAfter(row: KeyRow | undefined, { type, data, recorded }: LoggedEvent, id: string): KeyRow | undefined {
  if (type === "rivulet.KeyCreated") {
    const { hash: _hash, within: _within, signing, ...open } = JSON.parse(data) as KeySettings;
    return { id, ...open, ...(signing !== undefined && { signing: true }), createdAt: recorded };
  }
  if (row === undefined || type === "rivulet.KeyRevoked") return undefined;
  if (type === "rivulet.KeyRotated") return { ...row, rotatedAt: recorded };
  return type === "rivulet.KeyUsed" ? { ...row, lastUsedAt: (JSON.parse(data) as { at: string }).at } : row;
}
