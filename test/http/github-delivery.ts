import examples from "@octokit/webhooks-examples" with { type: "json" };
import { type Answer, type HeaderFields, ok, send } from "../support/http.ts";

export const SECRET = "it is a secret to everybody";

export interface Payload {
  readonly action?: string;
  readonly repository?: { readonly full_name?: string };
  readonly organization?: { readonly login?: string };
  readonly sender?: { readonly login?: string };
  readonly [key: string]: unknown;
}

/** The package's example payloads by the name of their event, as GitHub documents them. */
export const definitions = examples as unknown as readonly { readonly name: string; readonly examples: readonly Payload[] }[];

export interface Delivery {
  /** The exact body; an object goes as JSON. */
  readonly payload: unknown;
  readonly event?: string;
  readonly id?: string;
  readonly secret?: string;
  readonly tenant?: string;
  readonly source?: string;
  /** Headers to add, to change, or with undefined to take away. */
  readonly headers?: HeaderFields;
}

/** The signature GitHub sends in X-Hub-Signature-256; unlike octokit's `sign` it takes an empty body. */
export async function sign(secret: string, body: string): Promise<string> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(body));
  return `sha256=${Array.from(new Uint8Array(mac), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Delivers as GitHub does: signed, and without a key of ours. */
export async function deliver({
  payload,
  event = "push",
  id = crypto.randomUUID(),
  secret = SECRET,
  tenant = "default",
  source = "github",
  headers = {},
}: Delivery): Promise<Answer> {
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  return send("POST", `/v1/webhooks/${tenant}/${source}`, body, {
    authorization: undefined,
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-event": event,
    "x-github-delivery": id,
    "x-hub-signature-256": await sign(secret, body),
    ...headers,
  });
}

/** The stream that API.md's defaults give a payload. */
export function streamOf({ repository, organization, sender }: Payload): string {
  const name = repository?.full_name?.replace("/", ":") ?? organization?.login ?? sender?.login ?? "unknown";
  return `github-${name.replaceAll(/[^A-Za-z0-9._~:-]/g, "_")}`;
}

/** The type that API.md's defaults give a payload. */
export function typeOf(event: string, { action }: Payload): string {
  return action === undefined ? `github.${event}` : `github.${event}.${action}`;
}

/** Makes, or changes, a source of the scheme github. */
export async function putSource(tenant = "default", source = "github", secret = SECRET): Promise<Answer> {
  const answer = await send("PUT", `/v1/sources/${source}`, { scheme: "github", secret }, { "tenant-id": tenant });
  ok(answer);
  return answer;
}
