import { verifyHmac } from "./hmac.ts";
import type { Scheme } from "./scheme.ts";

/**
 * GitHub's webhooks (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries): HMAC-SHA-256 over the raw
 * body in `X-Hub-Signature-256`, the event's name and the delivery's id in headers, the payload as JSON or as a form's field.
 */
export const github: Scheme = {
  async verify({ headers, body }, secret) {
    const [, digits] = /^sha256=([0-9a-f]{64})$/.exec(headers.get("x-hub-signature-256") ?? "") ?? [];
    return digits !== undefined && (await verifyHmac("SHA-256", secret, digits, body));
  },

  payload({ headers, body }) {
    const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    } catch {
      return { status: 400, code: "invalid_encoding", detail: "The body is not UTF-8." };
    }
    if (type === "application/json") return text;
    if (type !== "application/x-www-form-urlencoded") {
      return {
        status: 415,
        code: "unsupported_media_type",
        detail: `Expected application/json or application/x-www-form-urlencoded, got ${type === "" ? "none" : type}.`,
      };
    }
    return new URLSearchParams(text).get("payload") ?? { status: 400, code: "invalid_form", detail: 'The form has no field "payload".' };
  },

  event({ headers }, payload) {
    const name = headers.get("x-github-event");
    const id = headers.get("x-github-delivery");
    if (!name) return missing("X-GitHub-Event");
    if (!id) return missing("X-GitHub-Delivery");
    const action = text(payload, "action");
    return { id, type: action === undefined ? `github.${name}` : `github.${name}.${action}`, stream: { category: "github", id: owner(payload) } };
  },
};

function missing(header: string): { status: 400; code: string; detail: string } {
  return { status: 400, code: "missing_header", detail: `The header ${header} is missing.` };
}

/** The repository as `<owner>:<repo>`, else the organisation, else who sent it. */
function owner(payload: unknown): string {
  const repository = text(payload, "repository", "full_name");
  return repository?.replace("/", ":") ?? text(payload, "organization", "login") ?? text(payload, "sender", "login") ?? "unknown";
}

function text(value: unknown, ...path: readonly string[]): string | undefined {
  let found = value;
  for (const name of path)
    found = typeof found === "object" && found !== null && Object.hasOwn(found, name) ? (found as Record<string, unknown>)[name] : undefined;
  return typeof found === "string" && found !== "" ? found : undefined;
}
