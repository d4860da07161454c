import type { IdempotencyKey } from "../../../durable-objects/aggregate/contract.ts";
import { uuid7 } from "../../kernel/index.ts";
import type { Services } from "../services.ts";

/**
 * The id of a subscription that is to be made: new, or, where the request has an `Idempotency-Key`, the one that was made for this key
 * before, so that a repeat of a request whose answer was lost is about the same subscription.
 */
export async function newSubscriptionId(services: Services, tenant: string, idempotency: IdempotencyKey | undefined): Promise<string> {
  const id = uuid7(Date.now());
  if (idempotency === undefined) return id;
  const registry = services.keyRegistryFor(tenant, idempotency.key);
  // No client's key has such a character, so this is beside the answer that the key itself may have.
  const kept = `\u0001${idempotency.key}`;
  await registry.keepAnswer(kept, id);
  return (await registry.answer(kept)) ?? id;
}
