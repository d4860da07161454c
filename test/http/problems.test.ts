import { describe, expect, test } from "vitest";
import { append, expectProblem, get, type HeaderFields, send } from "../support/http.ts";

const noted = { type: "notes.NoteAdded", data: 1 };
const events = "/v1/streams/note-problem/events";
const body = JSON.stringify({ events: [noted] });

interface Refused {
  readonly why: string;
  readonly status: number;
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: HeaderFields;
}

const refusals: readonly Refused[] = [
  { why: "a body that is no JSON", status: 400, method: "POST", path: events, body: '{"events":[' },
  { why: "a body that is nearly JSON", status: 400, method: "POST", path: events, body: "{'events':[]}" },
  { why: "JSON with something after it", status: 400, method: "POST", path: events, body: `${body}x` },
  { why: "numbers that are not JSON's", status: 400, method: "POST", path: events, body: '{"events":[{"type":"a","data":01}]}' },
  { why: "an empty body", status: 400, method: "POST", path: events, body: "" },
  { why: "a body that is no UTF-8", status: 400, method: "POST", path: events, body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]) },
  {
    why: "UTF-8 that is broken inside a text",
    status: 400,
    method: "POST",
    path: events,
    body: Uint8Array.from([...new TextEncoder().encode('{"events":[{"type":"a","data":"'), 0xc3, 0x28, ...new TextEncoder().encode('"}]}')]),
  },
  { why: "an unquoted If-Match", status: 400, method: "POST", path: events, body, headers: { "if-match": "1" } },
  { why: "no key", status: 401, method: "POST", path: events, body, headers: { authorization: undefined } },
  { why: "no key on a read", status: 401, method: "GET", path: "/v1/events", headers: { authorization: undefined } },
  { why: "a category of the platform", status: 403, method: "POST", path: "/v1/streams/audit-log/events", body },
  { why: "an unknown path", status: 404, method: "GET", path: "/v1/nothing" },
  { why: "an unknown path outside", status: 404, method: "GET", path: "/nothing/at/all" },
  { why: "the root", status: 404, method: "GET", path: "/" },
  { why: "a path with one part too many", status: 404, method: "GET", path: "/v1/streams/note-1/events/1/2" },
  { why: "an unknown stream", status: 404, method: "GET", path: "/v1/streams/note-unknown" },
  { why: "an unknown event", status: 404, method: "GET", path: "/v1/events/unknown" },
  { why: "an unknown source", status: 404, method: "POST", path: "/v1/webhooks/default/unknown", body },
  { why: "a wrong method", status: 405, method: "DELETE", path: "/v1/events" },
  { why: "a failed precondition", status: 412, method: "POST", path: events, body, headers: { "if-match": '"9"' } },
  { why: "an event over 1 MiB", status: 413, method: "POST", path: events, body: JSON.stringify({ events: [{ ...noted, data: "x".repeat(1_100_000) }] }) },
  { why: "text", status: 415, method: "POST", path: events, body, headers: { "content-type": "text/plain" } },
  { why: "a form", status: 415, method: "POST", path: events, body, headers: { "content-type": "application/x-www-form-urlencoded" } },
  { why: "another JSON", status: 415, method: "POST", path: events, body, headers: { "content-type": "application/merge-patch+json" } },
  { why: "a type that only begins like JSON's", status: 415, method: "POST", path: events, body, headers: { "content-type": "application/jsonx" } },
  {
    why: "a source as text",
    status: 415,
    method: "PUT",
    path: "/v1/sources/problem",
    body: '{"scheme":"github","secret":"s"}',
    headers: { "content-type": "text/plain" },
  },
  { why: "a source that is no JSON", status: 400, method: "PUT", path: "/v1/sources/problem", body: "{" },
  { why: "JSON of the wrong shape", status: 422, method: "POST", path: events, body: "[]" },
  { why: "JSON that is null", status: 422, method: "POST", path: events, body: "null" },
  { why: "a parameter out of range", status: 422, method: "GET", path: "/v1/events?limit=0" },
  { why: "a stream's name that is none", status: 422, method: "POST", path: "/v1/streams/Note/events", body },
];

describe("a refusal is a problem", () => {
  test.each(refusals)("$status for $why ($method $path)", async ({ status, method, path, body, headers }) => {
    expectProblem(await send(method, path, body, headers), status);
  });

  test("and changes nothing", async () => {
    for (const { method, path, body, headers } of refusals) await send(method, path, body, headers);
    for (const path of ["/v1/streams/note-problem", "/v1/streams/audit-log"]) expectProblem(await get(path), 404);
    expectProblem(await send("POST", "/v1/webhooks/default/problem", "{}"), 404);
    expect((await append("note-problem", [noted], { "if-none-match": "*" })).status).toBe(201);
  });

  test("of which each code has one status and one type", async () => {
    const seen = new Map<string, string>();
    for (const { method, path, body, headers } of refusals) {
      const { code, type, title, status } = (await send(method, path, body, headers)).json<{ code: string; type: string; title: string; status: number }>();
      if (code === "version_conflict") continue;
      expect(seen.get(code) ?? `${status} ${type} ${title}`).toBe(`${status} ${type} ${title}`);
      seen.set(code, `${status} ${type} ${title}`);
    }
    expect(seen.size).toBeGreaterThan(8);
  });

  test("with errors exactly where the input is invalid", async () => {
    for (const refusal of refusals.filter(({ status }) => status === 422)) {
      const { errors } = expectProblem(await send(refusal.method, refusal.path, refusal.body, refusal.headers), 422);
      expect(errors, refusal.why).toEqual(expect.arrayContaining([{ path: expect.any(String), message: expect.stringMatching(/./) }]));
    }
  });

  test("that names every fault of a body", async () => {
    const bad = { events: [{ data: 1 }, { type: "x", data: 1, schemaVersion: 0 }, { type: 5, data: 1 }] };
    const paths = expectProblem(await send("POST", events, bad), 422).errors?.map(({ path }) => path);
    for (const part of [/0.*type/, /1.*schemaVersion/, /2.*type/]) expect(paths).toContainEqual(expect.stringMatching(part));
  });
});

describe("JSON is taken", () => {
  test.each(["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"])("as %s", async (type) => {
    expect((await send("POST", "/v1/streams/note-types/events", body, { "content-type": type })).status).toBe(201);
  });
});

test("a question mark, a broken escape or a NUL in a path is a problem and no fault", async () => {
  for (const path of [
    "/v1/streams/%",
    "/v1/streams/%E0%A4%A",
    "/v1/streams/note-%00/events",
    "/v1/events/%ff",
    "/%",
    "/v1/events?%",
    "/v1/events?type=%ff",
    "/v1/streams?prefix=%00",
  ]) {
    const answer = await get(path);
    expect([200, 400, 404, 422], `${path}: ${answer.text}`).toContain(answer.status);
    if (answer.status !== 200) expectProblem(answer, answer.status);
  }
});

test("an unknown path says where all paths are, to whoever has a key and in the same words, and without a key it is 401", async () => {
  const words = async (path: string, headers: HeaderFields = {}): Promise<string> => {
    const { detail } = expectProblem(await get(path, headers), 404, "not_found");
    return detail.replace(path, "…");
  };
  const said = "There is nothing at …. What there is, GET /docs shows, and GET /openapi.json to machines.";
  for (const path of ["/v1/no/such/path", "/v1/stream", "/", "/v1/aggregates/nothing/1", "/v1/aggregates/order/1/PlaceOrders", "/v1/views/nothing"]) {
    for (const headers of [{}, { "tenant-id": "elsewhere" }]) expect(await words(path, headers)).toBe(said);
    expectProblem(await get(path, { authorization: undefined }), 401);
  }
});
