import { describe, expect, test } from "vitest";
import { sendCloudEvents } from "../support/cloudevents.ts";
import { type Answer, append, eventsOf, expectProblem, type HeaderFields, send } from "../support/http.ts";
import { open } from "./open.ts";

const required = { specversion: "1.0", id: "1", source: "/keyed", type: "keyed.Written" };
const written = { type: "keyed.Written", data: 1 };
const keyed = (key: string, more: HeaderFields = {}): HeaderFields => ({ "idempotency-key": key, ...more });
const path = (stream: string): string => `/v1/streams/${stream}/events`;

/** Every POST that writes events, and the stream it writes to; `n` tells one run's body from another's. */
const writes: readonly [string, (stream: string, n: number, headers: HeaderFields) => Promise<Answer>][] = [
  ["events", (stream, n, headers) => append(stream, [{ ...written, data: n }], headers)],
  ["one CloudEvent", (stream, n, headers) => sendCloudEvents(path(stream), { ...required, data: n }, headers)],
  ["a batch of CloudEvents", (stream, n, headers) => sendCloudEvents(path(stream), [{ ...required, data: n }], headers)],
  [
    "a CloudEvent in binary mode",
    (stream, n, headers) =>
      send("POST", path(stream), `${n}`, { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/keyed", "ce-type": "keyed.Written", ...headers }),
  ],
  ["a CloudEvent to POST /v1/events", (stream, n, headers) => sendCloudEvents("/v1/events", { ...required, stream, data: n }, headers)],
  ["a batch to POST /v1/events", (stream, n, headers) => sendCloudEvents("/v1/events", [{ ...required, stream, data: n }], headers)],
];
const nameOf = (write: string): string => write.replaceAll(/\W/g, "_");

describe.each(writes)("a POST of %s under an Idempotency-Key", (name, write) => {
  test("is given its first answer again, whatever was written since", async () => {
    const stream = `keyed-${nameOf(name)}`;
    const first = await write(stream, 1, keyed(stream, { "x-correlation-id": "first" }));
    expect([first.status, first.headers.has("idempotency-replayed")]).toEqual([201, false]);
    await append(stream, [written]);
    const again = await write(stream, 1, keyed(`"${stream}"`, { "x-correlation-id": "again" }));
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([201, first.text, "true"]);
    for (const field of ["etag", "location", "content-type", "consistency-token"]) expect(again.headers.get(field)).toBe(first.headers.get(field));
    expect(again.headers.get("x-correlation-id")).toBe("again");
    expect(await eventsOf(stream)).toHaveLength(2);
  });

  test("is 422 with another body or another path, and a 2xx of it is not given to either", async () => {
    const [stream, key] = [`keyed-${nameOf(name)}.else`, `${name}: else`];
    await write(stream, 1, keyed(key));
    expectProblem(await write(stream, 2, keyed(key)), 422, "idempotency_key_reused");
    expectProblem(await write(`${stream}.where`, 1, keyed(key)), 422, "idempotency_key_reused");
    expect([await eventsOf(stream), await eventsOf(`${stream}.where`)].map(({ length }) => length)).toEqual([1, 0]);
  });

  test("is not kept where it was refused", async () => {
    const [stream, key] = [`keyed-${nameOf(name)}.closed`, `${name}: closed`];
    await append(stream, [written]);
    await send("DELETE", `/v1/streams/${stream}`);
    expectProblem(await write(stream, 1, keyed(key)), 410, "stream_closed");
    expect((await write(`${stream}.other`, 1, keyed(key))).status).toBe(201);
  });

  test("is given again when its stream is closed by now", async () => {
    const [stream, key] = [`keyed-${nameOf(name)}.then`, `${name}: then`];
    const first = await write(stream, 1, keyed(key));
    await send("DELETE", `/v1/streams/${stream}`);
    const again = await write(stream, 1, keyed(key));
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([201, first.text, "true"]);
  });

  test("is 400 where the key is none, before anything is written", async () => {
    const stream = `keyed-${nameOf(name)}.none`;
    for (const key of ["", '""', '"open', 'open"', '"a" b', "k".repeat(256), `"${"k".repeat(256)}"`])
      expectProblem(await write(stream, 1, keyed(key)), 400, "invalid_idempotency_key");
    expect(await eventsOf(stream)).toEqual([]);
    expect((await write(stream, 1, keyed("k".repeat(255 - name.length) + name))).status).toBe(201);
  });
});

describe("one Idempotency-Key", () => {
  test("belongs to one method: what another method made of it is no matter", async () => {
    await append("keyed-method", [written], keyed("method"));
    expect((await send("PUT", "/v1/sources/keyed", { scheme: "none" }, keyed("method"))).status).toBe(201);
  });

  test("belongs to one path, though two forms of a POST lead to one stream", async () => {
    const stream = "keyed-forms";
    await sendCloudEvents(path(stream), { ...required, stream }, keyed("forms"));
    expectProblem(await sendCloudEvents("/v1/events", { ...required, stream }, keyed("forms")), 422, "idempotency_key_reused");
  });

  test("of a repeat that was 200 is given again as 200", async () => {
    await append("keyed-repeat", [{ ...written, id: "r" }]);
    const [first, again] = [
      await append("keyed-repeat", [{ ...written, id: "r" }], keyed("repeat")),
      await append("keyed-repeat", [{ ...written, id: "r" }], keyed("repeat")),
    ];
    expect([first.status, again.status, again.text]).toEqual([200, 200, first.text]);
    expect([first, again].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
  });

  test("quoted may hold quotes and backslashes, escaped, and is the same as it reads", async () => {
    await append("keyed-escaped", [written], keyed(String.raw`"a\"b\\c"`));
    expect((await append("keyed-escaped", [written], keyed(String.raw`a"b\c`))).headers.get("idempotency-replayed")).toBe("true");
  });

  test.each([path("keyed-binary"), "/v1/events"])("to %s in binary mode belongs to the event's headers too: another ce-id is another request", async (to) => {
    const event = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-stream": "keyed-binary" };
    const one = (more: HeaderFields, agent = "one") => send("POST", to, "1", keyed(`binary ${to}`, { ...event, "user-agent": agent, ...more }));
    expect((await one({})).headers.has("idempotency-replayed")).toBe(false);
    for (const more of [{ "ce-id": "2" }, { "ce-type": "u" }, { "ce-subject": "s" }, { "content-type": "text/plain" }])
      expectProblem(await one(more), 422, "idempotency_key_reused");
    expect((await one({}, "another")).headers.get("idempotency-replayed")).toBe("true");
    expect(await eventsOf("keyed-binary")).toHaveLength(1);
  });

  test("in the other modes takes no notice of headers that are none of the event", async () => {
    const one = (id: string) => sendCloudEvents(path("keyed-structured"), { ...required, data: 1 }, keyed("structured", { "ce-id": id }));
    expect((await one("1")).status).toBe(201);
    expect((await one("2")).headers.get("idempotency-replayed")).toBe("true");
  });

  test.each(['"', '"a"b"', '"a\\"'])("is never %s, which opens a quotation and does not close it, or closes it early", async (key) => {
    expectProblem(await append(`keyed-quotes${key.length}`, [written], keyed(key)), 400, "invalid_idempotency_key");
  });

  test("counts for POST /v1/tickets: a repeat makes no second ticket, and does not tell the first again", async () => {
    const first = await send("POST", "/v1/tickets", undefined, keyed("ticket"));
    const again = await send("POST", "/v1/tickets", undefined, keyed("ticket"));
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expect(again.text).not.toContain(first.json<{ ticket: string }>().ticket);
    expect(again.json()).toEqual({ expiresAt: first.json<{ expiresAt: string }>().expiresAt });
    for (const [name, value] of again.headers) expect(value, name).not.toContain(first.json<{ ticket: string }>().ticket);
    expectProblem(await send("POST", "/v1/tickets", "another", keyed("ticket")), 422, "idempotency_key_reused");
    expectProblem(await append("keyed-ticket", [written], keyed("ticket")), 422, "idempotency_key_reused");
    expectProblem(await send("POST", "/v1/tickets", undefined, keyed('"open')), 400, "invalid_idempotency_key");
    const other = await send("POST", "/v1/tickets", undefined, keyed("ticket", { "tenant-id": "keyed" }));
    expect([other.status, other.headers.has("idempotency-replayed")]).toEqual([201, false]);
  });
});

test("a POST that creates a ticket is 201 with Location, which is where it is good", async () => {
  const answer = await send("POST", "/v1/tickets");
  const location = answer.headers.get("location") as string;
  expect([answer.status, location]).toEqual([201, `/v1/events/live?ticket=${answer.json<{ ticket: string }>().ticket}`]);
  const live = await open(location, { authorization: undefined });
  expect(live.status).toBe(200);
  await live.body?.cancel();
});
