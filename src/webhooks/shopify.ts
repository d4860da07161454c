import { verifyHmac } from "./hmac.ts";
import { missingHeader } from "./inbound.ts";
import { typeWords } from "./names.ts";
import { firstValue } from "./payload.ts";
import type { Scheme } from "./scheme.ts";

/**
 * Shopify's webhooks (https://shopify.dev/docs/apps/build/webhooks/subscribe/https): HMAC-SHA-256 over the raw body in base64.
 * The id is the delivery's, which stays the same when it is tried again. `X-Shopify-Event-Id` names the merchant's act, which several
 * topics may share: `orders/create` and `orders/paid` of one order would be taken for each other.
 */
export const shopify: Scheme = {
  signature: {
    says: "`X-Shopify-Hmac-Sha256` over the body",
    claim({ headers, body }) {
      const signature = headers.get("x-shopify-hmac-sha256");
      return signature ? { signatures: { encoding: "base64", anyOf: [signature] }, signed: body } : undefined;
    },
    verify: ({ signatures, signed }, secret) => verifyHmac("SHA-256", secret, signatures, signed),
  },
  id: {
    says: "`X-Shopify-Webhook-Id`, else `X-Shopify-Event-Id`",
    of: ({ headers }) => headers.get("x-shopify-webhook-id") || headers.get("x-shopify-event-id") || missingHeader("X-Shopify-Webhook-Id"),
  },
  type: {
    says: "`shopify.<topic>`, its `/` as `.`",
    of({ headers }) {
      const topic = headers.get("x-shopify-topic");
      return topic ? `shopify.${typeWords(topic.replaceAll("/", "."))}` : missingHeader("X-Shopify-Topic");
    },
  },
  stream: {
    says: "`shopify-<shop>:<resource>:<body.id>`, the resource being the topic's first part",
    of({ headers, payload }) {
      const [resource] = (headers.get("x-shopify-topic") ?? "").split("/");
      return { category: "shopify", id: [headers.get("x-shopify-shop-domain") || "unknown", resource, firstValue(payload, "id")].filter(Boolean).join(":") };
    },
  },
  time: {
    says: "`X-Shopify-Triggered-At`",
    of: ({ headers }) => headers.get("x-shopify-triggered-at") ?? undefined,
  },
};
