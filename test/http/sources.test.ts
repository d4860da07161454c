import { describe, expect, test } from "vitest";
import { append, eventsOf, everything, expectProblem, get, newerThan, send } from "../support/http.ts";

const secret = "correct-horse-battery-staple-42";
const github = { scheme: "github", secret };
const put = (source: string, body: unknown, headers: Record<string, string> = {}) => send("PUT", `/v1/sources/${source}`, body, headers);

describe("PUT /v1/sources/{source}", () => {
  test("makes a source with 201 and its Location, and changes it with 200", async () => {
    const made = await put("shop", github);
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toMatch(/\/v1\/sources\/shop$/);
    expect(made.json()).toMatchObject({ scheme: "github" });
    expect((await put("shop", { scheme: "github", secret: "another-secret-of-some-length" })).status).toBe(200);
    expect((await put("shop", github)).status).toBe(200);
  });

  test("makes one source in each tenant", async () => {
    expect((await put("both", github)).status).toBe(201);
    expect((await put("both", github, { "tenant-id": "other-shop" })).status).toBe(201);
  });

  test("makes it once when many make it at the same moment", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => put("race", github)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(7).fill(200), 201]);
  });

  test.each([
    ["an unknown scheme", { scheme: "carrier-pigeon", secret }, /scheme/],
    ["no scheme", { secret }, /scheme/],
    ["no secret", { scheme: "github" }, /secret/],
    ["an empty secret", { scheme: "github", secret: "" }, /secret/],
    ["a secret that is no text", { scheme: "github", secret: 5 }, /secret/],
    ["a list", [github], /^/],
  ])("refuses %s with 422 and the path, and never says the secret", async (_, body, path) => {
    const refused = await put("refused", body);
    const problem = expectProblem(refused, 422);
    expect(problem.errors?.map(({ path }) => path).join(" ")).toMatch(path);
    expect(refused.text).not.toContain(secret);
    expectProblem(await send("POST", "/v1/webhooks/default/refused", "{}"), 404);
  });

  test.each(["a%20b", "a%2Fb", "%C3%A4", "..%2Fx", "x".repeat(300)])("refuses the name %s", async (name) => {
    const refused = await put(name, github);
    expectProblem(refused, refused.status === 404 ? 404 : 422);
  });
});

test("a source's secret is in no answer: not in its own, not in the log, not in the streams", async () => {
  const tenant = { "tenant-id": "secretive" };
  const write = await put("hidden", github, tenant);
  await append("note-1", [{ type: "x.Y", data: 1 }], tenant);
  const paths = [
    "/v1/sources",
    "/v1/sources/hidden",
    "/v1/events?category=rivulet_source",
    "/v1/events?type=%23",
    "/v1/streams?category=rivulet_source",
    "/v1/event-types",
    "/v1/streams/rivulet_source-hidden",
    "/v1/streams/rivulet_source-hidden/events",
    "/v1/streams/rivulet_source-hidden/verify",
  ];
  const forms = [secret, btoa(secret), encodeURIComponent(secret), Array.from(secret, (char) => char.charCodeAt(0).toString(16)).join("")];
  for (const answer of [write, ...(await Promise.all(paths.map((path) => get(path, { ...tenant, ...newerThan(write) }))))]) {
    for (const form of forms) expect(answer.text).not.toContain(form);
    for (const [, value] of answer.headers) expect(value).not.toContain(secret);
  }
});

test("a change of a source is an event of the platform, done by the key, in the flow of the request", async () => {
  const tenant = { "tenant-id": "evented" };
  await put("told", github, { ...tenant, "x-correlation-id": "source-flow" });
  const second = await put("told", { scheme: "github", secret: "another-secret-of-some-length" }, tenant);
  const events = await everything("/v1/events?category=rivulet_source", { ...tenant, ...newerThan(second) });
  expect(events.map(({ version }) => version)).toEqual([1, 2]);
  expect(events[0]?.metadata).toMatchObject({ correlationId: "source-flow", actor: expect.stringMatching(/^key:/) });
});

describe("a category of the platform takes no appends from outside", () => {
  test.each(["audit-log", "audit-1", "rivulet_source-told", "rivulet_tenant-default", "rivulet_anything-1", "saga_order_fulfilment-o1"])(
    "%s is 403",
    async (stream) => {
      const before = await eventsOf(stream);
      expectProblem(await append(stream, [{ type: "shop.Forged", data: {} }]), 403);
      expectProblem(await append(stream, [{ type: "shop.Forged", data: {} }], { "tenant-id": "outsider" }), 403);
      expect(await eventsOf(stream)).toEqual(before);
    },
  );

  test("and a category that only begins like one does", async () => {
    for (const stream of ["auditor-1", "rivulet-1", "rivulets-1", "audit_x-1"]) expect((await append(stream, [{ type: "x.Y", data: 1 }])).status).toBe(201);
  });
});
