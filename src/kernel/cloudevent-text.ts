import { Buffer } from "node:buffer";
import { isCloudEventString, isTimestamp, isUriReference } from "./cloudevent-types.ts";
import { type JsonText, jsonText, readJson } from "./json-text.ts";
import { type EventEnvelope, PURGED, type RecordedEvent } from "./recorded-event.ts";

/** Versions and positions are written with so many digits, so that their texts sort as they do. */
const SEQUENCE_DIGITS = 10;

type Recorded = RecordedEvent & { readonly position?: number };

/**
 * Any event as a CloudEvent in the JSON format (CloudEvents 1.0.2, section 3 of json-format.md). What came as one comes back as it
 * came, to the character of its data. Beside it stand, as extensions, unless the producer has one of that name:
 *
 *     stream                      the stream's name
 *     sequence                    the version in the stream, of ten digits (the extension "Sequence" wants texts that sort)
 *     position                    the position in the tenant's log, of ten digits, where the event was read from there
 *     recordedtime                when the platform took it (the extension "Recorded Time")
 *     correlationid, causationid  the extension "Correlation"
 *     traceparent, tracestate     the extension "Distributed Tracing"
 *     schemaversion               unless it is 1
 *     purged                      true for an event whose data was purged
 */
export function cloudEventText(event: Recorded): JsonText {
  const { id, source, type, time, cloudevent = { datacontenttype: "application/json" }, data } = event;
  const { subject, dataschema, datacontenttype, dataform, extensions } = cloudevent;
  const attributes = {
    specversion: "1.0",
    id: validText(id),
    source: validSource(source),
    type: validText(type),
    time: isTimestamp(time) ? time : new Date(time).toISOString(),
    subject,
    dataschema,
    datacontenttype,
    ...ownExtensions(event),
    ...extensions,
  };
  const text = jsonText(attributes);
  if (data === PURGED || dataform === "none") return text;
  const head = text.slice(0, -1);
  if (dataform === "bytes") return `${head},"data_base64":${data}}` as JsonText;
  return `${head},"data":${dataform === "text" ? textOf(data) : data}}` as JsonText;
}

/** Events as the API gives them (JSON, joined by commas) as a batch of CloudEvents. Throws a RangeError on what are no events. */
export function cloudEventBatch(events: string): JsonText {
  const json = readJson(`[${events}]`, ["*", "data"]);
  if (!json.ok) throw new RangeError(`expected events, got ${JSON.stringify(json)}`);
  const datas = json.texts();
  let picked = 0;
  const texts = (json.value as readonly (EventEnvelope & { readonly data_base64?: string })[]).map((event) => {
    const { data_base64: base64, ...rest } = event;
    const data = base64 !== undefined ? jsonText(base64) : Object.hasOwn(event, "data") ? (datas[picked++] as JsonText) : PURGED;
    return cloudEventText({ ...rest, data });
  });
  return `[${texts.join(",")}]` as JsonText;
}

function ownExtensions({ stream, version, position, recorded, metadata, schemaVersion, data }: Recorded): Readonly<Record<string, unknown>> {
  const { correlationId, causationId, traceparent, tracestate } = metadata;
  return {
    stream,
    sequence: String(version).padStart(SEQUENCE_DIGITS, "0"),
    position: position === undefined ? undefined : String(position).padStart(SEQUENCE_DIGITS, "0"),
    recordedtime: recorded,
    correlationid: validText(correlationId),
    causationid: causationId === undefined ? undefined : validText(causationId),
    traceparent,
    tracestate,
    schemaversion: schemaVersion === 1 ? undefined : schemaVersion,
    purged: data === PURGED ? true : undefined,
  };
}

/** A text that CloudEvents would refuse (plain appends may have them) percent-encoded, all others as they are. */
function validText(text: string): string {
  return isCloudEventString(text) ? text : encodeURIComponent(text.toWellFormed());
}

function validSource(source: string): string {
  const text = source.toWellFormed();
  return [text, encodeURI(text)].find(isUriReference) ?? encodeURIComponent(text);
}

function textOf(base64: JsonText): JsonText {
  return jsonText(Buffer.from(JSON.parse(base64) as string, "base64").toString());
}
