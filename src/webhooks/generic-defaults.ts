import { sha256 } from "../kernel/index.ts";
import { sourceCategory, sourceWords, typeWords } from "./names.ts";
import { firstValue, textAt } from "./payload.ts";
import type { Default, Scheme } from "./scheme.ts";

const ID_HEADERS = ["Webhook-Id", "X-Event-Id", "X-Delivery-Id"] as const;

/** For producers of which nothing is known: names that do not repeat from delivery to delivery, else what was sent. */
export const genericId: Default<string> = {
  says: `${ID_HEADERS.map((name) => `\`${name}\``).join(", else ")}, else the body's SHA-256`,
  of({ headers, body }) {
    for (const name of ID_HEADERS) if (headers.get(name)) return headers.get(name) as string;
    return sha256(body);
  },
};

/** Type, stream and time by the payload that Standard Webhooks recommends: `{ type, timestamp, data }`. */
export const genericDefaults: Required<Pick<Scheme, "type" | "stream" | "time">> = {
  type: {
    says: "`<source>.<body.type>`, else `<source>.<body.event>`, else `<source>.received`",
    of: ({ source, payload }) => `${sourceWords(source)}.${typeWords(textAt(payload, "type") ?? textAt(payload, "event") ?? "received")}`,
  },
  stream: {
    says: "`<source>-<body.data.id>`, else `<source>-default`",
    of: ({ source, payload }) => ({ category: sourceCategory(source), id: firstValue(payload, "data.id") ?? "default" }),
  },
  time: {
    says: "`body.timestamp`",
    of: ({ payload }) => textAt(payload, "timestamp"),
  },
};
