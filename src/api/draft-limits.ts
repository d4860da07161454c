import { Buffer } from "node:buffer";
import type { EventDraft } from "../../durable-objects/aggregate/contract.ts";
import { categoryOf, isPlatformCategory, metadataText } from "../kernel/index.ts";
import { invalidInput } from "./endpoint.ts";
import { problem } from "./problem.ts";

/** An event's data, at most, as stored. */
export const MAX_EVENT_BYTES = 1024 * 1024;
/** What a CloudEvent carries beside it, at most, as stored: as much as the specification wants to be taken of a whole event. */
export const MAX_ATTRIBUTE_BYTES = 64 * 1024;
/** An append's data and metadata, at most, as stored: they travel to the object in one piece. */
export const MAX_APPEND_BYTES = 8 * 1024 * 1024;
/** White space and envelopes come on top of the data, up to as much again. */
export const MAX_BODY_BYTES = 2 * MAX_APPEND_BYTES;
/** Events in one append. */
export const MAX_EVENTS = 1000;

/** 403 for a stream that nobody appends to from outside. */
export function reservedStream(stream: string): Response | undefined {
  const category = categoryOf(stream);
  if (!isPlatformCategory(category)) return undefined;
  return problem({ status: 403, code: "reserved_category", detail: `The category ${category} is the platform's; only it appends there.` });
}

/** 413 for what is too large, 422 for an id that stands twice. `pathOf` names a field of a draft as the client wrote it. */
export function overLimits(
  drafts: readonly Pick<EventDraft, "id" | "source" | "data" | "metadata" | "cloudevent">[],
  pathOf: (index: number, field: string) => string,
): Response | undefined {
  let total = 0;
  for (const [index, { data, metadata, cloudevent }] of drafts.entries()) {
    const size = Buffer.byteLength(data);
    if (size > MAX_EVENT_BYTES) return tooLarge("event_too_large", `${pathOf(index, "data")} is ${size} bytes as stored`, MAX_EVENT_BYTES);
    const attributes = cloudevent === undefined ? 0 : Buffer.byteLength(JSON.stringify(cloudevent));
    if (attributes > MAX_ATTRIBUTE_BYTES)
      return tooLarge("event_too_large", `The attributes beside ${pathOf(index, "data")} are ${attributes} bytes`, MAX_ATTRIBUTE_BYTES);
    total += size + attributes + Buffer.byteLength(metadataText(metadata));
  }
  if (total > MAX_APPEND_BYTES) return tooLarge("append_too_large", `The events with their metadata are ${total} bytes`, MAX_APPEND_BYTES);
  const seen = new Map<string, number>();
  for (const [index, { id, source }] of drafts.entries()) {
    if (id === undefined) continue;
    const key = JSON.stringify([source, id]);
    const first = seen.get(key);
    if (first !== undefined) return invalidInput([{ path: pathOf(index, "id"), message: `Is also ${pathOf(first, "id")}, with the same source` }]);
    seen.set(key, index);
  }
  return undefined;
}

function tooLarge(code: string, what: string, limit: number): Response {
  return problem({ status: 413, code, detail: `${what}, expected at most ${limit}.` });
}
