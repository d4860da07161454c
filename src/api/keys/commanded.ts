import type { Executed, IdempotencyKey, Precondition, Refusal } from "../../../durable-objects/aggregate/contract.ts";
import { KEY_CATEGORY, keyContext, type KeyState, keyStream } from "../../identity/key.ts";
import { isKeyId, keyIdText, type newKeyText } from "../../identity/key-text.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import type { Call } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { noMasterKey } from "../no-master-key.ts";
import { nameOf } from "../principal.ts";
import { notFound } from "../problem.ts";
import { shownKey } from "./shown.ts";

/** Who asks for what is done to a key. */
export type KeyCall<Params = unknown> = Pick<Call<Params, unknown, unknown>, "services" | "principal" | "correlationId" | "trace">;

/** What was answered to this `Idempotency-Key` before: nothing is made for it twice. */
export async function answered({ services, principal }: KeyCall, id: string, idempotency: IdempotencyKey | undefined): Promise<Executed | Refusal | undefined> {
  return idempotency && ((await services.objectFor(principal.tenant, keyStream(id)).answered(idempotency)) as Executed | Refusal | undefined);
}

/** The secret of a key that signs, sealed; 503 where nothing can be. */
export async function sealedSecret({ services, principal }: KeyCall, id: string, secret: string): Promise<string | Response> {
  return services.sealer === undefined ? noMasterKey() : services.sealer.seal(secret, keyContext(principal.tenant, id));
}

/** What is seen of a key this once: its text, or, of one that signs, its secret by itself. */
export function seenOnce(
  { text, secret }: ReturnType<typeof newKeyText>,
  { tenant, id, isSigning }: { tenant: string; id: string; isSigning: boolean },
): object {
  return isSigning ? { signingKey: { keyid: keyIdText(tenant, id), secret } } : { key: text };
}

/** A command to a key's aggregate. */
export interface KeyCommand {
  readonly id: string;
  readonly name: string;
  readonly data: object;
  readonly idempotency?: IdempotencyKey | undefined;
  /** What must hold of the key; left out, nothing. */
  readonly precondition?: Precondition;
}

/** Sends it. */
export async function command(call: KeyCall, { id, name, data, idempotency, precondition = { kind: "none" } }: KeyCommand): Promise<Executed | Refusal> {
  const { services, principal } = call;
  const sent = await services.send({
    tenant: principal.tenant,
    category: KEY_CATEGORY,
    id,
    command: name,
    data,
    precondition,
    ...(idempotency && { idempotency }),
    source: "/v1/keys",
    metadata: platformMetadata(call, principal.actor),
  });
  // Other isolates find it out within the time that they believe what they know.
  services.keys.forget(nameOf({ tenant: principal.tenant, id }));
  return sent;
}

/** How a key is answered, and what is seen of it this once. */
export interface Answered {
  readonly status: number;
  readonly made?: object;
  readonly location?: string;
}

/** The key as its aggregate has it now. */
export function answer(id: string, sent: Executed, { status, made, location }: Answered): Response {
  const { settings, previous } = JSON.parse(sent.state) as KeyState & { readonly settings: NonNullable<KeyState["settings"]> };
  const body = { ...shownKey({ id, ...settings }), ...made, ...(previous && { previousUntil: previous.until }) };
  return json(body, status, {
    "cache-control": "no-store",
    etag: `"${sent.version}"`,
    "consistency-token": consistencyToken(keyStream(id), sent.version),
    ...(location !== undefined && { location }),
    ...(sent.replayed && { "idempotency-replayed": "true" }),
  });
}

/** A key's aggregate; 404 where there is no such key (any more). */
export async function known({ services, principal }: KeyCall, id: string): Promise<(KeyState & { readonly version: number }) | Response> {
  if (!isKeyId(id)) return noKey(id);
  const { state, version } = await services.objectFor(principal.tenant, keyStream(id)).state();
  const found = JSON.parse(state) as KeyState;
  return found.settings === undefined || found.isRevoked ? noKey(id) : { ...found, version };
}

/** 404. */
export function noKey(id: string): Response {
  return notFound(`There is no key ${id}.`);
}
