import { beforeAll, describe, expect, test } from "vitest";
import { append, type Answer, expectProblem, get, type HeaderFields, send } from "../support/http.ts";
import { makeKey, type Made } from "../support/keys.ts";
import { open } from "./open.ts";

const APP = "https://app.red.example";
const OTHER = "https://evil.example";
let red: Made;
let blue: Made;

const allowed = ({ headers }: Pick<Answer, "headers">): string | null => headers.get("access-control-allow-origin");
const put = (origins: readonly unknown[], headers: HeaderFields = {}): Promise<Answer> => send("PUT", "/v1/origins", { origins }, headers);

beforeAll(async () => {
  [red, blue] = [await makeKey("page", ["*:*"], {}, { "tenant-id": "cors-red" }), await makeKey("page", ["*:*"], {}, { "tenant-id": "cors-blue" })];
  expect((await put([APP], red.as)).status).toBe(200);
  expect((await append("page-1", [{ type: "notes.NoteAdded", data: 1 }], red.as)).status).toBe(201);
});

describe("an answer is read by a page", () => {
  test("of an origin that its tenant allows, by name, with the headers that matter", async () => {
    for (const answer of [
      await get("/v1/streams/page-1", { ...red.as, origin: APP }),
      await get("/v1/streams/none-1", { ...red.as, origin: APP }),
      await append("page-2", [{ type: "notes.NoteAdded", data: 1 }], { ...red.as, origin: APP }),
    ]) {
      expect(allowed(answer)).toBe(APP);
      expect(answer.headers.get("vary")).toContain("Origin");
      const exposed = answer.headers.get("access-control-expose-headers")?.split(", ");
      expect(exposed).toEqual(
        expect.arrayContaining([
          "etag",
          "consistency-token",
          "retry-after",
          "ratelimit",
          "traceresponse",
          "x-correlation-id",
          "location",
          "idempotency-replayed",
        ]),
      );
    }
  });

  test("of no other origin, and not of one that only another tenant allows", async () => {
    const strangers = [OTHER, "null", "*", "http://app.red.example", `${APP}.evil.example`, `${APP}:8443`, "https://APP.red.example", `${APP}/`];
    for (const origin of strangers) expect(allowed(await get("/v1/streams/page-1", { ...red.as, origin })), origin).toBeNull();
    expect(allowed(await get("/v1/streams", { ...blue.as, origin: APP }))).toBeNull();
    expect(allowed(await get("/v1/streams", { ...blue.as, origin: APP, "tenant-id": "cors-red" }))).toBeNull();
    expect(allowed(await get("/v1/streams/page-1", red.as))).toBeNull();
  });

  test("of any origin where nothing of a tenant's is in it", async () => {
    for (const path of ["/health", "/openapi.json", "/docs"]) expect(allowed(await get(path, { origin: OTHER, authorization: undefined })), path).toBe("*");
    const unknown = await get("/v1/streams", { origin: OTHER, authorization: "Bearer nonsense" });
    expect([unknown.status, allowed(unknown)]).toEqual([401, "*"]);
    // What is told at such a door is the producer's, not a page's.
    expect(allowed(await send("POST", "/v1/webhooks/default/none", "{}", { origin: OTHER, authorization: undefined }))).toBeNull();
  });

  test("never with the browser's own credentials", async () => {
    for (const origin of [APP, OTHER])
      for (const answer of [
        await get("/v1/streams/page-1", { ...red.as, origin }),
        await get("/health", { origin }),
        await send("OPTIONS", "/v1/streams", undefined, { origin, "access-control-request-method": "GET" }),
      ])
        expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
    // A cookie opens nothing.
    expectProblem(await get("/v1/streams", { authorization: undefined, cookie: `authorization=Bearer ${red.key}` }), 401);
  });

  test("also live, by a ticket", async () => {
    const { ticket } = (await send("POST", "/v1/tickets", undefined, red.as)).json<{ ticket: string }>();
    const live = await open(`/v1/streams/page-1/live?ticket=${ticket}`, { authorization: undefined, origin: APP } as never);
    expect([live.status, live.headers.get("access-control-allow-origin")]).toEqual([200, APP]);
    await live.body?.cancel();
  });
});

describe("a preflight", () => {
  const ask = (path: string, method: string, headers = ""): Promise<Answer> =>
    send("OPTIONS", path, undefined, {
      authorization: undefined,
      origin: OTHER,
      "access-control-request-method": method,
      ...(headers !== "" && { "access-control-request-headers": headers }),
    });

  test("is answered without a key, the same for whoever asks, with what the path takes", async () => {
    const answer = await ask("/v1/streams/page-1/events", "POST", "authorization, content-type,idempotency-key, ce-specversion, x-evil, cookie");
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      allow: "GET, HEAD, OPTIONS, POST",
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST",
      "access-control-allow-headers": "authorization, content-type, idempotency-key, ce-specversion",
      "access-control-max-age": "7200",
    });
    const unknown = await ask("/v1/streams/no-such/events", "POST");
    expect(unknown.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST");
  });

  test("without a method is an OPTIONS like any other", async () => {
    const answer = await send("OPTIONS", "/v1/streams", undefined, { origin: APP });
    expect([answer.status, answer.headers.get("allow"), allowed(answer)]).toEqual([204, "GET, HEAD, OPTIONS", null]);
  });

  test("of a path that is not there is refused like everything there", async () => {
    expectProblem(await ask("/v1/no/such/path", "GET"), 401);
  });
});

describe("the origins of a tenant", () => {
  const green = { "tenant-id": "cors-green" };

  test("are none until they are set, and then those that were set last, each once", async () => {
    expect((await get("/v1/origins", green)).json()).toEqual({ origins: [] });
    const first = await put(["https://b.example", "https://a.example", "https://b.example"], green);
    expect(first.json()).toEqual({ origins: ["https://a.example", "https://b.example"] });
    const again = await put(["https://b.example", "https://a.example"], green);
    expect([first.headers.get("etag"), again.headers.get("etag")]).toEqual(['"1"', '"1"']);
    expect(allowed(await get("/v1/streams", { ...green, origin: "https://b.example" }))).toBe("https://b.example");
    expectProblem(await put([], { ...green, "if-match": '"0"' }), 412);
    expect((await put([], { ...green, "if-match": '"1"' })).status).toBe(200);
    expect(allowed(await get("/v1/streams", { ...green, origin: "https://b.example" }))).toBeNull();
    expect((await get("/v1/origins", green)).json()).toEqual({ origins: [] });
  });

  test("want their scope", async () => {
    const { as } = await makeKey("no-origins", ["admin:keys"]);
    expectProblem(await put([APP], as), 403, "missing_scope");
  });

  test.each([
    "*",
    "null",
    "https://*.example",
    "https://a.example/",
    "https://a.example/path",
    "http://a.example",
    "a.example",
    "https://u:p@a.example",
    "file://",
    "javascript:x",
    "HTTPS://a.example",
    "",
  ])("are not %j", async (origin) => {
    expectProblem(await put(["https://a.example", origin]), 422, "invalid_input");
    expect((await get("/v1/origins")).json()).toEqual({ origins: [] });
  });

  test("may be http of localhost, for work on a page", async () => {
    expect((await put(["http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:80"], green)).status).toBe(422);
    expect((await put(["http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:8080"], green)).status).toBe(200);
  });
});
