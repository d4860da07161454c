import { sha256 } from "../kernel/index.ts";
import { timeOfEpoch } from "./time-of-epoch.ts";
import { verifyHmac } from "./hmac.ts";
import { typeWords } from "./names.ts";
import { firstValue, textAt } from "./payload.ts";
import type { Scheme } from "./scheme.ts";

/**
 * Slack's events, interactions and slash commands (https://docs.slack.dev/authentication/verifying-requests-from-slack): HMAC-SHA-256
 * over `v0:<timestamp>:<body>`. An interaction is a form's field `payload`, a slash command the form's fields. The address is proved
 * by a challenge (https://docs.slack.dev/reference/events/url_verification), signed like everything else.
 */
export const slack: Scheme = {
  signature: {
    says: "`X-Slack-Signature` over `v0:<timestamp>:<body>`, 300 s",
    claim({ headers, body }) {
      const [, digits] = /^v0=([0-9a-f]{64})$/.exec(headers.get("x-slack-signature") ?? "") ?? [];
      const timestamp = headers.get("x-slack-request-timestamp");
      if (digits === undefined || timestamp === null) return undefined;
      return { signatures: { encoding: "hex", anyOf: [digits] }, signed: ["v0:", timestamp, ":", body], timestamp };
    },
    verify: ({ signatures, signed }, secret) => verifyHmac("SHA-256", secret, signatures, signed),
  },
  form: "payload or fields",
  id: {
    says: "`body.event_id`, else `body.trigger_id`, else the body's SHA-256",
    of: ({ payload, body }) => firstValue(payload, "event_id", "trigger_id") ?? sha256(body),
  },
  type: {
    says: "`slack.<body.event.type>`, else `slack.<body.type>`, else `slack.command`",
    of: ({ payload }) => `slack.${typeWords(firstValue(payload, "event.type", "type") ?? "command")}`,
  },
  stream: {
    says: "`slack-<team>:<channel>`, else `slack-<team>`, else `slack-unknown`",
    of({ payload }) {
      const team = firstValue(payload, "team_id", "team.id", "enterprise_id", "enterprise.id") ?? "unknown";
      const channel = firstValue(payload, "event.channel", "event.channel.id", "event.item.channel", "channel.id", "channel_id");
      return { category: "slack", id: channel === undefined ? team : `${team}:${channel}` };
    },
  },
  time: {
    says: "`body.event_time`",
    of: ({ payload }) => timeOfEpoch(firstValue(payload, "event_time")),
  },
  handshake(payload) {
    const challenge = textAt(payload, "type") === "url_verification" ? textAt(payload, "challenge") : undefined;
    return challenge === undefined ? undefined : { challenge };
  },
};
