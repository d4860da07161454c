import { sign as octokitSign } from "@octokit/webhooks-methods";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { Webhook as SvixWebhook } from "svix";
import type { HeaderFields } from "../support/http.ts";

/** What a signer signs: a body, at a moment in seconds since 1970, under a secret, as the delivery of this id. */
export interface ToSign {
  readonly body: string;
  readonly secret: string;
  readonly timestamp: number;
  readonly id: string;
}

/** A producer as the tests see it: how it signs, by code that is not ours, and what it sends beside. */
export interface Producer {
  /** For PUT, without the secret. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: string;
  readonly otherSecret: string;
  readonly sign: (what: ToSign) => Promise<HeaderFields>;
  /** The headers beside the signature. */
  readonly headers: (id: string) => HeaderFields;
  /** A body of this producer for a delivery: unlike any other, and long. */
  readonly body: (id: string) => string;
  /** The headers without which nothing is proved. */
  readonly proofs: readonly string[];
  readonly isTimed: boolean;
}

const stripe = new Stripe("sk_test_none");

/** HMAC by WebCrypto, for producers that publish no library: our own code uses node:crypto. */
export async function macOf(hash: string, secret: string, text: string): Promise<Buffer> {
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash }, false, ["sign"]);
  return Buffer.from(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text)));
}

const stripeEvent = (id: string): string =>
  JSON.stringify({ id, object: "event", created: 1686089970, data: { object: { id: `in_${id}`, object: "invoice" } }, type: "invoice.paid" }, null, 2);

const standardBody = (id: string): string =>
  `{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z","data":{"id":"${id}","fullName":"Zoë  \\u00e9","amount":1.0}}`;

const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_WHSEC = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/** The producers whose deliveries are signed. */
export const PRODUCERS: Readonly<Record<string, Producer>> = {
  github: {
    settings: { scheme: "github" },
    secret: "it is a secret to everybody",
    otherSecret: "it is a secret to nobody",
    sign: async ({ secret, body }) => ({ "x-hub-signature-256": await octokitSign(secret, body) }),
    headers: (id) => ({ "x-github-event": "push", "x-github-delivery": id }),
    body: (id) => `{ "repository": {"full_name": "octo/${id}"}, "n": 1.0 }`,
    proofs: ["x-hub-signature-256"],
    isTimed: false,
  },
  stripe: {
    settings: { scheme: "stripe" },
    secret: "whsec_WQVIhPFNHaqZqCPsyTMwBJZSMI1RrLcx",
    otherSecret: "whsec_WQVIhPFNHaqZqCPsyTMwBJZSMI1RrLcy",
    sign: async ({ secret, body, timestamp }) => ({
      "stripe-signature": await stripe.webhooks.generateTestHeaderStringAsync({ payload: body, secret, timestamp }),
    }),
    headers: () => ({}),
    body: stripeEvent,
    proofs: ["stripe-signature"],
    isTimed: true,
  },
  shopify: {
    settings: { scheme: "shopify" },
    secret: "hush",
    otherSecret: "hush!",
    sign: async ({ secret, body }) => ({ "x-shopify-hmac-sha256": (await macOf("SHA-256", secret, body)).toString("base64") }),
    headers: (id) => ({ "x-shopify-topic": "orders/create", "x-shopify-shop-domain": "tea.myshopify.com", "x-shopify-webhook-id": id }),
    body: (id) => `{"id":820982911946154508,"email":"jon@example.com","note":"${id}","total_price":"409.94"}`,
    proofs: ["x-shopify-hmac-sha256"],
    isTimed: false,
  },
  slack: {
    settings: { scheme: "slack" },
    secret: "8f742231b10e8888abcd99yyyzzz85a5",
    otherSecret: "8f742231b10e8888abcd99yyyzzz85a6",
    sign: async ({ secret, body, timestamp }) => ({
      "x-slack-signature": `v0=${(await macOf("SHA-256", secret, `v0:${timestamp}:${body}`)).toString("hex")}`,
      "x-slack-request-timestamp": `${timestamp}`,
    }),
    headers: () => ({}),
    body: (id) =>
      `{"token":"z26uFbvR1xHJEdHE1OQiO6t8","team_id":"T123ABC456","api_app_id":"A123ABC456","event":{"type":"message","channel":"C-${id}","ts":"1.000200"},"type":"event_callback","event_id":"${id}","event_time":1234567890}`,
    proofs: ["x-slack-signature", "x-slack-request-timestamp"],
    isTimed: true,
  },
  standard: {
    settings: { scheme: "standard" },
    secret: WHSEC,
    otherSecret: OTHER_WHSEC,
    sign: async ({ secret, body, timestamp, id }) => ({
      "webhook-id": id,
      "webhook-timestamp": `${timestamp}`,
      "webhook-signature": new StandardWebhook(secret).sign(id, new Date(timestamp * 1000), body),
    }),
    headers: () => ({}),
    body: standardBody,
    proofs: ["webhook-id", "webhook-timestamp", "webhook-signature"],
    isTimed: true,
  },
  svix: {
    settings: { scheme: "standard" },
    secret: WHSEC,
    otherSecret: OTHER_WHSEC,
    sign: async ({ secret, body, timestamp, id }) => ({
      "svix-id": id,
      "svix-timestamp": `${timestamp}`,
      "svix-signature": new SvixWebhook(secret).sign(id, new Date(timestamp * 1000), body),
    }),
    headers: () => ({}),
    body: standardBody,
    proofs: ["svix-id", "svix-timestamp", "svix-signature"],
    isTimed: true,
  },
  ed25519: {
    settings: { scheme: "standard" },
    secret: "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
    otherSecret: "whsk_V0VCSE9PS0FTWU1NRVRSSUNURVNUUFJJVkFURUtFWTE=",
    sign: async ({ secret, body, timestamp, id }) => ({
      "webhook-id": id,
      "webhook-timestamp": `${timestamp}`,
      "webhook-signature": `v1a,${await ed25519(secret, `${id}.${timestamp}.${body}`)}`,
    }),
    headers: () => ({}),
    body: standardBody,
    proofs: ["webhook-id", "webhook-timestamp", "webhook-signature"],
    isTimed: true,
  },
  hmac: {
    settings: { scheme: "hmac", header: "X-Signature", algorithm: "sha512", encoding: "base64url", prefix: "sig=" },
    secret: "a secret of the shop",
    otherSecret: "a secret of the stop",
    sign: async ({ secret, body }) => ({ "x-signature": `sig=${(await macOf("SHA-512", secret, body)).toString("base64url")}` }),
    headers: (id) => ({ "x-event-id": id }),
    body: standardBody,
    proofs: ["x-signature"],
    isTimed: false,
  },
  "hmac with a timestamp": {
    settings: { scheme: "hmac", header: "X-Signature", algorithm: "SHA-256", encoding: "hex", timestampHeader: "X-Timestamp" },
    secret: "a secret of the shop",
    otherSecret: "a secret of the stop",
    sign: async ({ secret, body, timestamp }) => ({
      "x-signature": (await macOf("SHA-256", secret, `${timestamp}.${body}`)).toString("hex"),
      "x-timestamp": `${timestamp}`,
    }),
    headers: (id) => ({ "x-event-id": id }),
    body: standardBody,
    proofs: ["x-signature", "x-timestamp"],
    isTimed: true,
  },
};

/** PKCS #8 around the 32 bytes of an Ed25519 private key (RFC 8410, section 7). */
const PKCS8 = "302e020100300506032b657004220420";

async function privateKey(whsk: string): Promise<CryptoKey> {
  const der = Buffer.concat([Buffer.from(PKCS8, "hex"), Buffer.from(whsk.slice("whsk_".length), "base64")]);
  return crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
}

/** The signature of a text, in base64. */
export async function ed25519(whsk: string, text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.sign("Ed25519", await privateKey(whsk), new TextEncoder().encode(text))).toString("base64");
}

/** What the consumer gets of a secret: the public key of a private one, else the secret itself. */
export async function consumersPart(secret: string): Promise<string> {
  if (!secret.startsWith("whsk_")) return secret;
  const { x } = (await crypto.subtle.exportKey("jwk", await privateKey(secret))) as JsonWebKey;
  return `whpk_${Buffer.from(x as string, "base64url").toString("base64")}`;
}
