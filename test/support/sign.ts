import { createHash, createHmac, randomUUID } from "node:crypto";

/** The secret of a key that signs, as it is shown once. */
export interface SigningKey {
  readonly keyid: string;
  readonly secret: string;
}

/** What is signed, and whatever is to be other than a well-behaved client has it. */
export interface Signing {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Covered, in the place of what is there. */
  readonly components?: readonly string[];
  /** Seconds since 1970. */
  readonly created?: number;
  readonly nonce?: string;
  /** Behind the other parameters, as it stands there. */
  readonly more?: string;
  readonly label?: string;
  readonly params?: string;
}

/** The body's digest as RFC 9530 writes it. */
export function contentDigest(body: string, hash: "sha-256" | "sha-512" = "sha-256"): string {
  return `${hash}=:${createHash(hash.replace("-", "")).update(body).digest("base64")}:`;
}

/** The headers of a signed request (RFC 9421), made here by itself: all that it has is covered, and its body by its digest. */
export function signed({ keyid, secret }: SigningKey, signing: Signing): Readonly<Record<string, string | undefined>> {
  const { method = "GET", path, body, label = "sig1", created = Math.floor(Date.now() / 1_000), nonce = randomUUID(), more = "" } = signing;
  const url = new URL(`http://rivulet.test${path}`);
  const headers: Record<string, string> = {
    ...(body !== undefined && { "content-type": "application/json", "content-digest": contentDigest(body) }),
    ...signing.headers,
  };
  const derived: Readonly<Record<string, string>> = {
    "@method": method,
    "@authority": url.host,
    "@path": url.pathname,
    "@query": url.search === "" ? "?" : url.search,
  };
  const components = signing.components ?? ["@method", "@path", ...(url.search === "" ? [] : ["@query"]), ...Object.keys(headers)];
  const list = components.map((name) => `"${name}"`).join(" ");
  const params = signing.params ?? `(${list});created=${created};keyid="${keyid}";nonce="${nonce}";alg="hmac-sha256"${more}`;
  const base = [...components.map((name) => `"${name}": ${derived[name] ?? headers[name] ?? ""}`), `"@signature-params": ${params}`].join("\n");
  const signature = createHmac("sha256", secret).update(base).digest("base64");
  return { ...headers, authorization: undefined, "signature-input": `${label}=${params}`, signature: `${label}=:${signature}:` };
}
