import { createHash, randomUUID } from "node:crypto";
import examples from "@octokit/webhooks-examples" with { type: "json" };
import { sign } from "@octokit/webhooks-methods";
import type { Ask } from "./client.ts";

/** One webhook as GitHub would send it. */
export interface Delivery {
  /** GitHub's name of the event, such as `issues`. */
  readonly event: string;
  readonly id: string;
  /** The payload, as the bytes that are signed. */
  readonly body: string;
}

/**
 * The real payloads that Octokit has collected, in their order. A delivery's id is made from what it delivers, so that sending
 * all of it again delivers nothing new; `isFresh` makes new ids.
 */
export function deliveries(isFresh: boolean): readonly Delivery[] {
  return examples
    .flatMap(({ name, examples: payloads }) => payloads.map((payload) => ({ event: name, body: JSON.stringify(payload) })))
    .map(({ event, body }, index) => ({ event, body, id: isFresh ? randomUUID() : stableId(`${index} ${event} ${body}`) }));
}

function stableId(text: string): string {
  const digits = createHash("sha256").update(text).digest("hex");
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20, 32)].join("-");
}

/** The request that delivers it, signed with the secret. */
export async function signed({ event, id, body }: Delivery, secret: string): Promise<Ask> {
  return {
    method: "POST",
    isPublic: true,
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": await sign(secret, body),
    },
  };
}
