import { z } from "@hono/zod-openapi";
import type { IdempotencyKey, Precondition } from "../../durable-objects/aggregate/contract.ts";
import { sha256 } from "../kernel/index.ts";
import { problem } from "./problem.ts";

/** A version as we write it, and where its stream began when it was told, after a dot, once retention has cut it. */
const VERSION_TAG = /^"(0|[1-9]\d{0,14})(?:\.(?:[2-9]|[1-9]\d{1,14}))?"$/;

/**
 * The strong entity tag of a stream: its version while it is whole, `<version>.<firstVersion>` once it was truncated, since then there
 * is less to read at the same version. `suffix` tells representations apart that are not the first.
 */
export function streamTag({ version, firstVersion }: { readonly version: number; readonly firstVersion: number }, suffix = ""): string {
  return `"${version}${firstVersion > 1 ? `.${firstVersion}` : ""}${suffix}"`;
}

/** The headers that `precondition` reads, for an endpoint's description. */
export const conditional = z.object({ "if-match": z.string().optional(), "if-none-match": z.string().optional() });

/** `If-Match` and `If-None-Match` of a write (RFC 9110, section 13): one strong tag or `*`; `"0"` is a stream that does not exist yet. */
export function precondition(headers: Headers): Precondition | Response {
  const match = headers.get("if-match")?.trim();
  const noneMatch = headers.get("if-none-match")?.trim();
  if (match !== undefined && noneMatch !== undefined) return bad("Expected one of If-Match and If-None-Match, got both.");
  if (noneMatch !== undefined) return noneMatch === "*" ? { kind: "new" } : bad(`Expected If-None-Match: *, got ${noneMatch}.`);
  if (match === undefined) return { kind: "none" };
  if (match === "*") return { kind: "exists" };
  // A tag is compared to the character: one that is no version as we write it is a tag, and matches nothing.
  if (/^(W\/)?"[\x21\x23-\x7e]*"$/.test(match) && !VERSION_TAG.test(match)) return { kind: "never" };
  const [, version] = VERSION_TAG.exec(match) ?? [];
  return version === undefined
    ? bad(`Expected If-Match to be one entity tag in quotes, such as "3", or *, got ${match}.`)
    : { kind: "version", version: Number(version) };
}

function bad(detail: string): Response {
  return problem({ status: 400, code: "invalid_precondition", detail });
}

/** Characters of an `Idempotency-Key`, at most. */
export const MAX_KEY_LENGTH = 255;

/** The header that `idempotencyKey` reads, for an endpoint's description: the key, or the key in its two quotes. */
export const keyed = z.object({
  "idempotency-key": z
    .string()
    .max(MAX_KEY_LENGTH + 2)
    .optional(),
});
/** Those of a write that takes both. */
export const keyedConditional = z.object({ ...keyed.shape, ...conditional.shape });

/**
 * The `Idempotency-Key`, quoted or bare, and the fingerprint of the request it came with; undefined where none is sent. `headers` are
 * the lines that say what is written, where the body alone does not.
 */
export function idempotencyKey(request: Request, bytes: Uint8Array, headers: readonly string[] = []): IdempotencyKey | undefined | Response {
  const header = request.headers.get("idempotency-key")?.trim();
  if (header === undefined) return undefined;
  const isQuoted = /^"(?:[^"\\]|\\["\\])*"$/.test(header);
  const key = isQuoted ? header.slice(1, -1).replace(/\\(["\\])/g, "$1") : header;
  const isHalfQuoted = !isQuoted && (header.startsWith('"') || header.endsWith('"'));
  if (isHalfQuoted || !/^[\x20-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH) {
    return problem({
      status: 400,
      code: "invalid_idempotency_key",
      detail: `Expected an Idempotency-Key of 1 to ${MAX_KEY_LENGTH} printable ASCII characters, quoted or bare.`,
    });
  }
  return { key, fingerprint: sha256([`${request.method} ${new URL(request.url).pathname}`, sha256(bytes), ...headers].join("\n")) };
}

/** Whether the client already has this representation: `If-None-Match` of a read, weak comparison. */
export function isNotModified(request: Request, etag: string): boolean {
  const header = request.headers.get("if-none-match");
  if (header === null) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
