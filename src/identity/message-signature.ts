import { createHash, timingSafeEqual } from "node:crypto";

/** How far (seconds) the time in a signature may be from now, in the past or the future. */
export const SIGNATURE_WINDOW = 300;

/** A request's signature as RFC 9421 has it, taken apart; nothing of it is proved. */
export interface MessageSignature {
  /** What it covers, in order: names of headers, and derived components (`@method`). */
  readonly components: readonly string[];
  /** To the character, as it is signed. */
  readonly params: string;
  readonly created: number;
  readonly expires?: number;
  readonly keyid: string;
  readonly nonce: string;
  /** In base64. */
  readonly signature: string;
}

/** What of a request can be signed. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
}

/** One signature, in the one spelling that RFC 8941 would give it: what may be spelt in two ways may be read in two ways. */
const INPUT =
  /^([a-z*][a-z0-9_.*-]{0,62})=(\(((?:"@?[a-z0-9-]{1,100}"(?: "@?[a-z0-9-]{1,100}")*)?)\)((?:;[a-z]{1,20}=(?:\d{1,12}|"[\x20\x21\x23-\x5b\x5d-\x7e]{0,300}"))*))$/;
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{16,128}$/;
const DERIVED: ReadonlySet<string> = new Set(["@method", "@authority", "@path", "@query"]);
/** Headers that say what a request means: one that is there and not signed could be anybody's. */
const MEANING: ReadonlySet<string> = new Set(["content-type", "content-digest", "idempotency-key", "if-match", "if-none-match"]);

/** Takes the signature of a request apart; undefined where it has none that is taken here: one label, `hmac-sha256`, with `created`, `keyid` and `nonce`. */
export function messageSignature(headers: Headers): MessageSignature | undefined {
  const input = headers.get("signature-input") ?? "";
  if (input.length > 4_096) return undefined;
  const [, label, params, list = "", rest = ""] = INPUT.exec(input) ?? [];
  const [, signedLabel, signature] = /^([a-z*][a-z0-9_.*-]{0,62})=:([A-Za-z0-9+/]{43}=):$/.exec(headers.get("signature") ?? "") ?? [];
  if (label === undefined || params === undefined || signature === undefined || label !== signedLabel) return undefined;
  const components = list === "" ? [] : list.split(" ").map((quoted) => quoted.slice(1, -1));
  const given = [...rest.matchAll(/;([a-z]+)=(\d+|"[^"]*")/g)].map(([, name = "", value = ""]) => [name, value] as const);
  const values = new Map(given);
  const isKnown = given.every(([name]) => ["created", "expires", "keyid", "nonce", "alg", "tag"].includes(name));
  if (!isKnown || values.size !== given.length || new Set(components).size !== components.length) return undefined;
  const [created, expires] = [values.get("created"), values.get("expires")].map((value) => (value === undefined ? undefined : wholeOf(value)));
  const [keyid, nonce, alg] = ["keyid", "nonce", "alg"].map((name) => textOf(values.get(name)));
  if (created === undefined || keyid === undefined || nonce === undefined || !NONCE.test(nonce)) return undefined;
  if ((values.has("alg") && alg !== "hmac-sha256") || (values.has("expires") && expires === undefined)) return undefined;
  return { components, params, created, ...(expires !== undefined && { expires }), keyid, nonce, signature };
}

function wholeOf(value: string): number | undefined {
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

function textOf(value: string | undefined): string | undefined {
  return value?.startsWith('"') ? value.slice(1, -1) : undefined;
}

/** What is signed (RFC 9421, section 2.5); undefined where it covers what is not there, or what is not known here. */
export function signatureBase({ components, params }: Pick<MessageSignature, "components" | "params">, request: SignedRequest): string | undefined {
  const lines: string[] = [];
  for (const name of components) {
    const value = name.startsWith("@") ? derived(name, request) : request.headers.get(name)?.trim();
    if (value === undefined) return undefined;
    lines.push(`"${name}": ${value}`);
  }
  return [...lines, `"@signature-params": ${params}`].join("\n");
}

function derived(name: string, { method, url }: SignedRequest): string | undefined {
  if (!DERIVED.has(name)) return undefined;
  const { host, pathname, search } = new URL(url);
  if (name === "@method") return method;
  if (name === "@authority") return host;
  return name === "@path" ? pathname : search === "" ? "?" : search;
}

/** What of a request is not covered and must be: its method, its path, its query where it has one, and every header that says what it means. */
export function uncovered({ components }: Pick<MessageSignature, "components">, { url, headers }: SignedRequest): string | undefined {
  const needed = ["@method", "@path", ...(new URL(url).search === "" ? [] : ["@query"])];
  for (const [name] of headers) if (MEANING.has(name) || name.startsWith("ce-")) needed.push(name);
  return needed.find((name) => !components.includes(name));
}

/** Whether a `Content-Digest` (RFC 9530) is that of these bytes: at least one of sha-256 and sha-512, and each of those that is there. */
export function isDigestOf(header: string, bytes: Uint8Array): boolean {
  const members = header.split(",").map((member) => /^\s*([a-z0-9-]+)=:([A-Za-z0-9+/]+={0,2}):\s*$/.exec(member));
  if (members.includes(null)) return false;
  const known = members.filter((member) => member?.[1] === "sha-256" || member?.[1] === "sha-512");
  return known.length > 0 && known.every((member) => isSame(member?.[2] ?? "", digestOf(member?.[1] === "sha-256" ? "sha256" : "sha512", bytes)));
}

function digestOf(hash: string, bytes: Uint8Array): string {
  return createHash(hash).update(bytes).digest("base64");
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
