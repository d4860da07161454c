import { z } from "@hono/zod-openapi";
import { CATEGORY_PATTERN, isLongerThan, isTimestamp, momentOf, PRIORITIES, STREAM_PATTERN, TOPIC_PATTERN } from "../kernel/index.ts";

/** The schemas that several endpoints share; they validate, and they describe. */

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    currentVersion: z.int().optional(),
    firstVersion: z.int().optional(),
    missingScope: z.string().optional(),
  })
  .openapi("Problem");

export const streamName = z
  .string()
  .regex(STREAM_PATTERN, "Expected <category>-<id>: a category of [a-z][a-z0-9_]* and an id of 1 to 200 of [A-Za-z0-9._~:-]")
  .openapi({ example: "note-n1" });

export const category = z.string().regex(CATEGORY_PATTERN, "Expected a category: [a-z][a-z0-9_]*");

/** A whole number in a query, within bounds. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,16}$/, `Expected a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `Expected a whole number from ${min} to ${max}`)
    .openapi({ type: "integer", minimum: min, maximum: max }) as z.ZodType<number, string>;
}

/** Items that a page of a list may have, and has where `limit` is left out. */
export const MAX_LIMIT = 1000;
export const DEFAULT_LIMIT = 100;

/** `limit` of every list. */
export const limit = wholeNumber(1, MAX_LIMIT)
  .optional()
  .transform((value) => value ?? DEFAULT_LIMIT)
  .openapi({ type: "integer", minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT });

export const cursor = z.string().max(1000).optional();

/** Cursors of lists that go by a name, and of lists that go by a number. */
export const afterName = z.object({ after: z.string().max(1000) });
export const atNumber = z.object({ at: z.int().min(1) });

export const topicPattern = z
  .string()
  .max(256)
  .regex(TOPIC_PATTERN, "Expected words parted by dots; * stands for one word, # for any number")
  .openapi({ example: "commerce.*" });

/** RFC 3339, section 5.6, as a producer writes it: kept to the character. */
export const producerTime = z
  .string()
  .refine(isTimestamp, "Expected an RFC 3339 time, such as 2026-11-20T10:00:00.000Z")
  .openapi({ format: "date-time", example: "2026-11-20T10:00:00.000Z" });

/** A moment that is asked for, in any form of RFC 3339; read as `recorded` is written, with which it is compared as text. */
export const time = producerTime.transform(momentOf).openapi({ type: "string", format: "date-time" });

export const correlation = z.string().regex(/^[A-Za-z0-9._~:-]{1,128}$/, "Expected 1 to 128 of [A-Za-z0-9._~:-]");

/** A name that a client must leave out. */
const platforms = (name: string): z.ZodType =>
  z
    .any()
    .refine((value) => value === undefined, `The platform sets the ${name}`)
    .openapi({ not: {} })
    .optional();

/** Characters of what a client may say beside the data, as JSON. */
export const MAX_METADATA_LENGTH = 16_384;

/** What a client may say beside the data. */
export const clientMetadata = z
  .looseObject({
    correlationId: correlation.optional(),
    causationId: z.string().min(1).max(256).optional(),
    priority: z.enum(PRIORITIES).optional(),
    actor: platforms("actor"),
    traceparent: platforms("traceparent"),
    tracestate: platforms("tracestate"),
  })
  .refine((metadata) => !isLongerThan(JSON.stringify(metadata), MAX_METADATA_LENGTH), `Expected at most ${MAX_METADATA_LENGTH} characters of metadata`);

export const eventType = z
  .string()
  .regex(/^[^.\s*#]+(\.[^.\s*#]+)*$/, "Expected words parted by dots, without white space, * or #")
  .max(256)
  // Not in the pattern, since in a description a pattern has no flags.
  .refine((type) => !/\p{C}/u.test(type), "Expected no control characters")
  .refine((type) => !type.startsWith("rivulet."), "Types that begin with rivulet. are the platform's");

export const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** An event as the API gives it. */
export const recordedEvent = z
  .object({
    id: z.string(),
    stream: z.string(),
    version: z.int(),
    position: z.int().optional(),
    type: z.string(),
    schemaVersion: z.int(),
    time: z.string(),
    recorded: z.string(),
    source: z.string(),
    data: z.any().optional(),
    data_base64: z.base64().optional(),
    purged: z.literal(true).optional(),
    metadata: z.looseObject({ correlationId: z.string(), priority: z.enum(PRIORITIES), traceparent: z.string(), actor: z.string() }),
    cloudevent: z
      .object({
        subject: z.string().optional(),
        dataschema: z.string().optional(),
        datacontenttype: z.string().optional(),
        dataform: z.enum(["bytes", "text", "none"]).optional(),
        extensions: z.record(z.string(), z.union([z.string(), z.int(), z.boolean()])).optional(),
      })
      .optional(),
    hash,
    previousHash: hash,
    dataHash: hash,
  })
  .openapi("Event");

/** A page of a list. */
export function page<Item extends z.ZodType>(item: Item): z.ZodObject<{ items: z.ZodArray<Item>; next: z.ZodNullable<z.ZodString> }> {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** A CloudEvent in the JSON format, for the description; it is checked by the kernel's `readCloudEvent`. Extensions stand beside these. */
export const cloudEvent = z
  .looseObject({
    specversion: z.literal("1.0"),
    id: z.string().min(1).max(256),
    source: z.string().min(1).max(1024).openapi({ format: "uri-reference" }),
    type: z.string().min(1).max(256),
    subject: z.string().min(1).nullish(),
    time: z.string().openapi({ format: "date-time" }).nullish(),
    dataschema: z.string().min(1).openapi({ format: "uri" }).nullish(),
    datacontenttype: z.string().min(1).nullish(),
    data: z.any().optional(),
    data_base64: z.base64().nullish(),
  })
  .openapi("CloudEvent", { example: { specversion: "1.0", id: "1", source: "/sensors/s1", type: "sensors.Measured", data: { celsius: 21.5 } } });

export const cloudEvents = z.array(cloudEvent).max(1000);
