import type { EventDraft } from "../../durable-objects/aggregate/contract.ts";
import {
  CLOUDEVENT_BATCH_TYPE,
  CLOUDEVENT_HEADERS,
  CLOUDEVENT_TYPE,
  type CloudEvent,
  type CloudEventsRead,
  dataHash,
  type EventMetadata,
  isLongerThan,
  PRIORITIES,
  type Priority,
  readBinaryCloudEvent,
  readCloudEvent,
  readCloudEventBatch,
} from "../kernel/index.ts";
import { continueTrace } from "../tracing/trace-context.ts";
import { bodyText, mediaTypeOf } from "./body.ts";
import { areCritical, criticalRefusal } from "./critical.ts";
import { MAX_BODY_BYTES, MAX_EVENTS } from "./draft-limits.ts";
import { type Call, invalidInput, notJson, type RawBody } from "./endpoint.ts";
import { platformMetadata } from "./metadata.ts";
import { cloudEvent, cloudEvents, correlation } from "./schemas.ts";

/** A body of CloudEvents in any of the three modes: structured, batched, or binary, which may be of any type and has its attributes in headers. */
export const cloudEventsBody = {
  maxBytes: MAX_BODY_BYTES,
  mediaTypes: [CLOUDEVENT_TYPE, CLOUDEVENT_BATCH_TYPE, "*/*"],
  schemas: { [CLOUDEVENT_TYPE]: cloudEvent, [CLOUDEVENT_BATCH_TYPE]: cloudEvents },
  isIn: (headers: Headers): boolean => {
    const type = mediaTypeOf(headers) ?? "";
    if (type.startsWith("application/cloudevents")) return isStructured(type);
    return CLOUDEVENT_HEADERS.some((name) => headers.has(name));
  },
  isCritical(sent) {
    const read = cloudEventsOf(sent);
    return !(read instanceof Response) && areCritical(read.events.map(priorityOf));
  },
} satisfies RawBody;

/** The headers that are part of a CloudEvent in binary mode, a line each; none in the other modes, where the body has all of it. */
export function attributeLines(headers: Headers): readonly string[] {
  if (isStructured(mediaTypeOf(headers))) return [];
  return [...headers].filter(([name]) => name === "content-type" || name.startsWith("ce-")).map((field) => field.join(": "));
}

function isStructured(type: string | undefined): boolean {
  return type === CLOUDEVENT_TYPE || type === CLOUDEVENT_BATCH_TYPE;
}

/** The CloudEvents of a request, and how their fields are called in problems: `[3].id` in a batch, else `id`. */
export interface CloudEventsIn {
  readonly events: readonly CloudEvent[];
  readonly pathOf: (index: number, field: string) => string;
}

/** Reads and checks a request's CloudEvents: 400 for what is no JSON, 422 with every fault for what are no valid ones. */
export function cloudEventsOf({ request, bytes }: Pick<Call<unknown, unknown, unknown>, "request" | "bytes">): CloudEventsIn | Response {
  const type = mediaTypeOf(request.headers);
  const isBatch = type === CLOUDEVENT_BATCH_TYPE;
  const pathOf = (index: number, field: string): string => (isBatch ? `[${index}].${field}` : field);
  let read: CloudEventsRead;
  if (isStructured(type)) {
    const text = bodyText(bytes);
    if (text instanceof Response) return text;
    read = isBatch ? readCloudEventBatch(text) : readCloudEvent(text);
  } else read = readBinaryCloudEvent(request.headers, bytes);
  if (!read.ok) return "syntax" in read ? notJson(read.syntax) : invalidInput(read.errors);
  const { events } = read;
  if (events.length > MAX_EVENTS) return invalidInput([{ path: "", message: `Expected at most ${MAX_EVENTS} events, got ${events.length}` }]);
  const ours = events.findIndex((event) => event.type.startsWith("rivulet."));
  if (ours >= 0) return invalidInput([{ path: pathOf(ours, "type"), message: "Types that begin with rivulet. are the platform's" }]);
  return { events, pathOf };
}

/** What is appended for a CloudEvent. */
export function draftOf(call: Call<unknown, unknown, unknown>, event: CloudEvent): EventDraft {
  const { id, source, type, time, cloudevent, data } = event;
  return {
    id,
    source,
    type,
    schemaVersion: 1,
    ...(time !== undefined && { time }),
    metadata: metadataOf(call, event),
    cloudevent,
    data,
    dataHash: dataHash(data),
  };
}

/**
 * The extension "Distributed Tracing" is continued where the request itself continues no trace; the extension "Correlation" goes before
 * the request's correlation; `priority` is the event's, as it is in an append. What is not valid there stays an extension and no more.
 */
function metadataOf(call: Call<unknown, unknown, unknown>, event: CloudEvent): EventMetadata {
  const { extensions = {} } = event.cloudevent;
  const priority = priorityOf(event);
  const { traceparent, tracestate, correlationid, causationid } = extensions;
  const carried = call.trace.parentSpanId === undefined ? continueTrace(textOf(traceparent), textOf(tracestate)) : undefined;
  const trace = carried?.parentSpanId === undefined ? call.trace : carried;
  const causationId = textOf(causationid);
  return {
    ...platformMetadata({ correlationId: call.correlationId, trace }, call.principal.actor),
    ...(priority !== undefined && { priority }),
    ...(correlation.safeParse(textOf(correlationid)).success && { correlationId: textOf(correlationid) as string }),
    ...(causationId !== undefined && causationId !== "" && !isLongerThan(causationId, 256) && { causationId }),
  };
}

/** What the extension `priority` says, where it says one of ours. */
function priorityOf({ cloudevent: { extensions } }: CloudEvent): Priority | undefined {
  return PRIORITIES.find((priority) => priority === extensions?.["priority"]);
}

/** 403 where some of a request's events are critical and who brings them may not. */
export function criticalOf({ principal }: Pick<Call<unknown, unknown, unknown>, "principal">, drafts: readonly EventDraft[]): Response | undefined {
  return criticalRefusal(
    principal,
    drafts.map(({ metadata }) => metadata.priority),
  );
}

function textOf(value: string | number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
