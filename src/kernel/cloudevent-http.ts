import { checkAttributes } from "./cloudevent-check.ts";
import { bytesData, NO_DATA, type StoredData, withData } from "./cloudevent-data.ts";
import { isJsonType } from "./cloudevent-types.ts";
import type { CloudEventsRead } from "./cloudevent.ts";
import { type JsonFault, readJson } from "./json-text.ts";

/** What begins the headers of a CloudEvent in binary mode. */
const PREFIX = "ce-";

/** The attributes that every CloudEvent has, as headers: a request that has one of them is a CloudEvent in binary mode. */
export const CLOUDEVENT_HEADERS = ["ce-specversion", "ce-id", "ce-source", "ce-type"] as const;

/**
 * Reads a CloudEvent in HTTP's binary mode: attributes are `ce-` headers, the body is the data and `Content-Type` its type
 * (CloudEvents 1.0.2, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, section 3.1).
 * An empty body is no data; without a `Content-Type` the data is bytes.
 */
export function readBinaryCloudEvent(headers: Iterable<readonly [name: string, value: string]>, body: Uint8Array): CloudEventsRead {
  const attributes: [string, string][] = [];
  const errors: JsonFault[] = [];
  const tell = (path: string, message: string): void => void errors.push({ path, message });
  for (const [header, value] of headers) {
    const lower = header.toLowerCase();
    const name = lower.slice(PREFIX.length);
    if (lower === "content-type") attributes.push(["datacontenttype", value]);
    else if (!lower.startsWith(PREFIX)) continue;
    else if (name === "datacontenttype") tell(name, "Expected Content-Type to say the type, and no ce-datacontenttype");
    else {
      const text = headerText(value);
      if (text === undefined) tell(name, "Expected printable ASCII, in which all else is percent-encoded UTF-8");
      // Refused already, and told; it is not missing, though.
      attributes.push([name, text ?? "1.0"]);
    }
  }
  const checked = checkAttributes(attributes, tell);
  if (checked === undefined || errors.length > 0) return { ok: false, errors };
  const data = readBody(body, checked.cloudevent.datacontenttype);
  return "ok" in data ? data : { ok: true, events: [withData(checked, data)] };
}

/** A header's value decoded as section 3.1.3.2 says: first a quoted string, then, once, percent-encoded UTF-8. Undefined where it is neither. */
function headerText(value: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(value)) return undefined;
  const isQuoted = value.startsWith('"');
  if (isQuoted && !/^"(?:[^"\\]|\\.)*"$/.test(value)) return undefined;
  try {
    return decodeURIComponent(isQuoted ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value);
  } catch {
    return undefined;
  }
}

function readBody(body: Uint8Array, type: string | undefined): StoredData | CloudEventsRead {
  if (body.length === 0) return NO_DATA;
  if (type === undefined || !isJsonType(type)) return bytesData(body);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return { ok: false, syntax: "it is not UTF-8" };
  }
  const json = readJson(text, []);
  if (json.ok) {
    const [data] = json.texts();
    return data === undefined ? NO_DATA : { data };
  }
  if ("syntax" in json) return json;
  const { path, message } = json.fault;
  return { ok: false, errors: [{ path: path === "" || path.startsWith("[") ? `data${path}` : `data.${path}`, message }] };
}
