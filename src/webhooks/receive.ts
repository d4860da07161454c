import { type JsonText, readJson } from "../kernel/index.ts";
import type { BadDelivery, Delivery, InboundEvent } from "./scheme.ts";
import { SCHEMES } from "./schemes.ts";
import { secretContext, type SourceState } from "./source.ts";
import type { Sealer } from "./seal.ts";

/** A delivery that was proved and understood. */
export interface Received {
  readonly id: string;
  readonly type: string;
  /** A valid stream name. */
  readonly stream: string;
  readonly data: JsonText;
}

/** Why a delivery was turned away; nothing was written. */
export type TurnedAway = { readonly status: 401 | 503; readonly code: string; readonly detail: string } | BadDelivery;

/** Where a delivery came in. */
export interface Door {
  readonly tenant: string;
  readonly source: string;
  readonly configuration: NonNullable<SourceState["configuration"]>;
}

/** Checks a delivery's signature over its raw bytes, and only then reads it. */
export async function receive(door: Door, delivery: Delivery, sealer: Sealer): Promise<Received | TurnedAway> {
  const scheme = SCHEMES[door.configuration.scheme];
  const secret = await sealer.open(door.configuration.secret, secretContext(door.tenant, door.source));
  if (secret === undefined) return { status: 503, code: "secret_unavailable", detail: "The source's secret cannot be opened with the present MASTER_KEY." };
  if (!(await scheme.verify(delivery, secret)))
    return { status: 401, code: "invalid_signature", detail: "The signature is missing or does not match the body." };
  const payload = scheme.payload(delivery);
  if (typeof payload !== "string") return payload;
  const json = readJson(payload, []);
  if (!json.ok) {
    if ("syntax" in json) return { status: 400, code: "invalid_json", detail: `The payload is not JSON: ${json.syntax}` };
    return { status: 422, code: "invalid_data", detail: `The payload${json.fault.path === "" ? "" : ` at ${json.fault.path}`} ${json.fault.message}.` };
  }
  const event = scheme.event(delivery, json.value);
  if ("status" in event) return event;
  return { id: event.id, type: event.type, stream: streamOf(event), data: json.texts()[0] as JsonText };
}

/** What stands in a producer's names but not in a stream's becomes `_`; over 200 characters are cut. */
function streamOf({ stream: { category, id } }: InboundEvent): string {
  const name = id.replace(/[^A-Za-z0-9._~:-]/g, "_").slice(0, 200);
  return `${category}-${/^\.{0,2}$/.test(name) ? "_" : name}`;
}
