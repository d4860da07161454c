import { Buffer } from "node:buffer";
import type { CloudEvent } from "./cloudevent.ts";
import { type JsonText, jsonText } from "./json-text.ts";
import type { DataForm } from "./recorded-event.ts";

/** A CloudEvent's data as it is stored, and in which form it came; no form where it came as JSON. */
export interface StoredData {
  readonly data: JsonText;
  readonly form?: DataForm;
}

/** Data that is no JSON: kept as base64. */
export function bytesData(bytes: Uint8Array): StoredData {
  return { data: jsonText(Buffer.from(bytes).toString("base64")), form: "bytes" };
}

/** A text whose type is not JSON: its UTF-8 bytes, so that it is the same data as when it comes as bytes. */
export function textData(text: string): StoredData {
  return { data: jsonText(Buffer.from(text).toString("base64")), form: "text" };
}

/** What stands for data that is not there. */
export const NO_DATA: StoredData = { data: "null" as JsonText, form: "none" };

/** Attributes and data as one event; in which form the data came is noted beside the attributes. */
export function withData(attributes: Omit<CloudEvent, "data">, { data, form }: StoredData): CloudEvent {
  return form === undefined ? { ...attributes, data } : { ...attributes, cloudevent: { ...attributes.cloudevent, dataform: form }, data };
}
