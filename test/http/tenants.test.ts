import { beforeAll, describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, send } from "../support/http.ts";

const red = { "tenant-id": "red" };
const blue = { "tenant-id": "blue" };
const told = (data: string, more: object = {}): object => ({ type: "tale.Told", data, ...more });

/** Red has events that blue must not see; blue has one of the same name. */
beforeAll(async () => {
  const writes = [
    await append("tale-1", [told("red secret", { id: "shared" }), told("red secret")], { ...red, "x-correlation-id": "red-flow" }),
    await append("tale-red", [told("red secret", { id: "red-id" })], red),
    await append("red_only-1", [{ type: "red.Only", data: "red secret" }], red),
  ];
  for (const write of writes) await get("/v1/events", { ...red, ...newerThan(write) });
  const write = await append("tale-1", [told("blue", { id: "shared" })], blue);
  await get("/v1/events", { ...blue, ...newerThan(write) });
});

describe("a tenant does not see another's", () => {
  test.each([
    "/v1/events",
    "/v1/events?type=%23",
    "/v1/events?stream=tale-1",
    "/v1/events?category=red_only",
    "/v1/events?correlationId=red-flow",
    "/v1/streams",
    "/v1/streams?prefix=tale-red",
    "/v1/event-types",
    "/v1/streams/tale-1",
    "/v1/streams/tale-1/events",
    "/v1/streams/tale-red",
    "/v1/streams/tale-red/events",
    "/v1/streams/tale-red/verify",
    "/v1/events/red-id",
    "/v1/events/shared",
  ])("things in %s", async (path) => {
    for (const headers of [blue, {}]) {
      const { text } = await get(path, headers);
      expect(text).not.toMatch(/red secret|red\.Only|"red_only|red-flow"/);
    }
  });

  test("streams, which do not exist for it", async () => {
    for (const rest of ["", "/events", "/verify"]) expectProblem(await get(`/v1/streams/tale-red${rest}`, blue), 404);
    expectProblem(await get("/v1/events/red-id", blue), 404);
  });

  test("volume, in positions, versions and counts", async () => {
    expect((await everything("/v1/events", blue)).map(({ position, version, data }) => [position, version, data])).toEqual([[1, 1, "blue"]]);
    expect((await everything("/v1/events", red)).map(({ position }) => position)).toEqual([1, 2, 3, 4]);
    expect(await everything("/v1/event-types", blue)).toMatchObject([{ type: "tale.Told", count: 1, streams: 1 }]);
    expect(await everything("/v1/streams", blue)).toMatchObject([{ stream: "tale-1", version: 1 }]);
  });

  test("repeats: the same source and id is another's event", async () => {
    expect((await append("tale-id", [told("x", { id: "same" })], red)).status).toBe(201);
    expect((await append("tale-id", [told("y", { id: "same" })], blue)).status).toBe(201);
  });

  test("versions, by a precondition", async () => {
    await append("tale-match", [told("x"), told("x")], red);
    expect(expectProblem(await append("tale-match", [told("y")], { ...blue, "if-match": '"2"' }), 412).currentVersion).toBe(0);
  });

  test("log, by its token", async () => {
    const write = await append("tale-token", [told("red secret")], red);
    expect((await get("/v1/events?stream=tale-token", { ...blue, ...newerThan(write), prefer: "wait=0" })).text).not.toContain("red secret");
  });

  test("sources", async () => {
    await send("PUT", "/v1/sources/red", { scheme: "github", secret: "a secret of some length" }, red);
    expect((await send("POST", "/v1/webhooks/red/red", "{}")).status).toBe(401);
    expectProblem(await send("POST", "/v1/webhooks/blue/red", "{}"), 404);
  });
});

describe("the header Tenant-Id", () => {
  test("is default where it is missing", async () => {
    await append("tale-default", [told("d")]);
    expect((await get("/v1/streams/tale-default", { "tenant-id": "default" })).status).toBe(200);
    expectProblem(await get("/v1/streams/tale-default", red), 404);
  });

  test.each(["ab", "a-1", `a${"x".repeat(62)}`])("may be %s", async (tenant) => {
    expect((await append("tale-ok", [told("x")], { "tenant-id": tenant })).status).toBe(201);
  });

  test.each(["a", "Red", "1red", "-red", "re_d", "red blue", "red/blue", "rød", `a${"x".repeat(63)}`, "red,blue"])("is refused as %s", async (tenant) => {
    const refused = await append("tale-bad", [told("x")], { "tenant-id": tenant });
    expect([400, 403, 404, 422]).toContain(refused.status);
    expectProblem(refused, refused.status);
    expectProblem(await get("/v1/streams/tale-bad"), 404);
  });
});
