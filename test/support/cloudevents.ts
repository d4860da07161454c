import { expect } from "vitest";
import { type Answer, get, type HeaderFields, ok, send, type StoredEvent } from "./http.ts";

export const ONE = "application/cloudevents+json";
export const BATCH = "application/cloudevents-batch+json";

/** A CloudEvent in the JSON format, as it is read from an answer. */
export type Members = Readonly<Record<string, unknown>>;

/** An event as the API gives it, with what only those have that came as CloudEvents. */
export type CameEvent = StoredEvent & { readonly data_base64?: string; readonly cloudevent?: Members };

/** Sends one CloudEvent, or with a list a batch of them, in the JSON format; a text goes as it is. */
export function sendCloudEvents(path: string, body: unknown, headers: HeaderFields = {}): Promise<Answer> {
  const isBatch = Array.isArray(body);
  return send("POST", path, typeof body === "string" ? body : JSON.stringify(body), { "content-type": isBatch ? BATCH : ONE, ...headers });
}

/** Sends one in binary mode: attributes as `ce-` headers. */
export function sendBinary(path: string, attributes: Readonly<Record<string, string>>, body?: string | Uint8Array, contentType?: string): Promise<Answer> {
  const headers = Object.entries(attributes).map(([name, value]): [string, string] => [`ce-${name}`, value]);
  return send("POST", path, body, { "content-type": contentType, ...Object.fromEntries(headers) });
}

/** A stream's first page as CloudEvents. */
export async function cloudEventsOf(stream: string): Promise<readonly Members[]> {
  const answer = await get(`/v1/streams/${stream}/events?limit=1000`, { accept: BATCH });
  expect(answer.headers.get("content-type")).toBe(BATCH);
  return ok<readonly Members[]>(answer);
}
