import { CLOUDEVENT_TYPE, cloudEventText, envelopeText, eventText, type LoggedEvent, type Outcome, targetFault } from "../../kernel/index.ts";
import { type Answered, attempt } from "./attempt.ts";
import { retryAfter } from "./retry-after.ts";
import { signatures } from "./sign.ts";

/** Where events are pushed to, everything that was sealed opened. */
export interface WebhookSink {
  readonly url: string;
  /** The sink's own; those of the platform go before them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The current one first, then the previous one while it overlaps. */
  readonly secrets: readonly string[];
  readonly format: "standard" | "cloudevents";
  /** For the whole attempt, from the connection to the end of what is read. */
  readonly timeoutMs: number;
  readonly allowLocal: boolean;
  /** The name that asks for leave to send, in the format cloudevents; `rivulet` where left out. */
  readonly origin?: string;
}

export interface WebhookDelivery {
  /** `msg_<subscription>_<position>`: the same for every attempt. */
  readonly messageId: string;
  readonly event: LoggedEvent;
  /** Of the attempt; the event's own where left out. */
  readonly traceparent?: string;
  /** 1, 2, 3… over all rounds. */
  readonly attempt: number;
  /** The replay that it is part of. */
  readonly replay?: string;
  /** The event was edited before it was redriven. */
  readonly isEdited?: true;
}

/** What a sink needs of the world. */
export interface WebhookPorts {
  readonly fetch: typeof fetch;
  now(): number;
}

export const USER_AGENT = "Rivulet-Webhooks/1";
/** The name that asks for leave to send where a deployment has none of its own. */
export const ORIGIN = "rivulet";

/** One attempt, signed as Standard Webhooks says (https://www.standardwebhooks.com). Never rejects. */
export async function deliverWebhook({ fetch, now }: WebhookPorts, sink: WebhookSink, delivery: WebhookDelivery): Promise<Outcome> {
  // Asked again each time: what is allowed may have changed since the subscription was made.
  const fault = targetFault(sink.url, sink);
  if (fault !== undefined) return { kind: "failed", error: `the target is refused: ${fault}` };
  const body = bodyOf(sink.format, delivery.event);
  const timestamp = Math.floor(now() / 1_000);
  const signature = await signatures(sink.secrets, { id: delivery.messageId, timestamp, body });
  if (signature === undefined) return { kind: "failed", error: "there is no secret to sign with" };
  const headers = [sink.headers, headersOf(sink, delivery), { "webhook-timestamp": String(timestamp), "webhook-signature": signature }];
  const answered = await attempt(fetch, { url: sink.url, method: "POST", headers, body }, sink.timeoutMs);
  return outcomeOf(answered, now());
}

function headersOf(
  { format, origin = ORIGIN }: WebhookSink,
  { messageId, event, attempt, replay, isEdited, traceparent = event.metadata.traceparent }: WebhookDelivery,
): Readonly<Record<string, string>> {
  const { tracestate } = event.metadata;
  return {
    "content-type": format === "cloudevents" ? CLOUDEVENT_TYPE : "application/json",
    "user-agent": USER_AGENT,
    "webhook-id": messageId,
    "rivulet-attempt": String(attempt),
    traceparent,
    ...(tracestate !== undefined && { tracestate }),
    ...(replay !== undefined && { "rivulet-replay": replay }),
    ...(isEdited && { "rivulet-edited": "true" }),
    // Who gave leave to this name wants to see it with every delivery (http-webhook.md, section 4.1.2).
    ...(format === "cloudevents" && { "webhook-request-origin": origin }),
  };
}

/** The event's data is put in as the text that came, and never parsed. */
function bodyOf(format: WebhookSink["format"], event: LoggedEvent): string {
  if (format === "cloudevents") return cloudEventText(event);
  const { type, time, data, position } = event;
  return `{"type":${JSON.stringify(type)},"timestamp":${JSON.stringify(time)},"data":${eventText(envelopeText(event), data, position)}}`;
}

function outcomeOf(answered: Answered, now: number): Outcome {
  if ("error" in answered) return { kind: "failed", error: answered.error };
  const { status, headers, body } = answered;
  if (status >= 200 && status < 300) return { kind: "delivered", status, body };
  if (status === 410) return { kind: "gone", status, error: "the sink answered 410: it is gone", body };
  const retryAfterMs = retryAfter(headers.get("retry-after"), now);
  const error = status >= 300 && status < 400 ? `the sink answered ${status}, and redirects are not followed` : `the sink answered ${status}`;
  return { kind: "failed", status, error, body, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
