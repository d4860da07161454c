import type { IdempotencyKey } from "../../durable-objects/aggregate/contract.ts";
import { json } from "./answer.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/**
 * Does keyed work once per key and tenant: 422 where the key was used for another request. Only what succeeded is remembered. The
 * stream's own object gives the first answer again; this is for a key that comes with another path.
 */
export async function withKey(services: Services, tenant: string, idempotency: IdempotencyKey | undefined, work: () => Promise<Response>): Promise<Response> {
  if (idempotency === undefined) return work();
  const { key, fingerprint } = idempotency;
  const registry = services.keyRegistryFor(tenant, key);
  if (!(await registry.isFree(key, fingerprint))) {
    return problem({ status: 422, code: "idempotency_key_reused", detail: `The Idempotency-Key "${key}" was first used for another request.` });
  }
  const answer = await work();
  if (answer.ok && !answer.headers.has("idempotency-replayed")) await registry.keep(key, fingerprint);
  return answer;
}

/** As `withKey`, for work that keeps no answer itself: its 2xx is kept as JSON, and given again with the same status. */
export async function withKeptAnswer(
  services: Services,
  tenant: string,
  idempotency: IdempotencyKey | undefined,
  work: () => Promise<Response>,
): Promise<Response> {
  return withKey(services, tenant, idempotency, async () => {
    if (idempotency === undefined) return work();
    const registry = services.keyRegistryFor(tenant, idempotency.key);
    const kept = await registry.answer(idempotency.key);
    if (kept !== undefined) {
      const { status, location, body } = JSON.parse(kept) as Kept;
      return json(body, status, { ...(location !== null && { location }), "idempotency-replayed": "true" });
    }
    const answer = await work();
    if (!answer.ok) return answer;
    const body: unknown = await answer.clone().json();
    await registry.keepAnswer(idempotency.key, JSON.stringify({ status: answer.status, location: answer.headers.get("location"), body } satisfies Kept));
    return answer;
  });
}

interface Kept {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}
