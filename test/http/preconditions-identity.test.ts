import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, expectProblem, get, type HeaderFields, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { type Pair, pairOf } from "../support/tokens.ts";

let pair: Pair;
let count = 0;

/** What there is to be changed, made anew for each test: its path, as it is read. */
const made = {
  key: async () => `/v1/keys/${(await makeKey(`guarded-${++count}`, ["streams:read"])).id}`,
  issuer: async () => {
    const registered = { issuer: "https://login.example/", audience: `guarded-${++count}`, jwks: { keys: [pair.jwk] }, claims: { scopes: "scope" } };
    return `/v1/issuers/${(await send("POST", "/v1/issuers", registered)).json<{ id: string }>().id}`;
  },
  tenant: async () => `/v1/tenants/${(await send("POST", "/v1/tenants", { id: `guarded-${++count}`, name: "Guarded" })).json<{ id: string }>().id}`,
};

const changes: readonly [string, keyof typeof made, (path: string, headers: HeaderFields) => Promise<Answer>][] = [
  ["the revocation of a key", "key", (path, headers) => send("DELETE", path, undefined, headers)],
  ["the rotation of a key", "key", (path, headers) => send("POST", `${path}/rotate`, undefined, headers)],
  ["the removal of an issuer", "issuer", (path, headers) => send("DELETE", path, undefined, headers)],
  ["the bounds of a tenant", "tenant", (path, headers) => send("PATCH", path, { readOnly: true }, headers)],
  ["the suspension of a tenant", "tenant", (path, headers) => send("POST", `${path}/suspend`, undefined, headers)],
  ["the resumption of a tenant", "tenant", (path, headers) => send("POST", `${path}/resume`, undefined, headers)],
];

beforeAll(async () => {
  pair = await pairOf("ES256", "k1");
});

describe.each(changes)("If-Match of %s", (_, what, change) => {
  test("is 412 with the version that it has, and nothing is changed, where somebody was faster", async () => {
    const path = await made[what]();
    const before = await get(path);
    const version = Number(before.headers.get("etag")?.slice(1, -1));
    for (const tag of ['"99"', 'W/"1"', '"0"']) expect(expectProblem(await change(path, { "if-match": tag }), 412).currentVersion).toBe(version);
    expectProblem(await change(path, { "if-none-match": "*" }), 412);
    expectProblem(await change(path, { "if-match": "1" }), 400, "invalid_precondition");
    expect((await get(path)).text).toBe(before.text);
  });

  test("lets it through where it is the ETag that was read, or *", async () => {
    for (const tag of [undefined, "*"]) {
      const path = await made[what]();
      const read = (await get(path)).headers.get("etag") as string;
      expect((await change(path, { "if-match": tag ?? read })).status).toBeLessThan(300);
    }
  });
});

test("a tenant is deleted only as it was read", async () => {
  const path = await made.tenant();
  const stale = (await get(path)).headers.get("etag") as string;
  const suspended = await send("POST", `${path}/suspend`);
  expectProblem(await send("DELETE", path, undefined, { "if-match": stale }), 412);
  expect((await get(path)).json()).toMatchObject({ status: "suspended" });
  expect((await send("DELETE", path, undefined, { "if-match": suspended.headers.get("etag") as string })).status).toBe(202);
});

test("a rotation that is repeated under its Idempotency-Key is answered as before, though its precondition fails by now", async () => {
  const path = await made.key();
  const headers = { "idempotency-key": "guarded-rotation", "if-match": (await get(path)).headers.get("etag") as string };
  const [first, second] = [await send("POST", `${path}/rotate`, undefined, headers), await send("POST", `${path}/rotate`, undefined, headers)];
  expect([first.status, second.status, second.headers.get("idempotency-replayed")]).toEqual([200, 200, "true"]);
});
