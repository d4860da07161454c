import { verify } from "@octokit/webhooks-methods";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, everything, get, newerThan, ok, pages, type Page, type StoredEvent } from "../support/http.ts";
import { definitions, deliver, type Payload, putSource, SECRET, sign, streamOf, typeOf } from "./github-delivery.ts";

interface Example {
  readonly event: string;
  readonly id: string;
  readonly payload: Payload;
}

const tenant = "octo";
const octo = { "tenant-id": tenant };
const all: readonly Example[] = definitions.flatMap(({ name, examples }) => examples.map((payload, n) => ({ event: name, id: `${name}-${n}`, payload })));
const first = new Map<string, Answer>();

/** Runs over many, eight at a time, as a busy sender does. */
async function eachOf<Item>(items: readonly Item[], visit: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await visit(item);
    }),
  );
}

const wholeLog = (): Promise<readonly StoredEvent[]> => everything("/v1/events?limit=1000", octo);

/** Where everything stands: streams with their versions, and counts by type. */
async function state(): Promise<string> {
  const streams = await everything<{ stream: string }>("/v1/streams?limit=1000", octo);
  const versions = await Promise.all(streams.map(async ({ stream }) => [stream, ok<{ version: number }>(await get(`/v1/streams/${stream}`, octo)).version]));
  return JSON.stringify([versions, await everything("/v1/event-types?limit=1000", octo), (await wholeLog()).length]);
}

/** Waits until the log and the view have each stream's last of these deliveries. */
async function settled(answers: Iterable<Answer>): Promise<void> {
  const last = new Map<string, { readonly version: number; readonly answer: Answer }>();
  for (const answer of answers) {
    const { stream, event } = ok<{ stream: string; event: { version: number } }>(answer);
    if (event.version > (last.get(stream)?.version ?? 0)) last.set(stream, { version: event.version, answer });
  }
  await eachOf([...last.values()], async ({ answer }) => {
    for (const path of ["/v1/events?limit=1", "/v1/event-types?limit=1"]) ok(await get(path, { ...octo, ...newerThan(answer) }));
  });
}

beforeAll(async () => {
  await putSource(tenant);
  await eachOf(all, async ({ event, id, payload }) => {
    first.set(id, await deliver({ event, id, payload, tenant }));
  });
  await settled([...first.values()].filter(({ status }) => status < 300));
});

test("there are 329 payloads of 58 events, signed as GitHub signs", async () => {
  expect([all.length, definitions.length]).toEqual([329, 58]);
  for (const { payload } of all) expect(await verify(SECRET, JSON.stringify(payload), await sign(SECRET, JSON.stringify(payload)))).toBe(true);
});

describe("each payload is accepted with 202 and comes back to the character", () => {
  test.each(definitions.map(({ name, examples }) => [name, examples.length] as const))("%s (%i)", async (name) => {
    for (const { id, event, payload } of all.filter(({ event }) => event === name)) {
      expect(first.get(id)?.status, first.get(id)?.text).toBe(202);
      const { text } = await get(`/v1/events/${id}`, octo);
      expect(text.includes(`"data":${JSON.stringify(payload)}`), `${id}: ${text.slice(0, 300)}`).toBe(true);
      expect(JSON.parse(text)).toMatchObject({ id, stream: streamOf(payload), type: typeOf(event, payload), source: "/webhooks/github", schemaVersion: 1 });
    }
  });
});

test("every stream holds its payloads to the character, once each", async () => {
  for (const stream of new Set(all.map(({ payload }) => streamOf(payload)))) {
    const mine = all.filter(({ payload }) => streamOf(payload) === stream);
    const events = await everything(`/v1/streams/${stream}/events?limit=1000`, octo);
    expect(events.map(({ id }) => id).sort()).toEqual(mine.map(({ id }) => id).sort());
    expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index + 1));
    const { text } = await get(`/v1/streams/${stream}/events?limit=1000`, octo);
    const missing = mine.filter(({ payload }) => !text.includes(`"data":${JSON.stringify(payload)}`));
    expect(missing.map(({ id }) => id)).toEqual([]);
    expect(ok(await get(`/v1/streams/${stream}/verify`, octo))).toMatchObject({ valid: true, to: mine.length });
  }
});

test("the log holds each once, with positions that rise one by one, the source's own event and that of the audit log among them", async () => {
  const log = await wholeLog();
  expect(log.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
  const own = await Promise.all(["rivulet_source", "audit"].map(async (category) => ok<Page>(await get(`/v1/events?category=${category}`, octo)).items));
  const positions = log.map(({ position = 0 }) => position);
  expect(positions).toEqual(positions.toSorted((one, other) => one - other));
  const every = [...positions, ...own.flat().map(({ position = 0 }) => position)].sort((one, other) => one - other);
  expect(every).toEqual(Array.from({ length: 331 }, (_, n) => n + 1));
  const text = (await pages("/v1/events?limit=1000", octo)).map(({ items }) => JSON.stringify(items)).join("");
  for (const { payload } of all) expect(text.includes(JSON.stringify(payload))).toBe(true);
});

test("the view counts each type's payloads", async () => {
  const rows = ok<Page<{ type: string; count: number; streams: number }>>(await get("/v1/event-types?limit=1000", octo)).items;
  const types = new Set(all.map(({ event, payload }) => typeOf(event, payload)));
  expect(rows.map(({ type }) => type).sort()).toEqual([...types].sort());
  for (const { type, count, streams } of rows) {
    const mine = all.filter(({ event, payload }) => typeOf(event, payload) === type);
    expect([type, count, streams]).toEqual([type, mine.length, new Set(mine.map(({ payload }) => streamOf(payload))).size]);
  }
});

test("each repeat is 200, with the first answer's event, and nothing grows", async () => {
  const before = await state();
  const repeats: Answer[] = [];
  await eachOf(all, async ({ event, id, payload }) => {
    const again = await deliver({ event, id, payload, tenant });
    expect([again.status, again.text]).toEqual([200, first.get(id)?.text]);
    repeats.push(again);
  });
  await settled(repeats);
  expect(await state()).toBe(before);
});

test("each forgery, one byte of the body changed, is 401, and nothing grows", async () => {
  const before = await state();
  let n = 0;
  await eachOf(all, async ({ event, payload }) => {
    const body = JSON.stringify(payload);
    const at = (n++ * 7919) % body.length;
    const forged = body.slice(0, at) + (body[at] === "x" ? "y" : "x") + body.slice(at + 1);
    const answer = await deliver({ event, payload: forged, tenant, headers: { "x-hub-signature-256": await sign(SECRET, body) } });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Signature"]);
  });
  expect(await state()).toBe(before);
});
