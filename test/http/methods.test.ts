import { beforeAll, describe, expect, test } from "vitest";
import { append, expectProblem, get, newerThan, send } from "../support/http.ts";

/** Every path that is built, with the methods it takes. */
const paths: readonly [string, readonly string[]][] = [
  ["/health", ["GET"]],
  ["/openapi.json", ["GET"]],
  ["/v1/streams", ["GET"]],
  ["/v1/streams/method-1", ["GET"]],
  ["/v1/streams/method-1/events", ["GET", "POST"]],
  ["/v1/streams/method-1/verify", ["GET"]],
  ["/v1/events", ["GET"]],
  ["/v1/events/method-event", ["GET"]],
  ["/v1/event-types", ["GET"]],
  ["/v1/sources/method", ["PUT"]],
  ["/v1/webhooks/default/method", ["POST"]],
];
const readable = paths.filter(([, methods]) => methods.includes("GET")).map(([path]) => path);
const allowed = (value: string | null): string[] => (value ?? "").split(",").map((method) => method.trim());

beforeAll(async () => {
  const source = await send("PUT", "/v1/sources/method", { scheme: "github", secret: "a secret of some length" });
  const write = await append("method-1", [{ type: "x.Y", data: { a: 1 }, id: "method-event" }]);
  for (const answer of [source, write]) await get("/v1/events", newerThan(answer));
});

describe("HEAD", () => {
  test.each(readable)("of %s is GET without its body", async (path) => {
    const [head, full] = [await send("HEAD", path), await get(path)];
    expect(full.status).toBe(200);
    expect(full.text.length).toBeGreaterThan(0);
    expect([head.status, head.text]).toEqual([200, ""]);
    for (const name of ["content-type", "etag", "vary"]) expect(head.headers.get(name)).toBe(full.headers.get(name));
    expect(head.headers.get("traceresponse")).toMatch(/./);
  });

  test("of what is not there is 404, of what one may not 401, both without a body", async () => {
    const [gone, closed] = [await send("HEAD", "/v1/streams/method-gone"), await send("HEAD", "/v1/events", undefined, { authorization: undefined })];
    expect([gone.status, gone.text, closed.status, closed.text]).toEqual([404, "", 401, ""]);
    expect(closed.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("of what takes no GET is 405", async () => {
    expect((await send("HEAD", "/v1/webhooks/default/method")).status).toBe(405);
  });
});

describe("OPTIONS", () => {
  test.each(paths)("of %s answers Allow with %j", async (path, methods) => {
    const answer = await send("OPTIONS", path);
    expect([200, 204]).toContain(answer.status);
    expect(allowed(answer.headers.get("allow"))).toEqual(expect.arrayContaining([...methods, "OPTIONS", ...(methods.includes("GET") ? ["HEAD"] : [])]));
  });

  test("of an unknown path is 404", async () => {
    expectProblem(await send("OPTIONS", "/v1/nothing"), 404);
  });
});

describe("a wrong method", () => {
  test.each(paths)("on %s is 405 with an Allow that tells the truth", async (path, methods) => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await send(method, path, method === "GET" || method === "DELETE" ? undefined : "{}");
      const allow = allowed((await send("OPTIONS", path)).headers.get("allow"));
      if (methods.includes(method)) expect(answer.status).not.toBe(405);
      else if (!allow.includes(method)) {
        expectProblem(answer, 405);
        expect(allowed(answer.headers.get("allow")).sort()).toEqual(allow.sort());
      } else expect(answer.status).not.toBe(405);
    }
  });

  test("does nothing", async () => {
    await send("PUT", "/v1/streams/method-put/events", { events: [{ type: "x.Y", data: 1 }] });
    await send("DELETE", "/v1/streams/method-1/events");
    expectProblem(await get("/v1/streams/method-put"), 404);
    expect((await get("/v1/streams/method-1")).status).toBe(200);
  });
});
