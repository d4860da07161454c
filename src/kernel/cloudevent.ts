import type { CloudEventAttributes } from "./recorded-event.ts";
import type { JsonFault, JsonText } from "./json-text.ts";

/** The media type of one CloudEvent in JSON, and of several. */
export const CLOUDEVENT_TYPE = "application/cloudevents+json";
export const CLOUDEVENT_BATCH_TYPE = "application/cloudevents-batch+json";

/** A valid CloudEvent (https://cloudevents.io, version 1.0), in the parts that an event of ours has. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339, to the character. */
  readonly time?: string;
  /** Everything else that it carried. */
  readonly cloudevent: CloudEventAttributes;
  /** As it is stored: JSON as it came; a text of base64 for what is not JSON; null where there was none (`cloudevent.dataform` says which). */
  readonly data: JsonText;
}

/** What reading gives: the events, or why the text is no JSON, or everything that is wrong with them. */
export type CloudEventsRead =
  | { readonly ok: true; readonly events: readonly CloudEvent[] }
  | { readonly ok: false; readonly syntax: string }
  | { readonly ok: false; readonly errors: readonly JsonFault[] };
