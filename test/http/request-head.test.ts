import { describe, expect, test } from "vitest";
import { MAX_ADDRESS, MAX_HEADER_CHARACTERS, MAX_HEADERS, MAX_PARAMETERS } from "../../src/api/request-head.ts";
import { append, expectProblem, get, send } from "../support/http.ts";

const many = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-more-${n}`, "1"]));
const noKey = { authorization: undefined };

describe("an address", () => {
  const of = (length: number): string => `/v1/streams?prefix=${"a".repeat(length - "/v1/streams?prefix=".length)}`;

  test(`of over ${MAX_ADDRESS} characters is 414, before anybody looks who asks and for what`, async () => {
    expectProblem(await get(of(MAX_ADDRESS)), 422);
    for (const headers of [{}, noKey]) expectProblem(await get(of(MAX_ADDRESS + 1), headers), 414, "address_too_long");
    expectProblem(await get(`/${"a/".repeat(MAX_ADDRESS)}`, noKey), 414, "address_too_long");
  });

  test(`with over ${MAX_PARAMETERS} parameters is 414`, async () => {
    const path = (count: number): string => `/v1/streams?${Array.from({ length: count }, (_, n) => `a${n}=`).join("&")}`;
    expect((await get(path(MAX_PARAMETERS))).status).toBe(200);
    expectProblem(await get(path(MAX_PARAMETERS + 1)), 414, "address_too_long");
    expectProblem(await get(`/v1/streams?${"&".repeat(MAX_PARAMETERS)}`, noKey), 414, "address_too_long");
  });
});

describe("headers", () => {
  test(`over ${MAX_HEADERS} are 431, and nothing is done`, async () => {
    expect((await get("/v1/streams", many(MAX_HEADERS - 1))).status).toBe(200);
    for (const headers of [many(MAX_HEADERS), { ...many(MAX_HEADERS + 1), ...noKey }])
      expectProblem(await get("/v1/streams", headers), 431, "headers_too_large");
    expectProblem(await append("head-1", [{ type: "x.Y", data: 1 }], many(MAX_HEADERS)), 431);
    expectProblem(await get("/v1/streams/head-1"), 404);
  });

  test(`of over ${MAX_HEADER_CHARACTERS} characters are 431`, async () => {
    expect((await get("/v1/streams", { "x-more": "a".repeat(MAX_HEADER_CHARACTERS - 1_000) })).status).toBe(200);
    expectProblem(await get("/v1/streams", { "x-more": "a".repeat(MAX_HEADER_CHARACTERS) }), 431, "headers_too_large");
    expectProblem(await get("/health", { ["x".repeat(1_000)]: "a".repeat(MAX_HEADER_CHARACTERS), ...noKey }), 431, "headers_too_large");
  });
});

test("a body of more values than are taken is 422, and one of as many as an event may hold is written", async () => {
  const event = (count: number): string => `{"events":[{"type":"x.Y","data":[${"1,".repeat(count - 1)}1]}]}`;
  const problem = expectProblem(await send("POST", "/v1/streams/values-1/events", event(1_000_000)), 422, "invalid_input");
  expect(problem.errors).toEqual([{ path: "", message: "has more than 1000000 values" }]);
  expectProblem(await get("/v1/streams/values-1"), 404);
  expect((await send("POST", "/v1/streams/values-1/events", event(500_000))).status).toBe(201);
});
