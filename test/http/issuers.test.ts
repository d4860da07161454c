import { beforeAll, describe, expect, test } from "vitest";
import { append, eventsOf, everything, expectProblem, get, newerThan, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { type Pair, pairOf, part, tokenOf } from "../support/tokens.ts";
import { listen } from "./listen.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };
const ISSUER = "https://login.example/";
const as = (token: string) => ({ authorization: `Bearer ${token}` });

let pair: Pair;
const registration = (audience: string, more: object = {}) => ({
  issuer: ISSUER,
  audience,
  jwks: { keys: [pair.jwk] },
  algorithms: ["ES256"],
  claims: { scopes: "scope", actor: "email" },
  ...more,
});
const token = (aud: string, scope: string, more: object = {}): Promise<string> =>
  tokenOf(pair, { alg: "ES256", kid: "k1" }, { iss: ISSUER, aud, scope, email: "ann@example.com", ...more });

beforeAll(async () => {
  pair = await pairOf("ES256", "k1");
});

describe("a token of an issuer", () => {
  test("is taken for the tenant that registered it, as the actor and with the scopes that its claims say", async () => {
    const made = await send("POST", "/v1/issuers", registration("jwt-red"), { "tenant-id": "jwt-red" });
    expect(made.status).toBe(201);
    const { id } = made.json<{ id: string }>();
    expect(made.headers.get("location")).toBe(`/v1/issuers/${id}`);
    const ann = as(await token("jwt-red", "events:write:desk-* streams:read:desk-*"));
    expect((await append("desk-1", [note], ann)).status).toBe(201);
    expect((await eventsOf("desk-1", { ...ann, "tenant-id": "default" })).map(({ metadata }) => metadata["actor"])).toEqual(["jwt:ann@example.com"]);
    expect((await get("/v1/streams/desk-1", { "tenant-id": "jwt-red" })).status).toBe(200);
    expectProblem(await get("/v1/streams/desk-1"), 404);
    expectProblem(await append("chair-1", [note], ann), 403, "missing_scope");
    for (const path of [`/v1/issuers/${id}`, "/v1/issuers"]) expect((await get(path, { "tenant-id": "jwt-red", ...newerThan(made) })).text).toContain(id);
    expectProblem(await get(`/v1/issuers/${id}`), 404);
  });

  test("speaks for people as they write themselves", async () => {
    await send("POST", "/v1/issuers", registration("jwt-names"));
    for (const [n, email] of ["Ada Lovelace", "jürgen@bücher.example", "山田太郎"].entries()) {
      const one = as(await token("jwt-names", "events:write:sign-* streams:read:sign-*", { email }));
      expect((await append(`sign-${n}`, [note], one)).status).toBe(201);
      expect((await eventsOf(`sign-${n}`, one)).map(({ metadata }) => metadata["actor"])).toEqual([`jwt:${email}`]);
      expectProblem(await get("/v1/keys", one), 403, "missing_scope");
    }
  });

  test("may no more than who registered it", async () => {
    const maker = await makeKey("registrar", ["admin:issuers", "streams:read:lamp-*"]);
    await append("lamp-1", [note]);
    expect((await send("POST", "/v1/issuers", registration("jwt-maker"), maker.as)).status).toBe(201);
    const all = as(await token("jwt-maker", "*:* streams:read:lamp-1 admin:issuers"));
    expect((await get("/v1/streams/lamp-1", all)).status).toBe(200);
    expectProblem(await get("/v1/streams", all), 403, "missing_scope");
    expect((await get("/v1/issuers", all)).status).toBe(200);
    expectProblem(await get("/v1/keys", all), 403, "missing_scope");
  });

  test("is refused with 401 where anything is wrong with it", async () => {
    await send("POST", "/v1/issuers", registration("jwt-strict"));
    const good = await token("jwt-strict", "streams:read");
    expect((await get("/v1/streams", as(good))).status).toBe(200);
    const [head = "", body = "", tail = ""] = good.split(".");
    const past = Math.floor(Date.now() / 1_000) - 3_600;
    const forged = [
      `${part({ alg: "none" })}.${body}.`,
      `${part({ alg: "none" })}.${body}.${tail}`,
      `${head}.${part({ iss: ISSUER, aud: "jwt-strict", scope: "*:*", email: "ann", exp: past + 7_200 })}.${tail}`,
      good.slice(0, -8),
      await token("jwt-nobody", "streams:read"),
      await token("jwt-strict", "streams:read", { iss: "https://login.example" }),
      await token("jwt-strict", "streams:read", { exp: past }),
      await token("jwt-strict", "streams:read", { exp: undefined }),
      await token("jwt-strict", "streams:read", { email: undefined }),
      await token("jwt-strict", "streams:read", { x: "x".repeat(9_000) }),
      await tokenOf(await pairOf("ES256", "k1"), { alg: "ES256", kid: "k1" }, { iss: ISSUER, aud: "jwt-strict", scope: "*:*", email: "ann" }),
    ];
    for (const one of forged) {
      const answer = await get("/v1/streams", as(one));
      expectProblem(answer, 401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b.*invalid_token/);
    }
    // What the issuer has signed is told what is wrong with it; what is not proved to be the issuer's learns nothing.
    const over = await get("/v1/streams", as(await token("jwt-strict", "streams:read", { exp: past })));
    expect(over.json()).toMatchObject({ code: "unauthorized", detail: `The token was good until ${new Date(past * 1_000).toISOString()}.` });
    expect((await get("/v1/streams", as(forged[2] as string))).json()).toMatchObject({ detail: "The key is not known." });
  });

  test("is taken no more once its issuer is removed, and what was opened with it is closed", async () => {
    const { id } = (await send("POST", "/v1/issuers", registration("jwt-gone"))).json<{ id: string }>();
    await append("held-1", [note]);
    const ann = as(await token("jwt-gone", "streams:read tickets:create"));
    const { ticket } = (await send("POST", "/v1/tickets", undefined, ann)).json<{ ticket: string }>();
    const live = await listen("/v1/streams/held-1/live?from=1", ann);
    await live.hear(1);
    const removed = await send("DELETE", `/v1/issuers/${id}`);
    expect(removed.status).toBe(204);
    await live.end();
    expectProblem(await get("/v1/streams", ann), 401);
    expectProblem(await get(`/v1/streams/held-1/live?ticket=${ticket}`, { authorization: undefined }), 401);
    for (const method of ["GET", "DELETE"]) expectProblem(await send(method, `/v1/issuers/${id}`), 404);
    expect((await everything<{ id: string }>("/v1/issuers", newerThan(removed))).map((one) => one.id)).not.toContain(id);
    // Its place is free, for whoever comes.
    expect((await send("POST", "/v1/issuers", registration("jwt-gone"), { "tenant-id": "jwt-next" })).status).toBe(201);
  });

  test("of a suspended tenant is 403", async () => {
    await send("POST", "/v1/tenants", { id: "jwt-paused", name: "Paused" });
    await send("POST", "/v1/issuers", registration("jwt-paused"), { "tenant-id": "jwt-paused" });
    const ann = as(await token("jwt-paused", "streams:read"));
    expect((await get("/v1/streams", ann)).status).toBe(200);
    await send("POST", "/v1/tenants/jwt-paused/suspend");
    expectProblem(await get("/v1/streams", ann), 403, "tenant_suspended");
  });
});

describe("an issuer", () => {
  test("with an audience is one tenant's, and registered once", async () => {
    const keyed = { "idempotency-key": "an-issuer" };
    const first = await send("POST", "/v1/issuers", registration("jwt-once"), keyed);
    const again = await send("POST", "/v1/issuers", registration("jwt-once"), keyed);
    expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    expect(again.json()).toEqual(first.json());
    for (const tenant of ["default", "jwt-thief"])
      expectProblem(await send("POST", "/v1/issuers", registration("jwt-once"), { "tenant-id": tenant }), 409, "issuer_exists");
    expect(await everything("/v1/issuers", { "tenant-id": "jwt-thief" })).toEqual([]);
  });

  test.each<[string, () => object]>([
    ["a private key", () => ({ jwks: { keys: [{ ...pair.jwk, d: "x" }] } })],
    ["a secret", () => ({ jwks: { keys: [{ kty: "oct", k: "AAAA" }] } })],
    ["no key", () => ({ jwks: { keys: [] } })],
    ["keys and an address", () => ({ jwksUri: "https://login.example/keys" })],
    ["neither", () => ({ jwks: undefined })],
    ["an address on loopback", () => ({ jwks: undefined, jwksUri: "http://127.0.0.1:9/keys" })],
    ["an address on loopback in another spelling", () => ({ jwks: undefined, jwksUri: "http://0x7f000001/keys" })],
    ["no address", () => ({ jwks: undefined, jwksUri: "nonsense" })],
    ["the algorithm none", () => ({ algorithms: ["none"] })],
    ["an algorithm of secrets", () => ({ algorithms: ["HS256"] })],
    ["an algorithm of secrets among others", () => ({ algorithms: ["ES256", "HS256"] })],
    ["no algorithm", () => ({ algorithms: [] })],
    ["no claim of scopes", () => ({ claims: { actor: "sub" } })],
  ])("is not registered with %s", async (_, more) => {
    expectProblem(await send("POST", "/v1/issuers", registration("jwt-bad", more())), 422);
  });
});
