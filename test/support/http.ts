import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { Contract } from "./contract.ts";

const worker = (exports as unknown as { default: Fetcher }).default;

export const adminKey = "test-admin-key";

/** An event as the API gives it. */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position?: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly time: string;
  readonly recorded: string;
  readonly source: string;
  readonly data: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly hash: string;
  readonly previousHash: string;
  readonly dataHash: string;
}

export interface Appended {
  readonly stream: string;
  readonly firstVersion: number;
  readonly lastVersion: number;
  readonly events: readonly { readonly id: string; readonly version: number; readonly hash: string }[];
}

export interface Page<Item = StoredEvent> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly currentVersion?: number;
}

/** Request headers; undefined takes one of the usual headers away. */
export type HeaderFields = Readonly<Record<string, string | undefined>>;

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  json<Body>(): Body;
}

let contract: Promise<Contract> | undefined;

async function theContract(): Promise<Contract> {
  const answer = await worker.fetch("http://rivulet.test/openapi.json");
  return new Contract(await answer.json());
}

/** Sends one request with the admin key, and sees to it that the answer is one that /openapi.json declares; a body that is no string or bytes goes as JSON. */
export async function send(method: string, path: string, body?: unknown, headers: HeaderFields = {}): Promise<Answer> {
  const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const usual: HeaderFields = { authorization: `Bearer ${adminKey}`, ...(raw === undefined ? {} : { "content-type": "application/json" }) };
  const sent = new Headers(Object.entries({ ...usual, ...headers }).filter((field): field is [string, string] => field[1] !== undefined));
  const response = await worker.fetch(`http://rivulet.test${path}`, { method, headers: sent, redirect: "manual", ...(raw === undefined ? {} : { body: raw }) });
  const text = await response.text();
  const type = response.headers.get("content-type")?.split(";")[0];
  const pathname = new URL(`http://rivulet.test${path}`).pathname;
  const breach = (await (contract ??= theContract())).breach({ method, pathname, status: response.status, type, text, headers: response.headers });
  if (breach !== undefined) throw new Error(breach);
  return { status: response.status, headers: response.headers, text, json: <Body>() => JSON.parse(text) as Body };
}

export const get = (path: string, headers: HeaderFields = {}): Promise<Answer> => send("GET", path, undefined, headers);

export const append = (stream: string, events: unknown, headers: HeaderFields = {}): Promise<Answer> =>
  send("POST", `/v1/streams/${stream}/events`, { events }, headers);

/** The header that makes an answer at least as new as this write. */
export function newerThan(write: Answer): { "consistency-token": string } {
  const token = write.headers.get("consistency-token");
  if (token === null) throw new Error(`expected a Consistency-Token, got ${write.status} ${write.text.slice(0, 300).toWellFormed()}`);
  return { "consistency-token": token };
}

/** The body of an answer that is expected to be a success. */
export function ok<Body>(answer: Answer): Body {
  if (answer.status >= 300) throw new Error(`expected a 2xx, got ${answer.status} ${answer.text.slice(0, 300).toWellFormed()}`);
  return answer.json<Body>();
}

/** A stream's events, up to 1,000; none if it does not exist. */
export async function eventsOf(stream: string, headers: HeaderFields = {}): Promise<readonly StoredEvent[]> {
  const answer = await get(`/v1/streams/${stream}/events?limit=1000`, headers);
  return answer.status === 404 ? [] : ok<Page>(answer).items;
}

/** Follows `next` to the end; gives every page. */
export async function pages<Item = StoredEvent>(path: string, headers: HeaderFields = {}): Promise<readonly Page<Item>[]> {
  const all: Page<Item>[] = [];
  for (let next: string | null = ""; next !== null; next = all.at(-1)?.next ?? null) {
    const cursor = next === "" ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(next)}`;
    all.push(ok<Page<Item>>(await get(path + cursor, headers)));
    if (all.length > 1000) throw new Error(`expected ${path} to end, got over 1,000 pages`);
  }
  return all;
}

/** Everything a list gives, page after page. */
export async function everything<Item = StoredEvent>(path: string, headers: HeaderFields = {}): Promise<readonly Item[]> {
  return (await pages<Item>(path, headers)).flatMap(({ items }) => items);
}

/** Expects an RFC 9457 problem with this status and, where given, this code. */
export function expectProblem(answer: Answer, status: number, code?: string): Problem {
  expect(answer.status, answer.text.slice(0, 300).toWellFormed()).toBe(status);
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json(;|$)/);
  const problem = answer.json<Problem>();
  expect(problem).toMatchObject({ status, type: expect.stringMatching(/./), title: expect.stringMatching(/./), detail: expect.stringMatching(/./) });
  expect(problem.code).toMatch(/^[a-z][a-z0-9_]*$/);
  expect(answer.text).not.toMatch(/\bat .+:\d+:\d+|\.ts\b|node_modules|Zod|SQLITE|D1_ERROR/);
  if (code !== undefined) expect(problem.code).toBe(code);
  return problem;
}
