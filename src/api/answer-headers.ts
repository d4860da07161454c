import type { Endpoint } from "./endpoint.ts";

/** What /openapi.json says of a header. */
interface DescribedHeader {
  readonly description: string;
  readonly schema: { readonly type: "string" | "integer"; readonly pattern?: string; readonly minimum?: number; readonly enum?: readonly string[] };
}

/** Headers that, where an answer is said to have them, some answers of that status may lack. */
const SOMETIMES = {
  RateLimit: {
    description: "What is left of the tightest limit, of a key or tenant that has any: `r` requests within `t` seconds",
    schema: { type: "string" },
  },
  "RateLimit-Policy": { description: "That limit: `q` requests in any window of `w` seconds", schema: { type: "string" } },
  "Idempotency-Replayed": {
    description: "This is the first answer to this `Idempotency-Key`, given again: nothing was done",
    schema: { type: "string", enum: ["true"] },
  },
  Link: { description: "The next page, as `rel=next` (RFC 8288), where the body has no place for it", schema: { type: "string" } },
  Accept: { description: "The media types that are taken here", schema: { type: "string" } },
  "Accept-Encoding": { description: "The content codings that are taken here", schema: { type: "string" } },
} as const satisfies Readonly<Record<string, DescribedHeader>>;

/** Headers that every answer of a status has, unless its endpoint says `?`. */
const ALWAYS = {
  traceresponse: {
    description: "The request's trace and its span there, by W3C Trace Context",
    schema: { type: "string", pattern: "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$" },
  },
  "X-Correlation-Id": { description: "As it was given with the request, else made", schema: { type: "string", pattern: "^[A-Za-z0-9._~:-]{1,128}$" } },
  ETag: { description: "The strong entity tag, for `If-Match` and `If-None-Match`", schema: { type: "string", pattern: '^"[!#-~]*"$' } },
  "Consistency-Token": {
    description: "What was written: sent with a read of the log or of a view, the answer is at least as new",
    schema: { type: "string", pattern: "^\\S+$" },
  },
  Location: { description: "Where it is", schema: { type: "string", pattern: "^/\\S*$" } },
  "Content-Location": { description: "Where this very representation is", schema: { type: "string", pattern: "^/\\S*$" } },
  "Content-Language": { description: "The language of the body", schema: { type: "string" } },
  "X-View-Position": { description: "The position of the log up to which the view's rows are", schema: { type: "integer", minimum: 0 } },
  "Retry-After": { description: "Seconds after which it is worth trying again", schema: { type: "integer", minimum: 1 } },
  "WWW-Authenticate": { description: "How to prove who asks, or what is missing", schema: { type: "string" } },
} as const satisfies Readonly<Record<string, DescribedHeader>>;

const HEADERS: Readonly<Record<string, DescribedHeader>> = { ...ALWAYS, ...SOMETIMES };

/** The names of all headers of ours. */
export const HEADER_NAMES: readonly string[] = Object.keys(HEADERS);

/** A header as an answer declares it; `?` where not every answer of its status has it. */
export type AnswerHeader = keyof typeof SOMETIMES | keyof typeof ALWAYS | `${keyof typeof ALWAYS}?`;

/** What a write tells of the stream it has written. */
export const WRITTEN: readonly AnswerHeader[] = ["ETag", "Consistency-Token"];

/** What answers of a status have, whatever was asked for. */
const OF_STATUS: Readonly<Record<number, readonly AnswerHeader[]>> = {
  201: ["Location"],
  401: ["WWW-Authenticate"],
  403: ["WWW-Authenticate?"],
  415: ["Accept", "Accept-Encoding"],
  429: ["Retry-After"],
  503: ["Retry-After"],
};

/** What of an endpoint says which headers its answers have. */
export type Answering = Pick<Endpoint<never, never, never>, "scope" | "isLimited" | "headers" | "notModified" | "isMoving" | "answers">;

/**
 * The headers of an endpoint's answers with a status: those that all answers have, those that follow from what the endpoint is, and its own.
 * Only ours: what belongs to HTTP and to browsers (`Content-Type`, `Vary`, `Cache-Control`, CORS and the like) is not declared.
 */
export function answerHeaders(endpoint: Answering, status: number): Readonly<Record<string, { readonly $ref: string }>> {
  const { scope, isLimited = scope !== "public", headers, notModified, isMoving, answers } = endpoint;
  const takes = (name: string): boolean => headers !== undefined && name in headers.shape;
  const isTagged = (notModified && (status === 200 || status === 304)) || (isMoving && status === 200);
  const declared: readonly AnswerHeader[] = [
    "traceresponse",
    "X-Correlation-Id",
    ...(isLimited ? (["RateLimit", "RateLimit-Policy"] as const) : []),
    ...(OF_STATUS[status] ?? []),
    ...(isTagged ? (["ETag"] as const) : []),
    ...(takes("idempotency-key") && status < 300 ? (["Idempotency-Replayed"] as const) : []),
    // A view that is built anew says how far it is.
    ...(takes("consistency-token") && status === 503 ? (["X-View-Position?"] as const) : []),
    // 304 has the header lines of the 200 that it stands for, but those that describe a body.
    ...(status === 304 ? (answers[200]?.headers ?? []).filter((name) => !name.startsWith("Content-Language")) : (answers[status]?.headers ?? [])),
  ];
  // What an endpoint says itself comes last, and holds.
  return Object.fromEntries(declared.map((header) => [header.replace("?", ""), { $ref: `${COMPONENTS}${componentOf(header)}` }]));
}

const COMPONENTS = "#/components/headers/";

/** One that is required in some answers and not in others is two components: beside a `$ref` nothing can be said. */
function componentOf(header: AnswerHeader): string {
  return header.endsWith("?") ? `Optional-${header.slice(0, -1)}` : header;
}

/** `components.headers`, as far as a description refers to them. */
export function headerComponents(description: string): Readonly<Record<string, object>> {
  const all = Object.entries(HEADERS).flatMap(([name, header]) => [
    [name, { ...header, ...(name in ALWAYS && { required: true }) }] as const,
    [`Optional-${name}`, header] as const,
  ]);
  return Object.fromEntries(all.filter(([name]) => description.includes(`"${COMPONENTS}${name}"`)));
}
