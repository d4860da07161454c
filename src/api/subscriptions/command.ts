import type { Executed, IdempotencyKey, Precondition, Refusal } from "../../../durable-objects/aggregate/contract.ts";
import { HANDLER_CATEGORY, handlerStream } from "../../followers/handler-operations.ts";
import { SUBSCRIPTION_CATEGORY, type SubscriptionState, subscriptionStream } from "../../followers/subscription.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import type { Call } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { refused } from "../refusal.ts";
import { shownSubscription } from "./shown.ts";
import { noSubscription } from "./state.ts";

/** A command's data, and the version that it was made for, where it holds for that one only. */
export interface Prepared {
  readonly data: object;
  readonly version?: number;
}

/** A command to what tells a follower what to do. */
export interface Told {
  readonly kind: "subscription" | "handler";
  /** A subscription's id, or a handler's name. */
  readonly id: string;
  readonly command: string;
  /** Asked only where the command was not answered before, and again where somebody came between; an answer where it is refused. */
  readonly prepare: () => Promise<Prepared | Response> | Prepared;
  readonly precondition?: Precondition;
  readonly idempotency?: IdempotencyKey | undefined;
}

/** Sends a command, and sees to it that the follower acts at once. An answer where it is refused. */
export async function tell(call: Call<unknown, unknown, unknown>, told: Told): Promise<Executed | Response> {
  const { services, principal } = call;
  const { kind, id, idempotency } = told;
  const stream = kind === "subscription" ? subscriptionStream(id) : handlerStream(id);
  // A repeat is a repeat whatever has become of what it was about.
  const before = idempotency && ((await services.objectFor(principal.tenant, stream).answered(idempotency)) as Executed | Refusal | undefined);
  const sent = before ?? (await sendTold(call, told));
  if (sent instanceof Response) return sent;
  if (!sent.ok) return sent.rejection === "no_such_subscription" ? noSubscription(id) : refused(sent);
  // Also after a repeat: the first time may have ended before this.
  await services.follower(principal.tenant, kind, id).told();
  return sent;
}

/** Times that somebody else may have been faster in changing the same subscription. */
const ATTEMPTS = 30;
/** Milliseconds by chance before the next attempt, at most: those who came at once part ways. */
const MOST_PAUSE = 50;

async function sendTold(call: Call<unknown, unknown, unknown>, told: Told): Promise<Executed | Refusal | Response> {
  const { services, principal } = call;
  const { kind, id, command, idempotency, precondition = { kind: "none" } } = told;
  for (let attempt = 1; ; attempt++) {
    const prepared = await told.prepare();
    if (prepared instanceof Response) return prepared;
    const { data, version } = prepared;
    // What was read is what is changed: where the client does not name a version itself, nothing may come between.
    const isOurs = (precondition.kind === "none" || precondition.kind === "exists") && version !== undefined;
    const sent = await services.send({
      tenant: principal.tenant,
      category: kind === "subscription" ? SUBSCRIPTION_CATEGORY : HANDLER_CATEGORY,
      id,
      command,
      data,
      precondition: isOurs ? { kind: "version", version } : precondition,
      ...(idempotency && { idempotency }),
      source: `/v1/${kind}s`,
      metadata: platformMetadata(call, principal.actor),
    });
    if (sent.ok || !isOurs || sent.code !== "version_mismatch") return sent;
    if (attempt === ATTEMPTS) return { ok: false, code: "overloaded", detail: `The ${kind} changed ${ATTEMPTS} times meanwhile.` };
    await scheduler.wait(Math.random() * MOST_PAUSE);
  }
}

/** What an answer to a command says beside the subscription. */
interface Answered {
  readonly status?: number;
  readonly location?: string;
  readonly position?: number;
  /** One that was made, shown this once. */
  readonly secret?: string;
}

/** A subscription as a command left it: the same answer whenever the command is repeated. */
export async function commanded(
  call: Call<unknown, unknown, unknown>,
  id: string,
  sent: Executed,
  { status = 200, location, position, secret }: Answered = {},
): Promise<Response> {
  const { services, principal } = call;
  const stream = subscriptionStream(id);
  const state = JSON.parse(sent.state) as SubscriptionState;
  // What was just commanded has settings; nobody deletes by a command that answers with a subscription.
  const settings = state.settings as NonNullable<SubscriptionState["settings"]>;
  const createdAt = (await services.objectFor(principal.tenant, stream).describe())?.createdAt ?? "";
  const shown = await shownSubscription(services, principal.tenant, id, { ...state, settings, createdAt });
  const sink = secret === undefined ? shown.sink : { ...shown.sink, secret };
  return json({ ...shown, sink, ...(position !== undefined && { position }) }, status, headersOf(stream, sent, location));
}

/** The headers of an answer to a command. */
export function headersOf(stream: string, { version, replayed }: Executed, location?: string): Record<string, string> {
  return {
    etag: `"${version}"`,
    "consistency-token": consistencyToken(stream, version),
    ...(location !== undefined && { location }),
    ...(replayed && { "idempotency-replayed": "true" }),
  };
}
