import { expect } from "vitest";
import { type Answer, everything, expectProblem, get, type HeaderFields, newerThan, ok, send, type StoredEvent } from "../support/http.ts";
import { consumersPart, type Producer } from "./webhook-signers.ts";

export const now = (): number => Math.floor(Date.now() / 1000);

/** Sets up a source; fails the test where it is refused. */
export async function putSource(source: string, settings: object, tenant = "default"): Promise<Answer> {
  const answer = await send("PUT", `/v1/sources/${source}`, settings, { "tenant-id": tenant });
  ok(answer);
  return answer;
}

/** Sets up a source for a producer, with these secrets, else the producer's own. */
export async function putProducer(source: string, { settings, secret }: Producer, secrets: readonly string[] = [secret]): Promise<Answer> {
  const [first, ...rest] = await Promise.all(secrets.map(consumersPart));
  return putSource(source, { ...settings, ...(rest.length === 0 ? { secret: first } : { secrets: [first, ...rest] }) });
}

/** Posts to a source as a stranger does: without a key. */
export async function post(source: string, body: string | Uint8Array, headers: HeaderFields, tenant = "default"): Promise<Answer> {
  return send("POST", `/v1/webhooks/${tenant}/${source}`, body, { authorization: undefined, "content-type": "application/json", ...headers });
}

export interface Delivered {
  readonly id: string;
  readonly body?: string;
  /** What is sent in the place of the body that was signed. */
  readonly sent?: string;
  readonly secret?: string;
  /** Seconds from now. */
  readonly age?: number;
  /** Headers to add, to change, or with undefined to take away. */
  readonly headers?: HeaderFields;
}

/** Delivers as the producer does: signed. */
export async function deliver(
  source: string,
  producer: Producer,
  { id, secret = producer.secret, age = 0, ...more }: Delivered,
  tenant = "default",
): Promise<Answer> {
  const body = more.body ?? producer.body(id);
  const signed = await producer.sign({ body, secret, timestamp: now() - age, id });
  return post(source, more.sent ?? body, { ...producer.headers(id), ...signed, ...more.headers }, tenant);
}

/** The event that a delivery has become, as the log has it. */
export async function eventOf(answer: Answer, source: string): Promise<StoredEvent> {
  const { event } = ok<{ event: { id: string } }>(answer);
  return ok<StoredEvent>(await get(`/v1/events/${encodeURIComponent(event.id)}?source=/webhooks/${source}`, newerThan(answer)));
}

/** The ids of all events of these sources, once the log has had the time to get what nobody has a token for. */
export async function idsOf(sources: string | readonly string[], tenant = "default"): Promise<readonly string[]> {
  await scheduler.wait(300);
  const log = await everything("/v1/events?limit=1000", { "tenant-id": tenant });
  const places = new Set([sources].flat().map((source) => `/webhooks/${source}`));
  return log.filter((event) => places.has(event.source)).map(({ id }) => id);
}

/** Expects a 401 as an unproved delivery gets it, in which no secret stands. */
export function expectForged(answer: Answer, secrets: readonly string[], code?: string): void {
  expectProblem(answer, 401, code);
  expect(answer.headers.get("www-authenticate")).toBe("Signature");
  for (const secret of secrets) expect(answer.text).not.toContain(secret);
}

/** What an event is called. */
export interface Named {
  readonly id?: string;
  readonly type: string;
  readonly stream: string;
  readonly time?: string;
}

/** Expects a delivery to be taken, and its event to be named so; without a time of its own it has that of its recording. */
export async function isNamed(source: string, producer: Producer, delivered: Delivered, named: Named): Promise<void> {
  const answer = await deliver(source, producer, delivered);
  expect(answer.status, answer.text).toBe(202);
  const event = await eventOf(answer, source);
  expect(event).toMatchObject({ id: delivered.id, ...named, source: `/webhooks/${source}` });
  if (named.time === undefined) expect(event.time).toBe(event.recorded);
}
