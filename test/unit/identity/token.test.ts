import { createHmac } from "node:crypto";
import { type CryptoKey, exportJWK, exportSPKI, importJWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { issuer, issuerClaim, issuerId, type IssuerSettings } from "../../../src/identity/issuer.ts";
import { KeySets, keysFault } from "../../../src/identity/jwks.ts";
import { CLOCK_SKEW, MAX_TOKEN, provenBy, statedBy } from "../../../src/identity/token.ts";
import { given } from "../../../src/testing/index.ts";
import { type Pair, pairOf, part, tokenOf } from "../../support/tokens.ts";

const NOW = Date.parse("2026-01-01T12:00:00.000Z");
const SECONDS = NOW / 1_000;
const claims = { iss: "https://login.example", aud: "rivulet", sub: "ann", scope: "streams:read:note-* events:write:note-1 openid" };
const refuseAll = (): Promise<Response> => Promise.reject(new Error("nobody is called"));

let good: Pair;
let other: Pair;
let settings: IssuerSettings;

beforeAll(async () => {
  good = await pairOf("RS256", "k1");
  other = await pairOf("RS256", "k1");
  settings = {
    issuer: claims.iss,
    audience: claims.aud,
    jwks: { keys: [good.jwk as { kty: string }] },
    algorithms: ["RS256"],
    claims: { scopes: "scope", actor: "sub" },
    grants: ["*:*"],
  };
});

const proven = (token: string, more: Partial<IssuerSettings> = {}) =>
  provenBy({ ...settings, ...more }, new KeySets(refuseAll, { allowLocal: false }).of({ ...settings, ...more }), token, NOW);
const check = async (token: string, more: Partial<IssuerSettings> = {}) => {
  const found = await proven(token, more);
  return found !== undefined && "refused" in found ? undefined : found;
};
const signed = (more: object = {}, header: object = {}, pair = good) => tokenOf(pair, { alg: "RS256", kid: "k1", ...header }, { ...claims, ...more }, NOW);

describe("a token is taken", () => {
  test("with the scopes and the actor that its claims say, what is no scope of ours left out", async () => {
    expect(await check(await signed())).toEqual({
      actor: "jwt:ann",
      user: "ann",
      roles: [],
      scopes: ["streams:read:note-*", "events:write:note-1"],
      until: new Date((SECONDS + 600 + CLOCK_SKEW) * 1_000).toISOString(),
    });
  });

  test("with no more scopes than who registered its issuer has", async () => {
    expect((await check(await signed(), { grants: ["streams:read"] }))?.scopes).toEqual(["streams:read:note-*"]);
    expect((await check(await signed({ scope: "*:*" }), { grants: ["admin:*", "streams:read"] }))?.scopes).toEqual([]);
  });

  test("with claims from inside an object, or of a name with dots, as a list", async () => {
    const inside = { claims: { scopes: "app.roles", actor: "https://x.example/user" } };
    const token = await signed({ app: { roles: ["streams:read", 7] }, "https://x.example/user": "bo" });
    expect(await check(token, inside)).toMatchObject({ actor: "jwt:bo", scopes: ["streams:read"] });
    expect((await check(token, { claims: { scopes: "constructor.name", actor: "sub" } }))?.scopes).toEqual([]);
  });

  test.each(["Ada Lovelace", "jürgen@bücher.example", "山田太郎", "auth0|5f7c8ec7", "🦊".repeat(255)])("that speaks for %s", async (sub) => {
    expect(await check(await signed({ sub }))).toMatchObject({ actor: `jwt:${sub}`, user: sub });
  });

  test("for one audience of several, and within the skew of the clocks", async () => {
    for (const more of [{ aud: ["other", "rivulet"] }, { exp: SECONDS - CLOCK_SKEW + 1 }, { nbf: SECONDS + CLOCK_SKEW }])
      expect(await check(await signed(more)), JSON.stringify(more)).toBeDefined();
  });

  test.each(["RS512", "PS256", "ES256", "ES384", "EdDSA"])("signed with %s where that is registered", async (alg) => {
    const pair = await pairOf(alg);
    const token = await tokenOf(pair, { alg }, claims, NOW);
    const more = { jwks: { keys: [pair.jwk as { kty: string }] }, algorithms: [alg] };
    expect(await check(token, more)).toBeDefined();
    expect(await check(token, { ...more, algorithms: ["RS256"] })).toBeUndefined();
  });

  test("where it names no key and several fit, by the one that it is signed with", async () => {
    const [one, two] = [await pairOf("RS256"), await pairOf("RS256")];
    const more = { jwks: { keys: [one.jwk, two.jwk] as { kty: string }[] } };
    expect(await check(await tokenOf(two, { alg: "RS256" }, claims, NOW), more)).toBeDefined();
    expect(await check(await tokenOf(other, { alg: "RS256" }, claims, NOW), more)).toBeUndefined();
  });
});

describe("a token is refused", () => {
  const body = { ...claims, iat: SECONDS, exp: SECONDS + 600 };
  const hmac = (header: object, key: string | Buffer): string => {
    const input = `${part(header)}.${part(body)}`;
    return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
  };

  /** Signed by the good key, which jose itself would not do. */
  const byHand = async (header: object): Promise<string> => {
    const input = `${part(header)}.${part(body)}`;
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", good.privateKey, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString("base64url")}`;
  };
  /** Signed by the good key in another algorithm. */
  const inOther = async (alg: string): Promise<string> => {
    const privateKey = (await importJWK(await exportJWK(good.privateKey), alg)) as CryptoKey;
    return tokenOf({ privateKey }, { alg, kid: "k1" }, claims, NOW);
  };

  test("but not what is signed by hand as it should be", async () => {
    expect(await check(await byHand({ alg: "RS256", kid: "k1" }))).toBeDefined();
    expect(await check(await inOther("RS512"), { algorithms: ["RS512"] })).toBeDefined();
  });

  test.each<[string, () => Promise<string> | string]>([
    ["of the algorithm none", () => `${part({ alg: "none" })}.${part(body)}.`],
    ["of none in other letters, with some signature", () => `${part({ alg: "nOnE", kid: "k1" })}.${part(body)}.AAAA`],
    ["of a public key used as a secret, as PEM", async () => hmac({ alg: "HS256", kid: "k1" }, await exportSPKI(good.publicKey))],
    ["of a public key used as a secret, as its modulus", () => hmac({ alg: "HS256", kid: "k1" }, Buffer.from(String(good.jwk.n), "base64url"))],
    ["of an algorithm that is not registered for the same key", () => inOther("RS512")],
    ["of another's key under the same kid", () => signed({}, {}, other)],
    ["of a key that it brings itself", () => signed({}, { jwk: other.jwk }, other)],
    ["of keys that it says where to find", () => signed({}, { jku: "https://evil.example/keys", x5u: "https://evil.example/cert" }, other)],
    ["of a kid that is a path", () => signed({}, { kid: "../../../../dev/null" })],
    ["of a kid that is a query", () => signed({}, { kid: "' UNION SELECT 'x" })],
    ["of a kid that is no text", () => signed({}, { kid: { k1: true } as unknown as string })],
    ["of a header that must be understood and is not", () => byHand({ alg: "RS256", kid: "k1", crit: ["x"], x: 1 })],
    ["that is over", () => signed({ exp: SECONDS - CLOCK_SKEW })],
    ["that never ends", () => signed({ exp: undefined })],
    ["that ends at no time", () => signed({ exp: Number.MAX_SAFE_INTEGER })],
    ["that has not begun", () => signed({ nbf: SECONDS + CLOCK_SKEW + 1 })],
    ["for another audience", () => signed({ aud: "other" })],
    ["for no audience", () => signed({ aud: undefined })],
    ["of another issuer", () => signed({ iss: "https://login.example/" })],
    ["that speaks for nobody", () => signed({ sub: undefined })],
    ["that speaks for no text", () => signed({ sub: "ann\nx" })],
    ["that speaks for half a character", () => signed({ sub: "ann\ud83e" })],
    ["that speaks for an empty text", () => signed({ sub: "" })],
    ["that speaks for a whole page", () => signed({ sub: "x".repeat(256) })],
    ["cut off", async () => (await signed()).slice(0, -10)],
    ["without a signature", async () => `${(await signed()).split(".").slice(0, 2).join(".")}.`],
    [
      "with other claims under the signature",
      async () => (([head, , tail]) => `${head}.${part({ ...body, scope: "*:*" })}.${tail}`)((await signed()).split(".")),
    ],
  ])("%s", async (_, make) => {
    expect(await check(await make()).catch((fault: unknown) => expect.unreachable(String(fault)))).toBeUndefined();
  });

  test.each<[object, string]>([
    [{ exp: SECONDS - CLOCK_SKEW }, "The token was good until 2026-01-01T11:59:30.000Z."],
    [{ nbf: SECONDS + 60 }, "The token counts from 2026-01-01T12:01:00.000Z on."],
    [{ exp: undefined }, 'The token has no claim "exp".'],
    [{ aud: "other" }, 'The token\'s claim "aud" is not what its issuer is registered with.'],
    [{ sub: "" }, 'The token does not say whom it speaks for: expected its claim "sub" to be a text of 1 to 255 characters.'],
    [{ exp: 9e15 }, 'The token ends at no time: expected its claim "exp" to be seconds since 1970.'],
  ])("with a sentence where the issuer has signed it: %j", async (more, refused) => {
    expect(await proven(await signed(more))).toEqual({ refused });
    expect(await proven(await signed(more, {}, other))).toBeUndefined();
    const [one, two] = [await pairOf("RS256"), await pairOf("RS256")];
    const several = { jwks: { keys: [one.jwk, two.jwk] as { kty: string }[] } };
    expect(await proven(await tokenOf(two, { alg: "RS256" }, { ...claims, ...more }, NOW), several)).toEqual({ refused });
  });

  test("before anything is looked at, where it is huge, or nothing like one", async () => {
    expect(statedBy(await signed())).toEqual({ issuer: claims.iss, audiences: ["rivulet"] });
    for (const token of [
      await signed({ x: "x".repeat(MAX_TOKEN) }),
      "",
      "a.b",
      "a.b.c",
      "a.b.c.d.e",
      `${part([1])}.${part([1])}.x`,
      `${part({})}.${part({ iss: 1, aud: "a" })}.x`,
      `${part({})}.${part({ iss: "a" })}.x`,
    ])
      expect(statedBy(token), token.slice(0, 40)).toBeUndefined();
    expect(statedBy(`${part({})}.${part({ iss: "a", aud: Array.from({ length: 100 }, (_, n) => `a${n}`) })}.x`)?.audiences).toHaveLength(5);
  });
});

describe("keys from elsewhere", () => {
  const uri = "https://login.example/keys";
  const remote = (answer: (url: string) => Response, options = { allowLocal: false }) => {
    const asked: string[] = [];
    const sets = new KeySets(async (url) => {
      asked.push(String(url));
      return answer(String(url));
    }, options);
    const take = (token: string, at = uri) => provenBy({ ...settings, jwksUri: at }, sets.of({ jwksUri: at }), token, NOW);
    return { asked, take };
  };

  test("are fetched once for many tokens, and again where a token names one that is not known, at most twice a minute", async () => {
    let keys = [good.jwk];
    const { asked, take } = remote(() => Response.json({ keys }));
    for (let time = 0; time < 5; time++) expect(await take(await signed())).toBeDefined();
    expect(asked).toEqual([uri]);
    const next = await pairOf("RS256", "k2");
    keys = [good.jwk, next.jwk];
    const rotated = await tokenOf(next, { alg: "RS256", kid: "k2" }, claims, NOW);
    expect(await take(rotated)).toBeUndefined();
    expect(asked).toHaveLength(1);
    const real = Date.now;
    try {
      Date.now = () => real() + 30_001;
      expect(await take(rotated)).toBeDefined();
      expect(await take(await signed({}, { kid: "k3" }))).toBeUndefined();
      expect(asked).toHaveLength(2);
    } finally {
      Date.now = real;
    }
  });

  test.each(["http://127.0.0.1/keys", "http://[::1]:8080/keys", "https://169.254.169.254/keys", "https://localhost/keys", "https://2130706433/"])(
    "are not fetched from %s",
    async (at) => {
      const { asked, take } = remote(() => Response.json({ keys: [good.jwk] }));
      await expect(take(await signed(), at)).rejects.toThrow("refused");
      expect(asked).toEqual([]);
    },
  );

  test.each<[string, () => Response]>([
    ["elsewhere again", () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1/" } })],
    ["a failure", () => new Response("{}", { status: 500 })],
    ["no JSON", () => new Response("<html>")],
    ["no key set", () => Response.json({ keys: "x" })],
    ["more than 256 KiB", () => new Response(JSON.stringify({ keys: [good.jwk], x: "x".repeat(300_000) }))],
  ])("that are %s are a fault, not a verdict", async (_, answer) => {
    await expect(remote(answer).take(await signed())).rejects.toThrow();
  });
});

test("keys that are registered are public ones", async () => {
  expect(keysFault([good.jwk as Record<string, unknown>])).toBeUndefined();
  for (const key of [{ kty: "oct", k: "AAAA" }, { ...good.jwk, d: "x" }, { kty: "AKP" }, {}])
    expect(keysFault([key as Record<string, unknown>])).toMatch(/^Expected/);
  for (const count of [0, 21]) expect(keysFault(Array.from({ length: count }, () => good.jwk as Record<string, unknown>))).toMatch(/^Expected/);
});

describe("an issuer", () => {
  const registered = () => ({ type: "rivulet.IssuerRegistered", data: settings }) as const;
  test("is registered once, and removed once", () => {
    given(issuer).when("Register", settings).then(registered()).thenOnce();
    given(issuer, registered())
      .when("Register", { ...settings, grants: ["a:b"] })
      .thenRejected("issuer_exists");
    given(issuer, registered()).when("Remove", {}).thenOnce().thenState({});
    given(issuer).when("Remove", {}).then();
  });

  test("with an audience is one tenant's, until that one lets it go", () => {
    const claimed = { type: "rivulet.IssuerClaimed", data: { tenant: "red" } } as const;
    given(issuerClaim).when("Claim", { tenant: "red" }).then(claimed).thenOnce();
    given(issuerClaim, claimed).when("Claim", { tenant: "blue" }).thenRejected("issuer_exists");
    given(issuerClaim, claimed).when("Release", { tenant: "blue" }).then();
    given(issuerClaim, claimed).when("Release", { tenant: "red" }).thenOnce().thenState({});
  });

  test("is found by itself and its audience, neither of which can be mistaken for the other", () => {
    expect(issuerId("a", "b")).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set([issuerId("a", "b"), issuerId("b", "a"), issuerId("ab", ""), issuerId('a","b', "")]).size).toBe(4);
  });
});
