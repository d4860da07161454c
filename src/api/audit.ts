import { administrativeAct, AUDIT_LOG } from "../kernel/index.ts";
import type { RequestContext } from "./endpoint.ts";
import { platformMetadata } from "./metadata.ts";
import type { Principal } from "./principal.ts";
import { type Needed, scopesOf } from "./scope.ts";
import type { Services } from "./services.ts";

/** Who did what, as the request says. */
export interface Act extends RequestContext {
  readonly request: Request;
  readonly principal: Principal;
  readonly services: Pick<Services, "objectFor" | "deny">;
  readonly endpoint: { readonly operationId: string; readonly method: string; readonly scope: Needed };
}

/** Refusals that are a matter of who asks: what nobody may is no denial. */
const DENIALS: ReadonlySet<string> = new Set(["missing_scope", "forbidden"]);

/** Counts a refusal in the audit log where it is a denial. That it fails is no reason to answer otherwise. */
export async function auditDenial({ services, principal, endpoint }: Pick<Act, "services" | "principal" | "endpoint">, refusal: Response): Promise<Response> {
  if (refusal.status !== 403) return refusal;
  try {
    const { code } = (await refusal.clone().json()) as { code?: string };
    if (DENIALS.has(code ?? "")) await services.deny(principal.tenant, principal.actor, endpoint.operationId);
  } catch (fault) {
    console.warn("api: a denial was not counted", principal.tenant, String(fault));
  }
  return refusal;
}

/**
 * Writes an administrative act that was done into the audit log: who, what, from where, and where its change stands. The change is kept in its
 * own stream, whatever becomes of this; where it was lost between the two, whoever asks again under the same Idempotency-Key brings it there.
 */
export async function auditAct(act: Act, answer: Response): Promise<Response> {
  const { services, principal, endpoint, request } = act;
  const isAct = endpoint.method !== "get" && scopesOf(endpoint.scope).some((scope) => scope.startsWith("admin:"));
  const [, stream, version] = /^([^@+]+)@(\d+)$/.exec(answer.headers.get("consistency-token") ?? "") ?? [];
  const isReplay = answer.headers.has("idempotency-replayed");
  if (!isAct || !answer.ok || (isReplay && stream === undefined)) return answer;
  const from = request.headers.get("cf-connecting-ip")?.slice(0, 100);
  const entry = administrativeAct({
    operation: endpoint.operationId,
    method: request.method,
    path: new URL(request.url).pathname.slice(0, 1_000),
    status: answer.status,
    ...(from !== undefined && { from }),
    ...(stream !== undefined && { stream, version: Number(version) }),
  });
  const write = (id?: string) =>
    services.objectFor(principal.tenant, AUDIT_LOG).append({
      events: [{ ...entry, ...(id !== undefined && { id }), metadata: platformMetadata(act, principal.actor) }],
      precondition: { kind: "none" },
    });
  try {
    let result = await write(stream && `${stream}@${version}/${endpoint.operationId}/${principal.actor}`);
    const isThere = result.ok ? !result.created : result.code === "event_id_reused";
    if (isThere && isReplay) return answer;
    // The same was asked for once more, and changed nothing: that is an act, too.
    if (isThere) result = await write();
    if (!result.ok) console.error("api: an act is missing in the audit log", principal.tenant, endpoint.operationId, result.code);
  } catch (fault) {
    console.error("api: an act is missing in the audit log", principal.tenant, endpoint.operationId, fault);
  }
  return answer;
}
