import { administrativeAct, AUDIT_LOG, uuid7 } from "../kernel/index.ts";
import type { RequestContext } from "./endpoint.ts";
import { platformMetadata } from "./metadata.ts";
import type { Principal } from "./principal.ts";
import { type Needed, scopesOf } from "./scope.ts";
import type { Services } from "./services.ts";

/** Who did what, as the request says. */
export interface Act extends RequestContext {
  readonly request: Request;
  readonly principal: Principal;
  readonly services: Pick<Services, "objectFor" | "deny" | "beginAct" | "settleAct">;
  readonly endpoint: { readonly operationId: string; readonly method: string; readonly scope: Needed };
}

/** Refusals that are a matter of who asks: what nobody may is no denial. */
const DENIALS: ReadonlySet<string> = new Set(["missing_scope", "forbidden"]);

/**
 * Has a request done, and keeps the audit log of it. An administrative act is noted before it is done: where nobody lives to say what
 * became of it, the log says that it was begun.
 */
export async function audited(act: Act, handle: () => Promise<Response>): Promise<Response> {
  const begun = isAct(act) ? await begin(act) : undefined;
  const answer = await handle();
  if (answer.status === 403) return settled(act, begun, await auditDenial(act, answer));
  const isSaid = begun === undefined || (answer.status < 500 && (await auditAct(act, answer)));
  return isSaid ? settled(act, begun, answer) : answer;
}

function isAct({ endpoint }: Act): boolean {
  return endpoint.method !== "get" && scopesOf(endpoint.scope).some((scope) => scope.startsWith("admin:"));
}

/** What is said of a request. */
function told({ endpoint, request }: Act) {
  const from = request.headers.get("cf-connecting-ip")?.slice(0, 100);
  const path = new URL(request.url).pathname.slice(0, 1_000);
  return { operation: endpoint.operationId, method: request.method, path, ...(from !== undefined && { from }) };
}

async function begin(act: Act): Promise<string> {
  const id = uuid7(Date.now());
  await act.services.beginAct(act.principal.tenant, id, { act: told(act), metadata: platformMetadata(act, act.principal.actor) });
  return id;
}

/** That it fails is no reason to answer otherwise: then the log says once more that it was begun. */
async function settled({ services, principal }: Act, begun: string | undefined, answer: Response): Promise<Response> {
  if (begun !== undefined)
    await services
      .settleAct(principal.tenant, begun)
      .catch((fault: unknown) => console.warn("api: an act stays noted as begun", principal.tenant, String(fault)));
  return answer;
}

/** Counts a refusal in the audit log where it is a denial. That it fails is no reason to answer otherwise. */
export async function auditDenial(
  {
    services,
    principal,
    endpoint,
  }: { readonly services: Pick<Services, "deny">; readonly principal: Principal; readonly endpoint: Pick<Act["endpoint"], "operationId"> },
  refusal: Response,
): Promise<Response> {
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
 * Writes an administrative act that was done into the audit log: who, what, from where, and where its change stands; whoever asks again under
 * the same Idempotency-Key brings there what was lost. False where something is missing.
 */
async function auditAct(act: Act, answer: Response): Promise<boolean> {
  const { services, principal, endpoint } = act;
  const [, stream, version] = /^([^@+]+)@(\d+)$/.exec(answer.headers.get("consistency-token") ?? "") ?? [];
  const isReplay = answer.headers.has("idempotency-replayed");
  if (!answer.ok || (isReplay && stream === undefined)) return true;
  const entry = administrativeAct({ ...told(act), status: answer.status, ...(stream !== undefined && { stream, version: Number(version) }) });
  const write = (id?: string) =>
    services.objectFor(principal.tenant, AUDIT_LOG).append({
      events: [{ ...entry, ...(id !== undefined && { id }), metadata: platformMetadata(act, principal.actor) }],
      precondition: { kind: "none" },
    });
  try {
    let result = await write(stream && `${stream}@${version}/${endpoint.operationId}/${principal.actor}`);
    const isThere = result.ok ? !result.created : result.code === "event_id_reused";
    if (isThere && isReplay) return true;
    // The same was asked for once more, and changed nothing: that is an act, too.
    if (isThere) result = await write();
    if (!result.ok) console.error("api: an act is missing in the audit log", principal.tenant, endpoint.operationId, result.code);
    return result.ok;
  } catch (fault) {
    console.error("api: an act is missing in the audit log", principal.tenant, endpoint.operationId, fault);
    return false;
  }
}
