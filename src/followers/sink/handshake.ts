import { targetFault } from "../../kernel/index.ts";
import { attempt } from "./attempt.ts";
import { ORIGIN, USER_AGENT, type WebhookPorts, type WebhookSink } from "./deliver-webhook.ts";

/** Whom leave is asked of: no secret is part of the question. */
export type AskedForLeave = Omit<WebhookSink, "secrets" | "format">;

/** What a sink says to being asked for leave to send. `ratePerMinute`: deliveries that it wants at most, where it says. */
export type Leave =
  | { readonly answer: "allowed"; readonly ratePerMinute?: number }
  /** It gave leave to another, or to nobody. */
  | { readonly answer: "denied"; readonly error: string }
  /** It answered, and said nothing of leave. */
  | { readonly answer: "not_supported" }
  | { readonly answer: "no_answer"; readonly error: string };

/** Characters of a sink's header that a sentence about it repeats. */
const SHOWN = 200;

/**
 * Asks a sink of the format cloudevents for leave to send (HTTP 1.1 Web Hooks for Event Delivery 1.0.2, section 4,
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md). The status says nothing there: leave is a header.
 * Never rejects, and ends within the sink's time.
 */
export async function handshake({ fetch }: Pick<WebhookPorts, "fetch">, sink: AskedForLeave): Promise<Leave> {
  const fault = targetFault(sink.url, sink);
  if (fault !== undefined) return { answer: "no_answer", error: `the target is refused: ${fault}` };
  const origin = sink.origin ?? ORIGIN;
  const headers = [sink.headers, { "webhook-request-origin": origin, "user-agent": USER_AGENT }];
  const answered = await attempt(fetch, { url: sink.url, method: "OPTIONS", headers }, sink.timeoutMs);
  if ("error" in answered) return { answer: "no_answer", error: answered.error };
  const allowed = answered.headers.get("webhook-allowed-origin")?.trim();
  if (allowed === undefined) return { answer: "not_supported" };
  if (allowed === "*" || allowed.toLowerCase() === origin.toLowerCase()) return { answer: "allowed", ...rateOf(answered.headers) };
  const said = allowed === "" ? "an empty one" : allowed.slice(0, SHOWN);
  return {
    answer: "denied",
    error: `Expected the sink to answer OPTIONS with WebHook-Allowed-Origin: * or ${origin}, got ${said} (status ${answered.status})`,
  };
}

/** Requests a minute; `*` is as good as nothing said. */
function rateOf(headers: Headers): { readonly ratePerMinute?: number } {
  const rate = headers.get("webhook-allowed-rate")?.trim() ?? "";
  return /^[1-9]\d{0,8}$/.test(rate) ? { ratePerMinute: Number(rate) } : {};
}
