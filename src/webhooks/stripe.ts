import { timeOfEpoch } from "./time-of-epoch.ts";
import { verifyHmac } from "./hmac.ts";
import { missingValues } from "./inbound.ts";
import { firstValue, textAt } from "./payload.ts";
import type { Scheme } from "./scheme.ts";
import { typeWords } from "./names.ts";

/**
 * Stripe's events (https://docs.stripe.com/webhooks#verify-manually): `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`, each v1 an
 * HMAC-SHA-256 over `<t>.<body>`; the secret is the whole text `whsec_…`. `v0` is for test events alone and counts for nothing.
 * Events of the API's second version are thin: they name a related object (https://docs.stripe.com/api/v2/core/events/event_types).
 */
export const stripe: Scheme = {
  signature: {
    says: "`Stripe-Signature` over `<t>.<body>`, 300 s",
    claim({ headers, body }) {
      const fields = (headers.get("stripe-signature") ?? "").split(",").map((field) => field.trim());
      const valuesOf = (name: string): readonly string[] => fields.filter((field) => field.startsWith(`${name}=`)).map((field) => field.slice(name.length + 1));
      const [timestamp, second] = valuesOf("t");
      const anyOf = valuesOf("v1");
      if (timestamp === undefined || second !== undefined || anyOf.length === 0) return undefined;
      return { signatures: { encoding: "hex", anyOf }, signed: [timestamp, ".", body], timestamp };
    },
    verify: ({ signatures, signed }, secret) => verifyHmac("SHA-256", secret, signatures, signed),
  },
  id: {
    says: "`body.id` (`evt_…`)",
    of: ({ payload }) => textAt(payload, "id") ?? missingValues([{ path: "body.id", message: "is missing: expected the event's id" }]),
  },
  type: {
    says: "`stripe.<body.type>`",
    of({ payload }) {
      const type = textAt(payload, "type");
      return type === undefined ? missingValues([{ path: "body.type", message: "is missing: expected the event's type" }]) : `stripe.${typeWords(type)}`;
    },
  },
  stream: {
    says: "`stripe-<id>` of `data.object` or `related_object`, else of its customer, else of the account, else `unknown`",
    of: ({ payload }) => ({
      category: "stripe",
      id: firstValue(payload, "data.object.id", "related_object.id", "data.object.customer", "account") ?? "unknown",
    }),
  },
  time: {
    says: "`body.created`",
    of({ payload }) {
      const created = firstValue(payload, "created");
      return timeOfEpoch(created) ?? created;
    },
  },
};
