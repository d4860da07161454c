import { type JsonText, readJson } from "../kernel/index.ts";
import type { Unusable } from "./inbound.ts";
import type { Delivery, Scheme } from "./scheme.ts";

/** A delivery's payload: parsed, and the JSON that came. */
export interface Payload {
  readonly value: unknown;
  readonly text: JsonText;
}

/** The payload inside a delivery's body: JSON, or what the scheme says a form is. */
export function readPayload(delivery: Delivery, form: Scheme["form"]): Payload | Unusable {
  const text = payloadText(delivery, form);
  if (typeof text !== "string") return text;
  const json = readJson(text, []);
  if (json.ok) return { value: json.value, text: json.texts()[0] as JsonText };
  if ("syntax" in json) return { status: 400, code: "invalid_json", detail: `The payload is not JSON: ${json.syntax}` };
  return { status: 422, code: "invalid_data", detail: `The payload${json.fault.path === "" ? "" : ` at ${json.fault.path}`} ${json.fault.message}.` };
}

function payloadText({ headers, body }: Delivery, form: Scheme["form"]): string | Unusable {
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return { status: 400, code: "invalid_encoding", detail: "The body is not UTF-8." };
  }
  if (type === "application/json" || /^application\/[^/]+\+json$/.test(type)) return text;
  if (type === FORM && form !== undefined) return formText(new URLSearchParams(text), form);
  const expected = form === undefined ? "application/json" : `application/json or ${FORM}`;
  return { status: 415, code: "unsupported_media_type", detail: `Expected ${expected}, got ${type === "" ? "none" : type}.` };
}

const FORM = "application/x-www-form-urlencoded";

function formText(fields: URLSearchParams, form: Exclude<Scheme["form"], undefined>): string | Unusable {
  const payload = form === "fields" ? null : fields.get("payload");
  if (payload !== null) return payload;
  if (form === "payload") return { status: 400, code: "invalid_form", detail: 'The form has no field "payload".' };
  // Written out name by name: an object would move names that look like numbers to the front.
  const members = [...new Set(fields.keys())].map((name) => {
    const values = fields.getAll(name);
    return `${JSON.stringify(name)}:${JSON.stringify(values.length === 1 ? values[0] : values)}`;
  });
  return `{${members.join(",")}}`;
}

/** What stands at a path: text, a number to the digit, true or false; else a sentence's end that says what is there instead. */
export function valueAt(payload: Payload, path: readonly string[]): { readonly text: string } | { readonly fault: string } {
  let found = payload.value;
  for (const step of path) found = member(found, step);
  if (typeof found === "number") return { text: numberAt(payload.text, path) };
  if (typeof found === "boolean") return { text: String(found) };
  if (typeof found === "string" && found !== "") return { text: found };
  const is = found === undefined ? "missing" : found === "" ? "empty" : found === null ? "null" : Array.isArray(found) ? "a list" : "an object";
  return { fault: `is ${is}` };
}

/** The first of these paths, written with dots, that leads to a value. */
export function firstValue(payload: Payload, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = valueAt(payload, path.split("."));
    if ("text" in found) return found.text;
  }
  return undefined;
}

/** The text, and only a text, at a path written with dots. */
export function textAt(payload: Payload, path: string): string | undefined {
  const found = path.split(".").reduce(member, payload.value);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function member(value: unknown, step: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) && !/^(0|[1-9]\d{0,8})$/.test(step)) return undefined;
  return Object.hasOwn(value, step) ? (value as Readonly<Record<string, unknown>>)[step] : undefined;
}

/** A parsed number has lost its digits beyond a double: the reviver is told how it was written (https://tc39.es/proposal-json-parse-with-source/). */
function numberAt(text: JsonText, path: readonly string[]): string {
  const asWritten = (_: string, value: unknown, context?: { readonly source: string }): unknown => (typeof value === "number" ? context?.source : value);
  return path.reduce(member, JSON.parse(text, asWritten) as unknown) as string;
}
