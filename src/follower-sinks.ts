import type { FollowerDefinition, FollowerIdentity, FollowerPorts } from "../durable-objects/follower/contract.ts";
import { objectFor } from "../durable-objects/object-for.ts";
import type { Composed } from "./follower-parts.ts";
import { compileFilter } from "./followers/filter/compile-filter.ts";
import { topicMatcher } from "./followers/filter/topics.ts";
import { type CommandOutcome, runHandler } from "./followers/run-handler.ts";
import { deliverWebhook } from "./followers/sink/deliver-webhook.ts";
import { subscriptionContext, type SubscriptionSettings } from "./followers/subscription.ts";
import { annotate, codeTracing, traceparentNow } from "./tracing/traced.ts";
import {
  categoryOf,
  type CommandToSend,
  eventText,
  envelopeText,
  isPlatformCategory,
  type LoggedEvent,
  type Outcome,
  parseStreamName,
  type PortToken,
  sha256,
} from "./kernel/index.ts";

type Judged = Pick<FollowerDefinition, "types" | "filter" | "since">;
/** What a filter says of an event: whether it matches, or, in a sentence, why it cannot say. */
type Judge = (event: LoggedEvent) => boolean | string;

/** By definition, so that a filter is compiled once and not for each delivery. */
const judges = new WeakMap<Judged, Judge>();

/** The platform's own events are for those only who name their types' first word. What the filter cannot judge is not skipped in silence: it is delivered, which fails and says why. */
export function matcherOf(definition: Judged): (event: LoggedEvent) => boolean {
  const { types, since = "" } = definition;
  const isOfType = topicMatcher(types);
  const isNamed = topicMatcher(types.filter((pattern) => !/^[*#]/.test(pattern)));
  const judge = judgeOf(definition);
  return (event) => {
    if (event.recorded < since) return false;
    if (!(isPlatformCategory(categoryOf(event.stream)) ? isNamed : isOfType)(event.type)) return false;
    return judge(event) !== false;
  };
}

function judgeOf(definition: Judged): Judge {
  const judge = judges.get(definition) ?? compiledJudge(definition.filter);
  judges.set(definition, judge);
  return judge;
}

function compiledJudge(filter: unknown): Judge {
  if (filter === undefined) return () => true;
  const compiled = compileFilter(filter);
  if (!compiled.ok) return () => `The filter is not valid any more: ${compiled.faults[0]?.message ?? ""}`;
  return (event) => {
    try {
      return compiled.matches(JSON.parse(eventText(envelopeText(event), event.data, event.position)) as Record<string, unknown>);
    } catch (fault) {
      return `The filter cannot judge this event: ${fault instanceof Error ? fault.message : String(fault)}`;
    }
  };
}

interface Push {
  readonly follower: FollowerIdentity;
  readonly definition: FollowerDefinition;
  readonly delivery: Parameters<FollowerPorts["deliver"]>[2];
  readonly settings: Promise<SubscriptionSettings | undefined>;
}

/** One attempt at a webhook; never rejects. */
export async function pushEvent(composed: Composed, { follower, definition, delivery, settings }: Push): Promise<Outcome> {
  try {
    const { sink, format = "standard" } = (await settings) ?? {};
    const verdict = judgeOf(definition)(delivery.event);
    if (typeof verdict === "string") return { kind: "failed", error: verdict, isFinal: true };
    if (sink?.kind !== "push") return { kind: "failed", error: "The subscription's sink is not known." };
    const { hostname, port, protocol } = new URL(sink.url);
    annotate({ "server.address": hostname, "server.port": Number(port || (protocol === "https:" ? 443 : 80)) });
    const secrets = sink.previous !== undefined && Date.parse(sink.previous.until) > composed.now() ? [sink.secret, sink.previous.secret] : [sink.secret];
    const context = subscriptionContext(follower.tenant, follower.id);
    const [headers, ...opened] = await Promise.all([sink.headers, ...secrets].map((sealed) => (sealed === "" ? "{}" : composed.sealer?.open(sealed, context))));
    if (headers === undefined || opened.includes(undefined))
      return { kind: "failed", error: "The subscription's secrets cannot be opened: MASTER_KEY is missing, or another." };
    return await deliverWebhook(
      { fetch: composed.fetch, now: composed.now },
      {
        url: sink.url,
        headers: JSON.parse(headers) as Record<string, string>,
        secrets: opened as string[],
        format,
        timeoutMs: definition.timeoutMs,
        allowLocal: composed.allowLocalTargets,
      },
      { ...delivery, traceparent: traceparentNow(delivery.event.metadata.traceparent), messageId: `msg_${follower.id}_${delivery.event.position}` },
    );
  } catch (fault) {
    console.warn("follower: not delivered", follower.id, String(fault));
    return { kind: "failed", error: "The platform could not deliver it." };
  }
}

/** One attempt at a handler in code. */
export async function handleEvent(composed: Composed, { tenant, id }: FollowerIdentity, { event, attempt }: Push["delivery"]): Promise<Outcome> {
  const handler = composed.handlers.find(({ name }) => name === id);
  if (handler === undefined) return { kind: "failed", error: "This code has no such handler." };
  // A plain stream may hold events of any name: only a category whose decider declares a type speaks for it.
  if (composed.owners.get(event.type)?.has(categoryOf(event.stream)) === false) return { kind: "delivered" };
  const key = `${id}/${event.stream}/${event.version}`;
  return runHandler(handler, event, {
    context: {
      key,
      tenant,
      now: new Date(composed.now()).toISOString(),
      attempt,
      trace: codeTracing,
      async state(category, aggregate) {
        const { version, state } = await objectFor(composed.env, tenant, `${category}-${aggregate}`).state();
        return { version, state: JSON.parse(state) as unknown };
      },
      port<Port>({ name }: PortToken<Port>): Port {
        const port = composed.port(tenant, name);
        if (port === undefined) throw new Error(`Nothing stands behind the port ${name} in this deployment.`);
        return port as Port;
      },
    },
    send: (command, index) => sendFor(composed, { tenant, handler: id, event, key: `\u0000${key}/${index}` }, command),
  });
}

interface Cause {
  readonly tenant: string;
  readonly handler: string;
  readonly event: LoggedEvent;
  readonly key: string;
}

/** Sends a handler's command, caused by its event; the key makes it once, however often the event comes. */
async function sendFor(composed: Composed, { tenant, handler, event, key }: Cause, { category, id, command, data }: CommandToSend): Promise<CommandOutcome> {
  const schema = composed.decider(category)?.commands[command];
  if (schema === undefined) return { ok: false, isNo: false, detail: "There is no such command." };
  const checked = schema.safeParse(data);
  if (!checked.success) return { ok: false, isNo: false, detail: checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") };
  if (parseStreamName(`${category}-${id}`) === undefined) return { ok: false, isNo: false, detail: `There can be no ${category} of the id ${id}.` };
  const { correlationId, priority, tracestate } = event.metadata;
  const traceparent = traceparentNow(event.metadata.traceparent);
  const sent = await composed.send({
    tenant,
    category,
    id,
    command,
    data: checked.data,
    precondition: { kind: "none" },
    // What was decided the first time counts, though the handler may have seen another state by now.
    idempotency: { key, fingerprint: sha256(key) },
    source: `/handlers/${handler}`,
    metadata: { correlationId, causationId: event.id, priority, traceparent, ...(tracestate !== undefined && { tracestate }), actor: `handler:${handler}` },
  });
  if (sent.ok) return { ok: true };
  return { ok: false, isNo: sent.code === "rejected" || sent.code === "stream_closed", detail: sent.rejection ?? sent.detail };
}
