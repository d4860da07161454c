import { z } from "@hono/zod-openapi";
import { type CountedLimit, limitsOf } from "../../identity/key.ts";
import { isKeyId, newKeyText } from "../../identity/key-text.ts";
import { WRITTEN } from "../answer-headers.ts";
import type { Call, Endpoint } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { answer, answered, command, known, noKey, sealedSecret, seenOnce } from "../keys/commanded.ts";
import { keyShownOnce } from "../keys/shown.ts";
import { idempotencyKey, keyedConditional, precondition } from "../preconditions.ts";
import { problem } from "../problem.ts";
import { overlapSeconds } from "../overlap.ts";
import { refused } from "../refusal.ts";
import { cannotGive } from "../roles.ts";
import { missingScope } from "../scope.ts";
import { optionalBody, readOptional } from "../subscriptions/optional-body.ts";

const params = z.object({ id: z.string().max(200) });

const rotateBody = z
  .strictObject({ overlapSeconds: overlapSeconds("How long the one before counts as well") })
  .openapi("RotateKey", { example: { overlapSeconds: 3_600 } });

export const rotateKey: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "post",
  path: "/v1/keys/{id}/rotate",
  operationId: "rotateKey",
  scope: "admin:keys",
  summary: "Make the key anew; for a while the one before counts as well. Who rotates it needs every scope that it has",
  tag: "Identity",
  params,
  headers: keyedConditional,
  rawBody: optionalBody(rotateBody),
  answers: { 200: { description: "Rotated", schema: keyShownOnce, headers: WRITTEN } },
  problems: [404, 409, 412, 422, 429, 503],
  handle: rotate,
};

/** Whether a key may ask where the one who asks may not any more: he would have it in his hands. */
function isLessLimited(limits: readonly CountedLimit[], { limits: own = [] }: Call<unknown, unknown, unknown>["principal"]): boolean {
  return own.some(({ key }) => !limits.some((limit) => limit.key === key));
}

function lessLimited(): Response {
  return problem({
    status: 403,
    code: "forbidden",
    detail: "Your key has limits that this key does not have: whoever rotates a key is shown it, so it takes a key without them.",
  });
}

async function rotate(call: Call<{ id: string }, unknown, unknown>): Promise<Response> {
  const { services, principal, params } = call;
  const body = readOptional(call, rotateBody);
  if (body instanceof Response) return body;
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  const condition = precondition(call.request.headers);
  if (condition instanceof Response) return condition;
  return withKey(services, principal.tenant, idempotency, async () => {
    if (!isKeyId(params.id)) return noKey(params.id);
    const before = await answered(call, params.id, idempotency);
    const found = before ?? (await known(call, params.id));
    if (found instanceof Response) return found;
    if ("settings" in found && found.settings && isLessLimited(limitsOf(params.id, found.settings), principal)) return lessLimited();
    const unheld = "settings" in found ? await cannotGive(services, principal, found.settings?.roles ?? []) : undefined;
    if (unheld instanceof Response) return unheld;
    const made = newKeyText(principal.tenant, params.id);
    const until = body.overlapSeconds === 0 ? {} : { until: new Date(Date.now() + body.overlapSeconds * 1_000).toISOString() };
    const isSigning = "settings" in found && found.settings?.signing !== undefined;
    const sealed = isSigning ? await sealedSecret(call, params.id, made.secret) : undefined;
    if (sealed instanceof Response) return sealed;
    const data = { hash: made.hash, ...(sealed !== undefined && { signing: sealed }), scopes: principal.scopes, ...until };
    const sent = before ?? (await command(call, { id: params.id, name: "Rotate", data, idempotency, precondition: condition }));
    if (!sent.ok && sent.rejection === "no_such_key") return noKey(params.id);
    if (!sent.ok && sent.rejection === "missing_scope") return missingScope(sent.detail);
    if (!sent.ok) return refused(sent);
    return answer(params.id, sent, { status: 200, ...(!sent.replayed && { made: seenOnce(made, { tenant: principal.tenant, id: params.id, isSigning }) }) });
  });
}
