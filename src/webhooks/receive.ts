import { isTimestamp, type JsonText } from "../kernel/index.ts";
import type { InboundEvent, Unusable } from "./inbound.ts";
import { streamOf } from "./names.ts";
import { readPayload } from "./payload.ts";
import type { Delivery, Inbound, Scheme } from "./scheme.ts";
import { schemeOf } from "./schemes.ts";
import type { SourceState } from "./source.ts";
import { fillName, fillStream } from "./templates.ts";

/** A delivery that was proved and understood. */
export interface Received {
  readonly id: string;
  readonly type: string;
  /** A valid stream name. */
  readonly stream: string;
  readonly time?: string;
  readonly data: JsonText;
}

/** A delivery that only asks whether we are there, and what it wants to be answered. */
export interface Handshake {
  readonly handshake: Readonly<Record<string, string>>;
}

/** Why a delivery was turned away; nothing was written. */
export type TurnedAway = { readonly status: 401 | 503; readonly code: string; readonly detail: string } | Unusable;

/** Where a delivery came in. */
export interface Door {
  readonly tenant: string;
  readonly source: string;
  readonly configuration: NonNullable<SourceState["configuration"]>;
}

/** Reads a delivery that was proved: its payload, and what its event is called, by the source's templates or the scheme's defaults. */
export function receive({ source, configuration }: Door, delivery: Delivery): Received | Handshake | Unusable {
  const scheme = schemeOf(configuration.scheme);
  const payload = readPayload(delivery, scheme.form);
  if ("status" in payload) return payload;
  const handshake = scheme.handshake?.(payload);
  if (handshake !== undefined) return { handshake };
  const inbound = { ...delivery, source, payload };
  const event = eventOf(scheme, configuration, inbound);
  return "status" in event ? event : { ...event, stream: streamOf(event.stream), data: payload.text };
}

function eventOf(scheme: Scheme, templates: Door["configuration"], inbound: Inbound): InboundEvent | Unusable {
  const id = templates.id === undefined ? scheme.id.of(inbound) : fillName("id", templates.id, inbound);
  if (typeof id !== "string") return id;
  const type = templates.type === undefined ? scheme.type.of(inbound) : fillName("type", templates.type, inbound);
  if (typeof type !== "string") return type;
  const stream = templates.stream === undefined ? scheme.stream.of(inbound) : fillStream(templates.stream, inbound);
  if ("status" in stream) return stream;
  const time = scheme.time?.of(inbound);
  return { id, type, stream, ...(time !== undefined && isTimestamp(time) && { time }) };
}
