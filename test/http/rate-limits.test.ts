import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { append, expectProblem, get, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };
const limited = (limit: number, periodSeconds = 86_400) => ({ limits: { requests: { limit, periodSeconds } } });

describe("a key with a limit", () => {
  test("has exactly 50 of 200 requests that come at once let through, and the others are told when to come again", async () => {
    const { as } = await makeKey("fifty", ["events:write:flood-*", "streams:read:flood-*"], limited(50));
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => append(`flood-${n % 7}`, [note], as)));
    const passed = answers.filter(({ status }) => status === 201);
    const turned = answers.filter(({ status }) => status === 429);
    expect([passed.length, turned.length]).toEqual([50, 150]);
    // Each that passed counted down by one, and nobody else did.
    expect(passed.map(({ headers }) => Number(/;r=(\d+);/.exec(headers.get("ratelimit") ?? "")?.[1])).sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    for (const answer of turned) {
      expectProblem(answer, 429, "rate_limited");
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(86_000);
      expect(answer.headers.get("ratelimit")).toMatch(/^"key";r=0;t=\d+$/);
    }
    // What was turned away was not written.
    const streams = await Promise.all(Array.from({ length: 7 }, (_, n) => get(`/v1/streams/flood-${n}`)));
    expect(streams.map((answer) => answer.json<{ version: number }>().version).reduce((sum, version) => sum + version, 0)).toBe(50);
  });

  test("is told of it with every answer, whatever became of the request", async () => {
    const { as } = await makeKey("three", ["streams:read:told-*"], limited(3));
    const answers = [
      await get("/v1/streams/told-1", as),
      await get("/v1/streams", as),
      await get("/v1/streams/told-1?x=1", as),
      await get("/v1/streams/told-1", as),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 403, 404, 429]);
    expect(answers.map(({ headers }) => headers.get("ratelimit-policy"))).toEqual(Array(4).fill('"key";q=3;w=86400'));
    expect(answers.map(({ headers }) => headers.get("ratelimit")?.split(";")[1])).toEqual(["r=2", "r=1", "r=0", "r=0"]);
  });

  test("keeps its count when it is rotated, and shares it with nobody", async () => {
    const made = await makeKey("one", ["streams:read"], limited(1));
    const other = await makeKey("another", ["streams:read"], limited(1));
    expect((await get("/v1/streams", made.as)).status).toBe(200);
    const { key } = (await send("POST", `/v1/keys/${made.id}/rotate`)).json<{ key: string }>();
    for (const as of [made.as, { authorization: `Bearer ${key}` }]) expect((await get("/v1/streams", as)).status).toBe(429);
    expect((await get("/v1/streams", other.as)).status).toBe(200);
  });

  test("is shown with it", async () => {
    const made = await makeKey("shown", ["streams:read"], limited(7, 60));
    expect((await get(`/v1/keys/${made.id}`)).json()).toMatchObject(limited(7, 60));
  });
});

describe("what is made with a limited key", () => {
  const limitOf = async (as: Readonly<Record<string, string>>): Promise<number> => (await get("/v1/streams", as)).status;

  test("counts in its limit: no number of keys asks more often than one", async () => {
    const maker = await makeKey("spreading", ["admin:keys", "streams:read"], limited(6));
    const first = await makeKey("spread-1", ["admin:keys", "streams:read"], {}, maker.as);
    // Made by what was made, and with a limit of its own that says nothing.
    const second = await makeKey("spread-2", ["streams:read"], limited(1_000), first.as);
    const passed: number[] = [];
    for (const { as } of [first, second, maker, first, second, maker]) passed.push(await limitOf(as));
    expect(passed).toEqual([200, 200, 200, 200, 429, 429]);
  });

  test("is held to a limit of its own as well, and told of the one that has less left", async () => {
    const maker = await makeKey("strict", ["admin:keys", "streams:read"], limited(100));
    const { as } = await makeKey("stricter", ["streams:read"], limited(2), maker.as);
    const answers = [await get("/v1/streams", as), await get("/v1/streams", as), await get("/v1/streams", as)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get("ratelimit")?.split(";")[1])).toEqual(["r=1", "r=0", "r=0"]);
    expect(await limitOf(maker.as)).toBe(200);
  });

  test("stands within no more than five limits", async () => {
    let { as } = await makeKey("deep-1", ["admin:keys", "streams:read"], limited(100));
    for (let depth = 2; depth <= 5; depth++) ({ as } = await makeKey(`deep-${depth}`, ["admin:keys", "streams:read"], limited(100), as));
    expectProblem(await send("POST", "/v1/keys", { name: "deep-6", scopes: ["streams:read"], ...limited(100) }, as), 422);
    expect(await limitOf((await makeKey("deep-6", ["streams:read"], {}, as)).as)).toBe(200);
  });

  test("is no token of an issuer that asks more often", async () => {
    const secret = "a secret that is at least thirty-two long";
    const maker = await makeKey("issuing", ["admin:issuers", "streams:read"], limited(3));
    const issuer = { issuer: "https://limited.example/", audience: "limited", secret, claims: { scopes: "scope" } };
    expect((await send("POST", "/v1/issuers", issuer, maker.as)).status).toBe(201);
    const claims = { iss: issuer.issuer, aud: "limited", sub: "bo", scope: "streams:read", exp: Math.floor(Date.now() / 1_000) + 600 };
    const token = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret));
    const as = { authorization: `Bearer ${token}` };
    expect([await limitOf(as), await limitOf(maker.as), await limitOf(as)]).toEqual([200, 200, 429]);
  });

  test("is no key that was there before, rotated", async () => {
    const free = await makeKey("unlimited", ["streams:read"]);
    const maker = await makeKey("rotating", ["admin:keys", "streams:read"], limited(100));
    expectProblem(await send("POST", `/v1/keys/${free.id}/rotate`, {}, maker.as), 403, "forbidden");
    const own = await makeKey("rotated-within", ["streams:read"], {}, maker.as);
    for (const id of [own.id, maker.id]) expect((await send("POST", `/v1/keys/${id}/rotate`, {}, maker.as)).status).toBe(200);
    expect(await limitOf(free.as)).toBe(200);
  });
});

test("who has no limit is told of none", async () => {
  const { as } = await makeKey("free", ["streams:read"]);
  for (const headers of [{}, as]) {
    const answer = await get("/v1/streams", headers);
    expect([answer.headers.get("ratelimit"), answer.headers.get("ratelimit-policy")]).toEqual([null, null]);
  }
});
