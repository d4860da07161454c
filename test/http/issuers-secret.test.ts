import { createHmac } from "node:crypto";
import { exportSPKI } from "jose";
import { describe, expect, test } from "vitest";
import { eventsOf, everything, expectProblem, get, newerThan, send } from "../support/http.ts";
import { pairOf, part } from "../support/tokens.ts";

const ISSUER = "https://machines.example/";
const SECRET = "a secret that is thirty-two long and more, so that HS512 takes it";
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const HASHES: Readonly<Record<string, string>> = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };

const registration = (audience: string, more: object = {}) => ({ issuer: ISSUER, audience, secret: SECRET, claims: { scopes: "scope" }, ...more });

/** A token that is made by hand, so that it may be anything. */
function tokenOf(aud: string, { secret = SECRET, header = {}, claims = {} }: { secret?: string | Buffer; header?: object; claims?: object } = {}): string {
  const seconds = Math.floor(Date.now() / 1_000);
  const head = { alg: "HS256", ...header };
  const input = `${part(head)}.${part({ iss: ISSUER, aud, sub: "robot", scope: "streams:read", exp: seconds + 600, ...claims })}`;
  return `${input}.${createHmac(HASHES[head.alg] ?? "sha256", secret)
    .update(input)
    .digest("base64url")}`;
}

describe("a token of an issuer with a secret", () => {
  test("is taken for the tenant that registered it, and the secret is shown nowhere", async () => {
    const made = await send("POST", "/v1/issuers", registration("hs-red"), { "tenant-id": "hs-red" });
    expect(made.status, made.text).toBe(201);
    const { id, algorithms } = made.json<{ id: string; algorithms: string[] }>();
    expect(algorithms).toEqual(["HS256"]);
    expect((await get("/v1/streams", as(tokenOf("hs-red")))).status).toBe(200);
    expectProblem(await get("/v1/keys", as(tokenOf("hs-red"))), 403, "missing_scope");
    const red = { "tenant-id": "hs-red", ...newerThan(made) };
    const texts = [made, await get(`/v1/issuers/${id}`, red), await get("/v1/issuers", red)].map(({ text }) => text);
    for (const text of texts) expect(text).not.toMatch(/secret|v[12]\./);
    // Its events have it sealed, as a source's have.
    const [registered] = await eventsOf(`rivulet_issuer-${id}`, red);
    expect(JSON.stringify(registered)).not.toContain(SECRET);
    expect(registered?.data).toMatchObject({ secret: expect.stringMatching(/^v2\./) });
  });

  test.each(["HS384", "HS512"])("is taken in %s where that is registered, and in no other algorithm", async (alg) => {
    const audience = `hs-${alg.toLowerCase()}`;
    expect((await send("POST", "/v1/issuers", registration(audience, { algorithms: [alg] }))).status).toBe(201);
    expect((await get("/v1/streams", as(tokenOf(audience, { header: { alg } })))).status).toBe(200);
    for (const other of Object.keys(HASHES).filter((name) => name !== alg))
      expectProblem(await get("/v1/streams", as(tokenOf(audience, { header: { alg: other } }))), 401);
  });

  test("is refused where anything is wrong with it", async () => {
    await send("POST", "/v1/issuers", registration("hs-strict"));
    const good = tokenOf("hs-strict");
    expect((await get("/v1/streams", as(good))).status).toBe(200);
    const [head = "", body = "", tail = ""] = good.split(".");
    const past = Math.floor(Date.now() / 1_000) - 3_600;
    const forged: Readonly<Record<string, string>> = {
      "another secret": tokenOf("hs-strict", { secret: `${SECRET}.` }),
      "no secret": tokenOf("hs-strict", { secret: "" }),
      "the secret in base64": tokenOf("hs-strict", { secret: Buffer.from(SECRET).toString("base64") }),
      none: `${part({ alg: "none" })}.${body}.`,
      "none with a signature": `${part({ alg: "none" })}.${body}.${tail}`,
      "none in other letters": `${part({ alg: "NoNe" })}.${body}.`,
      "no algorithm": `${part({})}.${body}.${tail}`,
      "other claims": `${head}.${part({ iss: ISSUER, aud: "hs-strict", sub: "robot", scope: "*:*", exp: past + 7_200 })}.${tail}`,
      truncated: good.slice(0, -8),
      "without its signature": `${head}.${body}.`,
      "a longer signature": `${good}AAAA`,
      huge: tokenOf("hs-strict", { claims: { x: "x".repeat(9_000) } }),
      "another audience": tokenOf("hs-other"),
      over: tokenOf("hs-strict", { claims: { exp: past } }),
      endless: tokenOf("hs-strict", { claims: { exp: undefined } }),
      "not begun": tokenOf("hs-strict", { claims: { nbf: past + 7_200 } }),
      "a kid that is an empty file, and its content": tokenOf("hs-strict", { secret: "", header: { kid: "../../dev/null" } }),
      "a kid that is a query": tokenOf("hs-strict", { secret: "x", header: { kid: "' UNION SELECT 'x" } }),
      "a key that it brings itself": tokenOf("hs-strict", { secret: "mine", header: { jwk: { kty: "oct", k: Buffer.from("mine").toString("base64url") } } }),
      "what must be understood and is not": tokenOf("hs-strict", { header: { crit: ["x"], x: 1 } }),
    };
    for (const [what, one] of Object.entries(forged)) {
      const answer = await get("/v1/streams", as(one));
      expect(answer.status, what).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b.*invalid_token/);
    }
    // Whatever it says of its key, it is the one that is registered.
    expect((await get("/v1/streams", as(tokenOf("hs-strict", { header: { kid: "../../dev/null" } })))).status).toBe(200);
  });

  test("cannot be made of the public key of an issuer that has one", async () => {
    const pair = await pairOf("RS256", "k1");
    const body = { ...registration("hs-confused"), secret: undefined, jwks: { keys: [pair.jwk] }, algorithms: ["RS256"] };
    expect((await send("POST", "/v1/issuers", body)).status).toBe(201);
    for (const secret of [await exportSPKI(pair.publicKey), Buffer.from(String(pair.jwk.n), "base64url"), JSON.stringify(pair.jwk), String(pair.jwk.n)])
      expectProblem(await get("/v1/streams", as(tokenOf("hs-confused", { secret, header: { kid: "k1" } }))), 401);
  });

  test("is taken no more once its issuer is removed", async () => {
    const made = await send("POST", "/v1/issuers", registration("hs-gone"));
    expect((await get("/v1/streams", as(tokenOf("hs-gone")))).status).toBe(200);
    await send("DELETE", `/v1/issuers/${made.json<{ id: string }>().id}`);
    expectProblem(await get("/v1/streams", as(tokenOf("hs-gone"))), 401);
  });
});

describe("an issuer with a secret", () => {
  test("is made once for an Idempotency-Key", async () => {
    const keyed = { "idempotency-key": "an-issuer-with-a-secret" };
    const [first, again] = [
      await send("POST", "/v1/issuers", registration("hs-once"), keyed),
      await send("POST", "/v1/issuers", registration("hs-once"), keyed),
    ];
    expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    expect(again.json()).toEqual(first.json());
    expectProblem(await send("POST", "/v1/issuers", registration("hs-once")), 409, "issuer_exists");
  });

  test.each<[string, () => object | Promise<object>]>([
    ["a secret that is shorter than its hash", () => ({ secret: "x".repeat(31) })],
    ["a secret that is shorter than the longest of its hashes", () => ({ secret: "x".repeat(63), algorithms: ["HS256", "HS512"] })],
    ["a secret of over 1,024 characters", () => ({ secret: "x".repeat(1_025) })],
    ["a public key for a secret", async () => ({ secret: await exportSPKI((await pairOf("RS256")).publicKey) })],
    ["a public key for a secret, as JSON", async () => ({ secret: JSON.stringify((await pairOf("RS256")).jwk) })],
    ["algorithms of public keys", () => ({ algorithms: ["RS256"] })],
    ["algorithms of both kinds", () => ({ algorithms: ["HS256", "RS256"] })],
    ["public keys beside it", async () => ({ jwks: { keys: [(await pairOf("RS256")).jwk] } })],
    ["an address of keys beside it", () => ({ jwksUri: "https://machines.example/keys" })],
  ])("is not registered with %s", async (_, more) => {
    expectProblem(await send("POST", "/v1/issuers", registration("hs-bad", await more())), 422, "invalid_input");
    expect((await everything<{ audience: string }>("/v1/issuers")).map(({ audience }) => audience)).not.toContain("hs-bad");
  });
});
