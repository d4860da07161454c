import { z } from "zod";
import type { PaymentProvider } from "../domains/commerce/index.ts";
import { askService, type HttpServiceGiven, sentKey } from "./http-service.ts";

const answer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("captured"), reference: z.string().min(1).max(200) }),
  z.object({ outcome: z.literal("declined"), reason: z.string().min(1).max(1_000) }),
  z.object({ outcome: z.literal("pending") }),
]);
const answers = z.union([answer, z.array(answer).max(10)]);

/**
 * A payment provider over HTTP: `POST charges`, `POST cancellations` and `POST refunds` below its URL, each taken once for its
 * `Idempotency-Key`. It answers a charge with `{"outcome":"captured","reference"}`, `{"outcome":"declined","reason"}` or
 * `{"outcome":"pending"}`; a 4xx declines, too. A cancellation names the key of its charge as `chargeKey`; 404 knows of no such charge.
 */
export function httpPayments(given: HttpServiceGiven): PaymentProvider {
  return {
    async charge(charge, key) {
      const asked = await askService(given, { name: "payment provider", path: "charges", key, body: charge }, answers);
      return asked.ok ? asked.answer : { outcome: "declined", reason: asked.reason };
    },
    async cancel(charge, key) {
      const body = { ...charge, chargeKey: sentKey(key) };
      const asked = await askService(given, { name: "payment provider", path: "cancellations", key: `${key}/cancel`, body }, z.unknown());
      if (!asked.ok && asked.status !== 404) throw new Error(`The payment provider cancels nothing: ${asked.reason}`);
    },
    async refund(refund, key) {
      const asked = await askService(given, { name: "payment provider", path: "refunds", key, body: refund }, z.unknown());
      // Money that was not given back is nothing to be content with: it is tried again, and becomes a dead letter.
      if (!asked.ok) throw new Error(`The payment provider gives nothing back: ${asked.reason}`);
    },
  };
}
