import { beforeAll, describe, expect, test } from "vitest";
import { append, eventsOf, everything, expectProblem, get, newerThan, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { pairOf, tokenOf } from "../support/tokens.ts";
import { eventually } from "./eventually.ts";
import { listen } from "./listen.ts";
import { made, pull } from "./subscriptions.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };

interface Shown {
  readonly status: string;
  readonly progress?: { readonly step: string };
  readonly erased?: { readonly streams: number; readonly events: number };
}

const make = (id: string) => send("POST", "/v1/tenants", { id, name: id });
const suspend = (id: string) => send("POST", `/v1/tenants/${id}/suspend`);
const remove = (id: string, headers = {}) => send("DELETE", `/v1/tenants/${id}`, undefined, headers);
const shown = async (id: string): Promise<Shown> => (await get(`/v1/tenants/${id}`)).json<Shown>();
const isGone = (id: string): Promise<Shown> =>
  eventually(
    `${id} to be deleted`,
    () => shown(id),
    ({ status }) => status === "deleted",
  );

async function removed(id: string): Promise<Shown> {
  await suspend(id);
  const begun = await remove(id);
  expect(begun.status).toBe(202);
  expect(begun.json<Shown>().status).toMatch(/^delet(ing|ed)$/);
  return isGone(id);
}

describe("a tenant that is deleted", () => {
  const red = { "tenant-id": "gone" };
  let as: { readonly authorization: string };
  let ended: Promise<void>;
  let token: string;
  let erased: Shown;

  beforeAll(async () => {
    await make("gone");
    ({ as } = await makeKey("all", ["*:*"], { limits: { requests: { limit: 100_000, periodSeconds: 60 } } }, red));
    await append("kept-1", [note], { "tenant-id": "stays" });
    for (let n = 0; n < 40; n++) await append(`kept-${n}`, [note, note], as);
    await made("puller", { sink: pull, types: ["notes.#"] }, red);
    await made("pushed", { types: ["notes.#"] }, red);
    await send("PUT", "/v1/sources/bare", { scheme: "none", stream: "bare-1" }, as);
    await send("POST", "/v1/tickets", undefined, { ...as, "idempotency-key": "a ticket" });
    const pair = await pairOf("ES256", "k1");
    const issuer = { issuer: "https://gone.example/", audience: "gone", jwks: { keys: [pair.jwk] }, algorithms: ["ES256"] };
    await send("POST", "/v1/issuers", { ...issuer, claims: { scopes: "scope", actor: "sub" } }, as);
    token = await tokenOf(pair, { alg: "ES256", kid: "k1" }, { iss: "https://gone.example/", aud: "gone", scope: "streams:read", sub: "ann" });
    expect((await get("/v1/streams", { authorization: `Bearer ${token}` })).status).toBe(200);
    const live = await listen("/v1/streams/kept-1/live", as);
    ended = live.end();
    erased = await removed("gone");
  });

  test("is shown with what was there, and stays in the list", async () => {
    expect(erased.status).toBe("deleted");
    expect(erased.erased?.streams).toBeGreaterThanOrEqual(44);
    expect(erased.erased?.events).toBeGreaterThanOrEqual(84);
    const again = await remove("gone");
    expect([again.status, again.json<Shown>()]).toMatchObject([202, { status: "deleted" }]);
    const listed = await everything<{ id: string; status: string }>("/v1/tenants", newerThan(again));
    expect(listed.filter(({ id }) => id === "gone")).toMatchObject([{ status: "deleted" }]);
  });

  test("has its keys and tokens refused, what they had open closed, and its webhooks are nowhere", async () => {
    await ended;
    for (const answer of [await get("/v1/streams", as), await append("kept-1", [note], as), await get("/v1/streams", { authorization: `Bearer ${token}` })])
      expect([401, 403]).toContain(answer.status);
    expectProblem(await send("POST", "/v1/webhooks/gone/bare", { a: 1 }, as), 404);
  });

  test("is refused to the admin key too", async () => {
    for (const answer of [await get("/v1/streams", red), await append("kept-1", [note], red), await get("/v1/events", red)])
      expectProblem(answer, 403, "tenant_deleted");
  });

  test("is never made again, and neither resumed nor suspended", async () => {
    expectProblem(await make("gone"), 409, "tenant_exists");
    for (const verb of ["suspend", "resume"]) expectProblem(await send("POST", `/v1/tenants/gone/${verb}`), 409, "tenant_deleted");
  });

  test("leaves another's streams of the same names where they are", async () => {
    expect(await eventsOf("kept-1", { "tenant-id": "stays" })).toHaveLength(1);
    expect(await everything("/v1/events?stream=kept-1", { "tenant-id": "stays" })).toHaveLength(1);
  });

  test("leaves its issuer to whoever registers it next", async () => {
    const { jwk } = await pairOf("ES256", "k1");
    const issuer = { issuer: "https://gone.example/", audience: "gone", jwks: { keys: [jwk] }, claims: { scopes: "scope", actor: "sub" } };
    expect((await send("POST", "/v1/issuers", { ...issuer, algorithms: ["ES256"] }, { "tenant-id": "stays" })).status).toBe(201);
  });
});

describe("deleting a tenant", () => {
  test("is refused where it is not suspended: first what is to be kept is taken out of a log that stands still", async () => {
    await make("awake");
    await get("/v1/events", { "tenant-id": "awake", ...newerThan(await append("awake-1", [note], { "tenant-id": "awake" })) });
    expectProblem(await remove("awake"), 409, "tenant_not_suspended");
    expect((await get("/v1/streams/awake-1", { "tenant-id": "awake" })).status).toBe(200);
    await suspend("awake");
    const awake = { "tenant-id": "awake" };
    expect((await everything("/v1/events", awake)).map(({ stream }) => stream)).toEqual(["awake-1"]);
    const lines = await get("/v1/streams/awake-1/events", { ...awake, accept: "application/x-ndjson" });
    expect(lines.text).toContain('"stream":"awake-1"');
    expect((await shown("awake")).status).toBe("suspended");
  });

  test("is refused for default and for one that nobody made", async () => {
    expectProblem(await remove("default"), 409, "tenant_exists");
    expectProblem(await remove("nobody-made"), 404);
    expectProblem(await remove("No"), 404);
  });

  test("is a matter of the admin key of default alone", async () => {
    const strong = await makeKey("would-delete", ["*:*"]);
    for (const headers of [strong.as, { "tenant-id": "awake" }]) expectProblem(await remove("awake", headers), 403, "forbidden");
  });

  test("is done once for an Idempotency-Key", async () => {
    await make("keyed-gone");
    await suspend("keyed-gone");
    const keyed = { "idempotency-key": "delete it" };
    expect((await remove("keyed-gone", keyed)).status).toBe(202);
    expect((await remove("keyed-gone", keyed)).headers.get("idempotency-replayed")).toBe("true");
    await isGone("keyed-gone");
  });
});
