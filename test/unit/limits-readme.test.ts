import { modules } from "../../src/domains/index.ts";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { LONGEST_TAIL } from "../../durable-objects/aggregate/outbox.ts";
import { MOST_PARKED } from "../../durable-objects/follower/contract.ts";
import { LIFETIME } from "../../durable-objects/tickets.ts";
import { api } from "../../src/api/app.ts";
import { MAX_APPEND_BYTES, MAX_ATTRIBUTE_BYTES, MAX_BODY_BYTES, MAX_EVENT_BYTES, MAX_EVENTS } from "../../src/api/draft-limits.ts";
import { MOST_TIME } from "../../src/api/endpoint.ts";
import { MAX_ADDRESS, MAX_HEADER_CHARACTERS, MAX_HEADERS, MAX_PARAMETERS } from "../../src/api/request-head.ts";
import { HEARTBEAT } from "../../src/api/live/feed.ts";
import { MAX_KEY_LENGTH } from "../../src/api/preconditions.ts";
import { MAX_SCOPES } from "../../src/api/keys/shown.ts";
import { MOST_NODES } from "../../src/api/routes/correlations.ts";
import { PAGE_BYTES } from "../../src/api/routes/log.ts";
import { correlation, DEFAULT_LIMIT, eventType, MAX_LIMIT, MAX_METADATA_LENGTH, topicPattern } from "../../src/api/schemas.ts";
import type { Services } from "../../src/api/services.ts";
import { MAX_CONCURRENCY, MAX_NAME_LENGTH, MAX_TIMEOUT, MAX_TYPE_LENGTH, MAX_TYPES, subscriptionInput } from "../../src/api/subscriptions/input.ts";
import { STATUS_MEANINGS } from "../../src/api/statuses.ts";
import { BELIEVED } from "../../src/identity/believed.ts";
import { SIGNATURE_WINDOW } from "../../src/identity/message-signature.ts";
import { CLOCK_SKEW, MAX_TOKEN } from "../../src/identity/token.ts";
import { CATEGORY_PATTERN, MAX_JSON_DEPTH, MAX_JSON_VALUES, STREAM_ID_PATTERN, TENANT_PATTERN } from "../../src/kernel/index.ts";
import { MAX_LOOKED_AT } from "../../src/log/read-log.ts";
import { REPLAY_WINDOW_SECONDS } from "../../src/webhooks/prove.ts";
import { SOURCE_PATTERN } from "../../src/webhooks/source.ts";
import { MAX_TEMPLATE_LENGTH } from "../../src/webhooks/templates.ts";

const count = (value: number): string => value.toLocaleString("en");
const bytes = (value: number): string => (value % 1024 ** 2 === 0 ? `${value / 1024 ** 2} MiB` : `${value / 1024} KiB`);
const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`;

/** The most characters of a kind that are taken: a limit that stands in a pattern or a schema is measured. */
function longest(isTaken: (text: string) => boolean): string {
  let length = 1;
  while (length < 2_000 && isTaken("a".repeat(length + 1))) length += 1;
  // What is taken must begin to be refused, and be taken up to there.
  if (length === 2_000 || !isTaken("a".repeat(length))) throw new Error(`expected a limit below 2,000, got none (at ${length})`);
  return `${count(length)} characters`;
}

const LIMITS: readonly (readonly [string, string])[] = [
  ["an event's data", bytes(MAX_EVENT_BYTES)],
  ["a CloudEvent's attributes beside its data", bytes(MAX_ATTRIBUTE_BYTES)],
  ["an append: data and metadata", bytes(MAX_APPEND_BYTES)],
  ["the body of an append", bytes(MAX_BODY_BYTES)],
  ["events in one append", `1 to ${count(MAX_EVENTS)}`],
  ["an event's metadata", `${count(MAX_METADATA_LENGTH)} characters as JSON`],
  ["depth of JSON", count(MAX_JSON_DEPTH)],
  ["values in a JSON body", count(MAX_JSON_VALUES)],
  ["path and query of a request", `${count(MAX_ADDRESS)} characters, ${count(MAX_PARAMETERS)} parameters`],
  ["headers of a request", `${count(MAX_HEADERS)}, ${count(MAX_HEADER_CHARACTERS)} characters`],
  ["a stream's id", longest((text) => STREAM_ID_PATTERN.test(text))],
  ["a category", longest((text) => CATEGORY_PATTERN.test(text))],
  ["an event's type", longest((text) => eventType.safeParse(text).success)],
  ["a topic pattern", longest((text) => topicPattern.safeParse(text).success)],
  ["a subscription's name", `${count(MAX_NAME_LENGTH)} characters`],
  ["topic patterns of a subscription", `${count(MAX_TYPES)}, each of ${count(MAX_TYPE_LENGTH)} characters`],
  ["events that a subscription has delivered at a time", count(MAX_CONCURRENCY)],
  ["one attempt to deliver", `${seconds(MAX_TIMEOUT)}, ${seconds(subscriptionInput.shape.timeoutMs.parse(undefined))} where left out`],
  ["dead letters of a part of a subscription before it stops", count(MOST_PARKED)],
  ["a correlation id", longest((text) => correlation.safeParse(text).success)],
  ["a tenant's id", longest((text) => text.length < 2 || TENANT_PATTERN.test(text))],
  ["a source's name", longest((text) => SOURCE_PATTERN.test(text))],
  ["a template of a source", count(MAX_TEMPLATE_LENGTH) + " characters"],
  ["an `Idempotency-Key`", `${count(MAX_KEY_LENGTH)} characters`],
  ["`limit` of a list", `1 to ${count(MAX_LIMIT)}, ${count(DEFAULT_LIMIT)} where left out`],
  ["a page of events", bytes(PAGE_BYTES)],
  ["events that one filtered page of the log looks at", count(MAX_LOOKED_AT)],
  ["events that a flow shows", count(MOST_NODES)],
  ["events that the log may lack of a stream before 429", count(LONGEST_TAIL)],
  ["until an answer begins", seconds(MOST_TIME)],
  ["between two signs of life on a live connection", seconds(HEARTBEAT)],
  ["a ticket", seconds(LIFETIME)],
  ["until a revoked key is refused everywhere", seconds(BELIEVED)],
  ["between the time in a signature and now", `${SIGNATURE_WINDOW} s`],
  ["scopes of a key", count(MAX_SCOPES)],
  ["a token (JWT)", `${count(MAX_TOKEN)} characters`],
  ["between the clocks of an issuer and of ours", `${CLOCK_SKEW} s`],
  ["a webhook's age, where its scheme signs the time", `${REPLAY_WINDOW_SECONDS} s`],
];

/** Statuses that belong to no operation: a method that a path does not take, a request out of measure, and a fault of ours. */
const EVERYWHERE = ["405", "414", "431", "500"];

/** A cell may hold a pipe in no form, so the rows need no more than this. */
function tables(): readonly (readonly (readonly string[])[])[] {
  const [, section = ""] = /\n## Limits and status codes\n([\s\S]*?)\n## /.exec(readFileSync("README.md", "utf8")) ?? [];
  const rowsOf = (table: string): string[][] =>
    table
      .split("\n")
      .slice(2)
      .map((line) =>
        line
          .slice(1, -1)
          .split("|")
          .map((cell) => cell.trim()),
      );
  return [...section.matchAll(/(?:^\|.*\|$\n?)+/gm)].map(([table]) => rowsOf(table.trim()));
}

let declared: ReadonlySet<string>;

beforeAll(async () => {
  const answer = await api(() => ({}) as Services, modules)(new Request("http://rivulet.test/openapi.json"));
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, { responses: Record<string, unknown> }>> };
  declared = new Set(Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ responses }) => Object.keys(responses))));
});

test("README's limits are the code's", () => {
  expect(tables()[0]).toEqual(LIMITS);
});

test("README's status codes are those that /openapi.json declares, with the description's meanings", () => {
  const expected = [...declared, ...EVERYWHERE].sort();
  expect(new Set(expected).size).toBe(expected.length);
  expect(tables()[1]).toEqual(expected.map((status) => [status, STATUS_MEANINGS[Number(status)]]));
});

test("no status has a meaning and no use", () => {
  expect(Object.keys(STATUS_MEANINGS).sort()).toEqual([...declared, ...EVERYWHERE].sort());
});
