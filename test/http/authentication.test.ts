import { describe, expect, test } from "vitest";
import { adminKey, append, expectProblem, get, type HeaderFields, send } from "../support/http.ts";

const noted = { type: "notes.NoteAdded", data: 1 };
const bad: readonly [string, HeaderFields][] = [
  ["no key", { authorization: undefined }],
  ["an empty header", { authorization: "" }],
  ["a wrong key", { authorization: "Bearer wrong" }],
  ["a key that begins like the right one", { authorization: `Bearer ${adminKey.slice(0, -1)}` }],
  ["a key that goes on after the right one", { authorization: `Bearer ${adminKey}x` }],
  ["the key twice over", { authorization: `Bearer ${adminKey}${adminKey}` }],
  ["the key with its last letter changed", { authorization: `Bearer ${adminKey.slice(0, -1)}!` }],
  ["the key in other letters", { authorization: `Bearer ${adminKey.toUpperCase()}` }],
  ["the scheme without a key", { authorization: "Bearer" }],
  ["the key without the scheme", { authorization: adminKey }],
  ["another scheme", { authorization: `Basic ${btoa(`admin:${adminKey}`)}` }],
  ["two keys", { authorization: `Bearer ${adminKey} ${adminKey}` }],
  ["the key in another header", { authorization: undefined, "x-api-key": adminKey }],
];
const closed: readonly [string, string][] = [
  ["GET", "/v1/events"],
  ["GET", "/v1/events/any"],
  ["GET", "/v1/event-types"],
  ["GET", "/v1/streams"],
  ["GET", "/v1/streams/note-1"],
  ["GET", "/v1/streams/note-1/events"],
  ["POST", "/v1/streams/note-1/events"],
  ["GET", "/v1/streams/note-1/verify"],
  ["PUT", "/v1/sources/shop"],
];

describe("a request is 401 with WWW-Authenticate", () => {
  test.each(bad)("with %s", async (_, headers) => {
    const answer = await get("/v1/events", headers);
    expectProblem(answer, 401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
    expect(answer.text).not.toContain(adminKey);
  });

  test.each(closed)("to %s %s, and changes nothing", async (method, path) => {
    const body = method === "GET" ? undefined : { events: [noted], scheme: "github", secret: "a secret of some length" };
    for (const [, headers] of bad.slice(0, 3)) {
      const answer = await send(method, path, body, headers);
      expectProblem(answer, 401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
    }
    expectProblem(await get("/v1/streams/note-1"), 404);
    expectProblem(await send("POST", "/v1/webhooks/default/shop", "{}"), 404);
  });

  test("whatever tenant it names", async () => {
    expectProblem(await get("/v1/events", { authorization: undefined, "tenant-id": "default" }), 401);
  });

  test("whether the thing exists or not", async () => {
    await append("note-exists", [noted]);
    const [there, not] = await Promise.all(["note-exists", "note-exists-not"].map((stream) => get(`/v1/streams/${stream}`, { authorization: undefined })));
    expect([there?.status, there?.text]).toEqual([401, not?.text]);
  });

  test("with the key in the address", async () => {
    for (const query of [`key=${adminKey}`, `access_token=${adminKey}`, `token=${adminKey}`])
      expectProblem(await get(`/v1/events?${query}`, { authorization: undefined }), 401);
  });
});

describe("a key is taken", () => {
  test.each([`Bearer ${adminKey}`, `bearer ${adminKey}`, `BEARER ${adminKey}`])("as %s", async (authorization) => {
    expect((await get("/v1/events", { authorization })).status).toBe(200);
  });
});

describe("public without a key, or with a wrong one", () => {
  test.each(["/health", "/openapi.json"])("is %s", async (path) => {
    for (const headers of [{ authorization: undefined }, { authorization: "Bearer wrong" }]) {
      const answer = await get(path, headers);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toMatch(/^application\/(.+\+)?json/);
      expect(() => answer.json()).not.toThrow();
    }
  });
});
