import type { SubscriptionSettings } from "../../followers/subscription.ts";
import type { SealContext } from "../../kernel/index.ts";
import type { Sealer } from "../../webhooks/seal.ts";
import type { SubscriptionInput } from "./input.ts";

type Sink = SubscriptionSettings["sink"];
export type PushSink = Extract<Sink, { kind: "push" }>;
type Headers = Readonly<Record<string, string>>;

/** What seals a subscription's secrets, and to what it binds them. */
export interface Seal {
  readonly sealer: Sealer;
  readonly context: SealContext;
}

/**
 * A sink as the aggregate keeps it: secret and headers sealed. Sealed anew each time, the same text looks like another one, so what was
 * there (`now`) is kept where it holds the same: then the same settings decide nothing.
 */
export async function sealedSink(seal: Seal, wanted: SubscriptionInput["sink"] & { readonly url: string }, now?: PushSink): Promise<PushSink> {
  const { sealer, context } = seal;
  const { url, secret, headers = {} } = wanted;
  const sealedHeaders = now !== undefined && isSame((await openHeaders(seal, now)) ?? {}, headers) ? now.headers : await sealedText(seal, headers);
  const isKept = now !== undefined && (secret === undefined || (await sealer.open(now.secret, context)) === secret);
  if (isKept) return { ...now, url, headers: sealedHeaders };
  return { kind: "push", url, headers: sealedHeaders, secret: await sealer.seal(secret ?? "", context) };
}

/** A sink whose secret is another one from now on; the one before signs as well until then (RFC 3339), where that is said. */
export async function rotatedSink({ sealer, context }: Seal, now: PushSink, secret: string, until: string | undefined): Promise<PushSink> {
  const { previous: _, ...others } = now;
  return { ...others, secret: await sealer.seal(secret, context), ...(until !== undefined && { previous: { secret: now.secret, until } }) };
}

/** A sink's headers; undefined where they cannot be opened. */
export async function openHeaders({ sealer, context }: Seal, { headers }: PushSink): Promise<Headers | undefined> {
  if (headers === "") return {};
  const text = await sealer.open(headers, context);
  return text === undefined ? undefined : (JSON.parse(text) as Headers);
}

async function sealedText({ sealer, context }: Seal, headers: Headers): Promise<string> {
  return Object.keys(headers).length === 0 ? "" : sealer.seal(JSON.stringify(headers), context);
}

function isSame(one: Headers, other: Headers): boolean {
  return JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
}
