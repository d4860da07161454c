import type { Operation } from "./description.ts";

/** What an operation needs beyond its description; all of it may be left out. */
export interface Recipe {
  /** Valid values of parameters (`<place> <name>`) whose grammar the description does not have. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  /** The plainest body, where the one that the schema gives is refused. */
  readonly body?: { readonly type: string; readonly value: unknown };
  /** Valid bodies with as many members as can stand together, by media type: one place after the other is spoilt in them. */
  readonly wholes: Readonly<Record<string, readonly unknown[]>>;
  /** Headers beside those described that carry text to this operation. */
  readonly carriers: readonly string[];
}

/** Why an answer that says "not valid" may come to what a schema allows. */
interface Reason {
  readonly operation: RegExp;
  /** What the answer's detail then says. */
  readonly detail: RegExp;
  readonly why: string;
}

/** Parameters whose grammar stands in an RFC or is the server's secret: the description gives them as texts. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  "header if-match": ["*", '"1"', '"0"', '"none-such"'],
  "header if-none-match": ["*"],
  "header idempotency-key": ['"robustness"', "bare", '"a \\" b"'],
  "header last-event-id": ["1", "0"],
  // Few, since the log of each is searched at the end.
  "header tenant-id": ["default", "robustness", `t${"0".repeat(62)}`],
  // Only answers give them; any text that nobody gave is refused.
  "header consistency-token": ["robustness-1@1"],
  "query cursor": [],
  "query ticket": [],
};

const CLOUD_EVENT = {
  specversion: "1.0",
  id: "abc",
  source: "/robustness",
  type: "robustness.Sent",
  subject: "abc",
  time: "2026-11-20T10:00:00Z",
  dataschema: "https://example.test/schema",
  datacontenttype: "application/json",
  extension: "abc",
};
const CLOUD_EVENTS = [
  { ...CLOUD_EVENT, data: { a: "abc" } },
  { ...CLOUD_EVENT, data_base64: "AAEC" },
];
const OF_CLOUD_EVENTS: Partial<Recipe> = {
  carriers: ["ce-id", "ce-source", "ce-type", "ce-subject", "ce-time", "ce-extension", "ce-specversion"],
  wholes: { "application/cloudevents+json": CLOUD_EVENTS, "application/cloudevents-batch+json": CLOUD_EVENTS.map((event) => [event]) },
};
const TEMPLATES = { type: "robustness.{body.type}", stream: "robustness-{body.stream}", id: "{header.x-id}" };
const PATCHES = [{ retention: { maxCount: 1000, maxAge: "P3650D", before: 1 } }];

const RECIPES: Readonly<Record<string, Partial<Recipe>>> = {
  readStream: { texts: { "header if-none-match": ["*", '"1"', 'W/"x", "y"'] } },
  appendCloudEvents: OF_CLOUD_EVENTS,
  appendEvents: OF_CLOUD_EVENTS,
  patchStream: { wholes: { "application/merge-patch+json": PATCHES, "application/json": PATCHES } },
  putSource: {
    body: { type: "application/json", value: { scheme: "none" } },
    wholes: {
      "application/json": [
        { scheme: "github", secret: "abc", ...TEMPLATES },
        { scheme: "stripe", secrets: ["abc", "abcd"], ...TEMPLATES },
        {
          scheme: "hmac",
          secret: "abc",
          header: "x-signature",
          algorithm: "sha256",
          encoding: "hex",
          prefix: "sha256=",
          timestampHeader: "x-time",
          tolerance: 300,
          ...TEMPLATES,
        },
        { scheme: "none", ...TEMPLATES },
      ],
    },
  },
  getCorrelation: { texts: { "path id": ["robustness-flow"] } },
  receiveWebhook: {
    texts: { "path tenant": ["default"], "path source": ["robustness"] },
    body: { type: "application/json", value: { id: "robustness-1", a: 1 } },
  },
};

/** The recipe of an operation. */
export function recipeOf({ id }: Operation): Recipe {
  const { texts = {}, carriers = [], wholes = {}, body } = RECIPES[id] ?? {};
  return { texts: { ...TEXTS, ...texts }, carriers, wholes, ...(body && { body }) };
}

const append = (stream: string, ...data: readonly unknown[]) => ({
  method: "POST",
  path: `/v1/streams/${stream}/events`,
  body: { events: data.map((each) => ({ type: "robustness.Begun", data: each, metadata: { correlationId: "robustness-flow" } })) },
});

/** What is there before anything is asked. The last of each kind is what DELETE takes away. */
export const BEFORE: readonly { readonly method: string; readonly path: string; readonly body: unknown }[] = [
  { method: "PUT", path: "/v1/sources/robustness", body: { scheme: "none" } },
  { method: "PUT", path: "/v1/sources/robustness-to-go", body: { scheme: "none" } },
  { method: "POST", path: "/v1/subscriptions", body: { name: "robustness", types: ["robustness.#"], sink: { pull: true } } },
  { method: "POST", path: "/v1/subscriptions", body: { name: "robustness-to-go", types: ["robustness.#"], sink: { pull: true } } },
  append("robustness-1", 1, 2, 3),
  append("robustness-2", null),
  append("robustness-to-go", {}),
];

/** What no schema can say, so that what it allows may still be answered with 400, 415 or 422. */
const REASONS: readonly Reason[] = [
  { operation: /./, detail: /^The Idempotency-Key .+ was first used for another request/, why: "a key is for one request (README)" },
  { operation: /^reconcileObjects$/, detail: /Expected the id of an object/, why: "an id proves its class by a keyed hash, which no pattern can say" },
  { operation: /^append/, detail: /^(events)?\[\d+\]\.id: Is also /, why: "the same id and source twice in one request (README)" },
  { operation: /^append/, detail: /data_base64: Expected one of data and data_base64/, why: "CloudEvents JSON format, section 3.1.1: never both" },
  { operation: /^append/, detail: /data_base64: Expected a text of base64/, why: "CloudEvents JSON format; in JSON Schema contentEncoding forbids nothing" },
  {
    operation: /^append/,
    detail: /datacontenttype: Expected a media type/,
    why: "CloudEvents, section datacontenttype: RFC 2046, for which JSON Schema has no format",
  },
  { operation: /^verifyStream$/, detail: /^(from|to): Expected a version/, why: "how long a stream is no schema knows" },
  {
    operation: /^patchStream$/,
    detail: /maxAge: Expected an ISO 8601 duration/,
    why: "only durations of a fixed length; the format `duration` has months and years as well",
  },
  {
    operation: /^putSource$/,
    detail: /^secrets?(\[1\])?: Expected (secret|another secret)/,
    why: "one of secret and secrets; none may be left out where there is none yet",
  },
  { operation: /^putSource$/, detail: /^(type|stream|id): At character \d+: /, why: "templates have a grammar of their own (README)" },
  { operation: /State$/, detail: /^version: Expected a version up to/, why: "how long a stream is no schema knows" },
  { operation: /^list_/, detail: /Expected a number that a double can hold/, why: "a number may be too large for a double" },
  { operation: /^orderPlaceOrder$/, detail: /^items: Expected items for at most/, why: "a sum over the items" },
  { operation: /[sS]ubtitle|Library/, detail: /^(video_?[tT]itle|title): Expected a title/, why: "a title is counted and compared as it is normalised" },
  { operation: /^(video|batch)/, detail: /^(videoUrls?|outputs)(\[\d+\])?(\.url)?: Expected an https?/, why: "an address of some schemes, that parses as one" },
  { operation: /^putLibraryFile$/, detail: /^line \d+: /, why: "SubRip and WebVTT have grammars of their own" },
  { operation: /Subscription$/, detail: /^filter/, why: "patterns and CEL have grammars of their own (README)" },
  { operation: /Subscription$/, detail: /^sink\.url: /, why: "an address that parses, is reached over https, and lies outside" },
  { operation: /Subscription$/, detail: /^sink\.headers/, why: "names and values of headers, of which some are the platform's" },
  { operation: /(Subscription|rotateSecret)$/, detail: /^(sink\.)?secret: Expected whsec_/, why: "a number of bytes, and a pair of keys that is one" },
  { operation: /^patchSubscription$/, detail: /^sink\.\w+: Expected nothing beside pull/, why: "a change is held against the sink that is there" },
  { operation: /Subscription$/, detail: /^retry\.maxDelayMs: Expected no less than/, why: "one field held against another" },
  { operation: /^createSubscription$/, detail: /^from: Expected a position up to/, why: "how long the log is no schema knows" },
  { operation: /^createKey$/, detail: /^expiresAt: Expected a time to come/, why: "what time it is no schema knows" },
  { operation: /^createIssuer$/, detail: /^jwksUri: Expected/, why: "an address that parses, is reached over https, and lies outside" },
  { operation: /^createIssuer$/, detail: /^jwks: Expected public keys/, why: "members that make a key private" },
  { operation: /^receiveWebhook$/, detail: /: the template of .+ needs it/, why: "a source's templates are the tenant's, and may ask for what is not there" },
  { operation: /^dropDeadLetter$/, detail: /^reason: Expected a reason, in the query or/, why: "it stands in one of two places" },
  { operation: /^startSaga$/, detail: /^data\./, why: "each saga has data of its own, and the path names it" },
  { operation: /./, detail: /^\w*[aA]t: Invalid ISO datetime/, why: "times in commands are UTC; the format date-time has any offset" },
  { operation: /^putSource$/, detail: /^tolerance: Expected timestampHeader too/, why: "a tolerance is one of a timestamp" },
  {
    operation: /^(putAlertRule|silenceAlert)$/,
    detail: /^(for|condition\.over): Expected an ISO 8601 duration from/,
    why: "durations of a fixed length, between two of them",
  },
  {
    operation: /^putAlertRule$/,
    detail: /^(metric|condition): Expected .+; only a built-in rule has one of its own/,
    why: "a built-in rule, which the path names, needs neither",
  },
  { operation: /^putAlertRule$/, detail: /^condition\.(function|where(\.\w+)?): Expected/, why: "a condition is held against its metric" },
  {
    operation: /^silenceAlert$/,
    detail: /^for: Expected one of for and until, and a time to come/,
    why: "it stands in one of two places, and what time it is no schema knows",
  },
];

/** The documented reason for which an answer may refuse what the schema allows; undefined where there is none. */
export function reasonFor({ id }: Operation, detail: string): string | undefined {
  return REASONS.find((reason) => reason.operation.test(id) && reason.detail.test(detail))?.why;
}
