import { z } from "@hono/zod-openapi";
import { PRIORITIES } from "../../kernel/index.ts";
import { time, topicPattern } from "../schemas.ts";

/** Longest name of a subscription, in characters. */
export const MAX_NAME_LENGTH = 200;
/** Topic patterns that a subscription has, at most, and the characters of each. */
export const MAX_TYPES = 50;
export const MAX_TYPE_LENGTH = 200;
/** Events delivered at a time, at most. */
export const MAX_CONCURRENCY = 60;
/** Milliseconds that one attempt may take, at most. */
export const MAX_TIMEOUT = 30_000;

const milliseconds = z.int().min(1).max(86_400_000);
const headers = z.record(z.string().max(200), z.string().max(4_096));

/** A key that signs deliveries, as the description has it; how many bytes it stands for, and that a pair is one, is checked beside. */
export const signingSecret = z.string().max(200).openapi({
  description: "`whsec_` and 24 to 64 bytes in base64, or `whsk_` and an Ed25519 key in base64; not given, it is made",
  pattern: "^(?:whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?|whsk_[A-Za-z0-9+/]{43}=|whsk_[A-Za-z0-9+/]{86}==)$",
});
/** One of the two ways to get events; told in the description alone, since each answer to a mistake is better than that of a choice between shapes. */
const oneWay = [
  { required: ["url"], properties: { pull: { not: {} } } },
  { required: ["pull"], properties: { url: { not: {} }, secret: { not: {} }, headers: { not: {} } } },
];

/** What a filter is written as. */
const filterForms = [
  { type: "object", minProperties: 1 },
  { type: "string", minLength: 1 },
] as const;

const fields = {
  name: z
    .string()
    .min(1)
    .max(MAX_NAME_LENGTH)
    // Not in the pattern, since in a description a pattern has no flags.
    .refine((name) => !/\p{C}/u.test(name) && name.trim() === name, "Expected a name without control characters, and without white space around it"),
  types: z.array(topicPattern.max(MAX_TYPE_LENGTH)).min(1).max(MAX_TYPES),
  filter: z.any().openapi({
    description: "An EventBridge pattern over the event, or a CEL expression as a text",
    anyOf: [...filterForms],
    example: { data: { total: [{ numeric: [">", 100] }] } },
  }),
  order: z.enum(["stream", "none"]).openapi({ description: "stream: what comes later in a stream waits for what came before" }),
  priority: z.enum(PRIORITIES),
  concurrency: z.int().min(1).max(MAX_CONCURRENCY).openapi({ description: "Events delivered at a time" }),
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT),
  format: z.enum(["standard", "cloudevents"]).openapi({
    description:
      "cloudevents: the sink is asked for leave first, by OPTIONS with WebHook-Request-Origin, when its URL, headers or format are set. 422 where WebHook-Allowed-Origin is neither * nor that origin; a sink that does not answer with it is taken, and `sink.handshake` says so",
  }),
};

const retry = { maxAttempts: z.int().min(1).max(100), minDelayMs: milliseconds, maxDelayMs: milliseconds };

/** Where a subscription, or a replay, begins: a word, a position or a time. */
const positionOrTime = [z.int().min(1), time] as const;
export const from = z.union([z.enum(["now", "beginning"]), ...positionOrTime], {
  error: "Expected now, beginning, a position from 1 on, or an RFC 3339 time",
});
export const replayFrom = z.union([z.enum(["beginning"]), ...positionOrTime], { error: "Expected beginning, a position from 1 on, or an RFC 3339 time" });
export const replayTo = z.union(positionOrTime, { error: "Expected a position from 1 on, or an RFC 3339 time" });

/** A subscription as a client writes it. What hangs together beyond its shape is in `settingsFaults`. */
export const subscriptionInput = z
  .strictObject({
    name: fields.name,
    types: fields.types,
    filter: fields.filter.optional(),
    sink: z
      .strictObject({
        url: z.string().min(1).max(2_048).optional(),
        secret: signingSecret.optional(),
        headers: headers.optional(),
        pull: z.literal(true).optional(),
      })
      .openapi({ description: "`url` to be called, or `pull`", oneOf: oneWay }),
    from: from.optional(),
    order: fields.order.default("stream"),
    priority: fields.priority.default("normal"),
    concurrency: fields.concurrency.default(6),
    timeoutMs: fields.timeoutMs.default(15_000),
    retry: z
      .strictObject({
        maxAttempts: retry.maxAttempts.default(8),
        minDelayMs: retry.minDelayMs.default(1_000),
        maxDelayMs: retry.maxDelayMs.default(3_600_000),
      })
      .prefault({}),
    format: fields.format.default("standard"),
  })
  .openapi("NewSubscription", { example: { name: "shop", types: ["commerce.*"], sink: { url: "https://shop.example/hook" } } });

export type SubscriptionInput = z.output<typeof subscriptionInput>;

const inherited = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().optional();

/** A change of a subscription as a merge-patch (RFC 7396): what is null is as if it had been left out from the start. */
export const subscriptionPatch = z
  .strictObject({
    name: fields.name.optional(),
    types: fields.types.optional(),
    filter: fields.filter.optional().openapi({ anyOf: [...filterForms, { type: "null" }] }),
    sink: z
      .strictObject({
        url: z.string().min(1).max(2_048).optional(),
        secret: signingSecret.optional(),
        headers: z.record(z.string().max(200), z.string().max(4_096).nullable()).nullable().optional(),
        pull: z.literal(true).optional(),
      })
      .optional(),
    order: inherited(fields.order),
    priority: inherited(fields.priority),
    concurrency: inherited(fields.concurrency),
    timeoutMs: inherited(fields.timeoutMs),
    retry: inherited(z.strictObject({ maxAttempts: inherited(retry.maxAttempts), minDelayMs: inherited(milliseconds), maxDelayMs: inherited(milliseconds) })),
    format: inherited(fields.format),
  })
  .openapi("SubscriptionPatch", { example: { timeoutMs: 5_000, filter: null } });

export type SubscriptionPatch = z.output<typeof subscriptionPatch>;
