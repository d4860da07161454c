import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, append, get, type HeaderFields, newerThan, ok, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly headers?: Readonly<Record<string, { readonly $ref: string }>> }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly headers: Readonly<Record<string, { readonly required?: boolean }>> };
}

// What is sent and not declared, or required and not sent, any test of this lane finds: `send` holds each answer against the description.
let description: Description;

beforeAll(async () => {
  description = (await get("/openapi.json")).json<Description>();
});

const operations = (): readonly (readonly [name: string, operation: Operation])[] =>
  Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );

/** The headers that an operation declares for a status: those that each answer has, and those that it may have, behind a `?`. */
function declared(name: string, status: number): readonly string[] {
  const { headers = {} } = operations().find(([known]) => known === name)?.[1].responses[status] ?? {};
  const isRequired = ($ref: string): boolean => description.components.headers[$ref.slice("#/components/headers/".length)]?.required === true;
  return Object.entries(headers).map(([header, { $ref }]) => (isRequired($ref) ? header : `${header}?`));
}

const EVERY = ["traceresponse", "X-Correlation-Id"];
const LIMITED = ["RateLimit?", "RateLimit-Policy?"];
const SUBRIP = "1\n00:00:01,000 --> 00:00:02,000\nNobody.\n";
const batch = { accept: "application/cloudevents-batch+json" };
const event = { specversion: "1.0", id: "1", source: "/headers", type: "x.Y" };
const events = [{ type: "x.Y", data: 1 }];

describe("the description", () => {
  test("has what every answer carries at every answer, and the limit's headers wherever a limit counts", () => {
    for (const [name, { responses }] of operations()) {
      for (const status of Object.keys(responses)) {
        expect(declared(name, Number(status)), `${name} ${status}`).toEqual(expect.arrayContaining(EVERY));
        const isLimited = !["GET /health", "GET /openapi.json", "GET /docs"].includes(name);
        expect(declared(name, Number(status)).includes("RateLimit?"), `${name} ${status}`).toBe(isLimited);
      }
    }
  });

  test("has both preconditions of whatever takes one in a write", () => {
    const conditional = operations().filter(([, { parameters = [] }]) => parameters.some(({ name, in: place }) => place === "header" && name === "if-match"));
    expect(conditional.length).toBeGreaterThan(50);
    for (const [name, { parameters }] of conditional)
      expect(
        parameters?.map((parameter) => parameter.name),
        name,
      ).toContain("if-none-match");
  });

  test.each<[string, number, readonly string[]]>([
    ["POST /v1/streams/{stream}/events", 201, ["Location", "Idempotency-Replayed?", "ETag", "Consistency-Token"]],
    ["POST /v1/streams/{stream}/events", 200, ["Idempotency-Replayed?", "ETag?", "Consistency-Token?"]],
    ["POST /v1/streams/{stream}/events", 401, ["WWW-Authenticate"]],
    ["POST /v1/streams/{stream}/events", 415, ["Accept?", "Accept-Encoding?"]],
    ["POST /v1/streams/{stream}/events", 429, ["Retry-After"]],
    ["GET /v1/streams/{stream}/events", 304, ["ETag", "Link?"]],
    ["GET /v1/views/stock", 200, ["ETag", "X-View-Position"]],
    ["GET /v1/views/stock", 304, ["ETag", "X-View-Position"]],
    ["GET /v1/views/stock", 503, ["Retry-After", "X-View-Position?"]],
    ["GET /subtitles/{job_id}/file", 304, ["ETag"]],
    ["DELETE /v1/sources/{source}", 204, []],
  ])("says of %s what its %i has", (name, status, own) => {
    expect(declared(name, status)).toEqual([...EVERY, ...LIMITED, ...own]);
  });
});

test("an answer has each header that is declared, sooner or later", async () => {
  const { as: limited } = await makeKey("headers", ["streams:read:headers-*"], { limits: { requests: { limit: 2, periodSeconds: 86_400 } } });
  const keyed: HeaderFields = { "idempotency-key": "answer-headers" };
  const first = await append("headers-1", events, keyed);
  await append("headers-1", events);
  await send("POST", "/v1/aggregates/inventory/headers/Receive", { quantity: 1 });
  const answers: readonly Answer[] = [
    first,
    await append("headers-1", events, keyed),
    await get("/v1/streams/headers-1/events?limit=1", batch),
    await get("/v1/events?limit=1", { ...batch, ...newerThan(first) }),
    await get("/v1/views/stock"),
    await get("/v1/streams/headers-1", limited),
    await get("/v1/streams", limited),
    await get("/v1/streams/headers-1", limited),
    await get("/v1/streams", { authorization: undefined }),
    await send("POST", "/v1/streams/headers-1/events", "x", { "content-type": "text/plain" }),
    await send("POST", "/v1/streams/headers-1/events", "{}", { "content-encoding": "gzip" }),
    await send("PUT", "/subtitles/library/headers/en", SUBRIP, { "content-type": "application/x-subrip" }),
    await get("/subtitles/library/headers/en"),
  ];
  const seen = new Set(answers.flatMap(({ headers }) => [...headers.keys()]));
  const names = new Set(Object.keys(description.components.headers).map((name) => name.replace(/^Optional-/, "")));
  expect([...names].filter((name) => !seen.has(name.toLowerCase()))).toEqual([]);
  expect(names.size).toBeGreaterThan(10);
});

describe("what an answer may lack, some answer lacks", () => {
  test("of nothing that was appended there is no version", async () => {
    const { status, headers } = await send("POST", "/v1/streams/headers-none/events", [], { "content-type": "application/cloudevents-batch+json" });
    expect([status, headers.get("etag"), headers.get("consistency-token")]).toEqual([200, null, null]);
  });

  test("CloudEvents of several streams have one token and no one tag", async () => {
    const two = ["one", "two"].map((subject) => ({ ...event, id: subject, subject, stream: `headers_${subject}-1` }));
    const { status, headers } = await send("POST", "/v1/events", two, { "content-type": "application/cloudevents-batch+json" });
    expect([status, headers.get("etag"), headers.get("consistency-token")]).toEqual([201, null, "headers_one-1@1+headers_two-1@1"]);
  });

  test("a ticket that was told before is told no more, nor where it is good", async () => {
    const ask = (): Promise<Answer> => send("POST", "/v1/tickets", undefined, { "idempotency-key": "answer-headers-ticket" });
    const [made, again] = [await ask(), await ask()];
    expect([made, again].map(({ status, headers }) => [status, headers.has("location"), headers.get("idempotency-replayed")])).toEqual([
      [201, true, null],
      [201, false, "true"],
    ]);
    expect(ok<object>(again)).not.toHaveProperty("ticket");
  });
});
