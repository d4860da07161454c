import { keyContext, type KeyState } from "../identity/key.ts";
import { readKeyId } from "../identity/key-text.ts";
import { isDigestOf, type MessageSignature, messageSignature, SIGNATURE_WINDOW, signatureBase, uncovered } from "../identity/message-signature.ts";
import type { SealContext } from "../kernel/index.ts";
import { verifyHmac } from "../webhooks/hmac.ts";
import { readBody } from "./body.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** A signature that is good: whose key it is, and the hash of the secret that it was made with. */
export interface SignedBy {
  readonly tenant: string;
  readonly id: string;
  readonly hash: string;
}

/** Whether a request says to be signed (RFC 9421), and by no other means who it is. */
export function isSigned(headers: Headers): boolean {
  return headers.has("signature-input") && !headers.has("authorization");
}

/**
 * Who signed a request with a key's secret; an answer where that is nobody. Method, path, query and every header that says what the request
 * means must be covered, its time must be within five minutes of now, and its nonce is taken once. The body is read later, and held against its
 * digest then: see `readSigned`.
 */
export async function signedBy(request: Request, services: Pick<Services, "keys" | "sealer" | "takeNonce">, now: number): Promise<SignedBy | Response> {
  const stated = messageSignature(request.headers);
  const named = stated && readKeyId(stated.keyid);
  if (stated === undefined || named === undefined)
    return refusal("Expected one signature: hmac-sha256, with created, keyid and a nonce of 16 to 128 characters.");
  const missing = uncovered(stated, request);
  if (missing !== undefined) return refusal(`Expected a signature that covers ${missing}.`);
  const base = signatureBase(stated, request);
  if (base === undefined) return refusal("The signature covers what the request does not have, or what is not known here.");
  const { tenant, id } = named;
  const hash = await provenHash(await services.keys.get(`${tenant}/${id}`), { services, context: keyContext(tenant, id), base, signature: stated.signature });
  if (hash instanceof Response) return hash;
  // Only who has signed it is told more.
  if (hash === undefined) return refusal("The signature is not that of a key that is known.");
  if (isLate(stated, now)) return refusal(`The signature's time is over: expected one within ${SIGNATURE_WINDOW} s of now.`);
  if (!(await services.takeNonce(tenant, id, stated))) return refusal("The signature was used before: expected a new nonce with each request.");
  return { tenant, id, hash };
}

function isLate({ created, expires }: MessageSignature, now: number): boolean {
  const seconds = now / 1_000;
  return Math.abs(seconds - created) > SIGNATURE_WINDOW || (expires !== undefined && seconds >= expires);
}

interface Proof {
  readonly services: Pick<Services, "sealer">;
  readonly context: SealContext;
  readonly base: string;
  readonly signature: string;
}

/** The hash of the secret that a signature was made with; undefined where it was none of the key's. */
async function provenHash({ settings, previous }: KeyState, { services, context, base, signature }: Proof): Promise<string | undefined | Response> {
  for (const known of [settings, previous]) {
    if (known?.signing === undefined) continue;
    const { signing, hash } = known;
    const secret = await services.sealer?.open(signing, context);
    if (secret === undefined)
      return problem({
        status: 503,
        code: "secret_unavailable",
        detail: "The key's secret cannot be opened with the present MASTER_KEY.",
        headers: { "retry-after": "60" },
      });
    if (await verifyHmac("SHA-256", secret, { encoding: "base64", anyOf: [signature] }, new TextEncoder().encode(base))) return hash;
  }
  return undefined;
}

/** Reads a body; of a signed request it must be that of the digest that was signed, and there must be one as soon as there is a body. */
export async function readSigned(request: Request, maxBytes: number, isSigned: boolean): Promise<Uint8Array<ArrayBuffer> | Response> {
  const bytes = await readBody(request, maxBytes);
  if (!isSigned || bytes instanceof Response) return bytes;
  return notAsSigned(request, bytes) ?? bytes;
}

/** 401 for a signed request with another body than the one that was signed; undefined where it is that one. */
export function notAsSigned(request: Request, bytes: Uint8Array<ArrayBuffer>): Response | undefined {
  // Where it is there, it is covered: `uncovered` has seen to that.
  const digest = request.headers.get("content-digest");
  if (digest === null) return bytes.length === 0 ? undefined : refusal("Expected a Content-Digest that the signature covers, since there is a body.");
  return isDigestOf(digest, bytes) ? undefined : refusal("The body is not that of its Content-Digest.");
}

function refusal(detail: string): Response {
  return problem({ status: 401, code: "invalid_signature", detail, headers: { "www-authenticate": 'Bearer realm="rivulet", error="invalid_token"' } });
}
