import { verifyHmac } from "./hmac.ts";
import { missingHeader } from "./inbound.ts";
import { textAt } from "./payload.ts";
import type { Scheme } from "./scheme.ts";

/**
 * GitHub's webhooks (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries): HMAC-SHA-256 over the raw
 * body in `X-Hub-Signature-256`, the event's name and the delivery's id in headers, the payload as JSON or as a form's field.
 */
export const github: Scheme = {
  signature: {
    says: "`X-Hub-Signature-256` over the body",
    claim({ headers, body }) {
      const [, digits] = /^sha256=([0-9a-f]{64})$/.exec(headers.get("x-hub-signature-256") ?? "") ?? [];
      return digits === undefined ? undefined : { signatures: { encoding: "hex", anyOf: [digits] }, signed: body };
    },
    verify: ({ signatures, signed }, secret) => verifyHmac("SHA-256", secret, signatures, signed),
  },
  form: "payload",
  id: {
    says: "`X-GitHub-Delivery`",
    of: ({ headers }) => headers.get("x-github-delivery") || missingHeader("X-GitHub-Delivery"),
  },
  type: {
    says: "`github.<event>` or `github.<event>.<action>`",
    of({ headers, payload }) {
      const event = headers.get("x-github-event");
      if (!event) return missingHeader("X-GitHub-Event");
      const action = textAt(payload, "action");
      return action === undefined ? `github.${event}` : `github.${event}.${action}`;
    },
  },
  stream: {
    says: "`github-<owner>:<repo>`, else the organisation, else the sender, else `unknown`",
    of({ payload }) {
      const repository = textAt(payload, "repository.full_name")?.replace("/", ":");
      return { category: "github", id: repository ?? textAt(payload, "organization.login") ?? textAt(payload, "sender.login") ?? "unknown" };
    },
  },
};
