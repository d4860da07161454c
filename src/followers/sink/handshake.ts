import { targetFault } from "../../kernel/index.ts";
import { attempt } from "./attempt.ts";
import { ORIGIN, USER_AGENT, type WebhookPorts, type WebhookSink } from "./deliver-webhook.ts";

/**
 * Asks a sink of the format cloudevents for leave to send (HTTP 1.1 Web Hooks for Event Delivery 1.0.2, section 4,
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md). The status says nothing there: leave is a header.
 * Never rejects.
 */
export async function handshake(
  { fetch }: Pick<WebhookPorts, "fetch">,
  sink: WebhookSink,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly error: string }> {
  const fault = targetFault(sink.url, sink);
  if (fault !== undefined) return { ok: false, error: `the target is refused: ${fault}` };
  const origin = sink.origin ?? ORIGIN;
  const headers = [sink.headers, { "webhook-request-origin": origin, "user-agent": USER_AGENT }];
  const answered = await attempt(fetch, { url: sink.url, method: "OPTIONS", headers }, sink.timeoutMs);
  if ("error" in answered) return { ok: false, error: answered.error };
  const allowed = answered.headers.get("webhook-allowed-origin")?.trim();
  if (allowed === "*" || allowed?.toLowerCase() === origin.toLowerCase()) return { ok: true };
  const said = allowed === undefined ? "none" : "another";
  return { ok: false, error: `the sink answered OPTIONS with ${answered.status}, and WebHook-Allowed-Origin was ${said}; expected * or ${origin}` };
}
