import { describe, expect, test } from "vitest";
import { append, eventsOf, everything, expectProblem, get, newerThan, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { listen } from "./listen.ts";
import { open } from "./open.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };
const KEY_TEXT = /rvk_[a-z-]+\.[\w-]+\.[\w-]{43}/;

interface Key {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  readonly scopes: readonly string[];
  readonly lastUsedAt?: string;
}

describe("a key", () => {
  test("is made, shown once, and opens what its scopes say", async () => {
    const made = await makeKey("first", ["events:write:kept-*", "streams:read:kept-*"]);
    expect(made.answer.status).toBe(201);
    expect(made.answer.headers.get("location")).toBe(`/v1/keys/${made.id}`);
    expect(made.answer.headers.get("cache-control")).toBe("no-store");
    expect(made.key).toMatch(/^rvk_default\./);
    expect((await append("kept-1", [note], made.as)).status).toBe(201);
    expect((await eventsOf("kept-1", made.as)).map(({ metadata }) => metadata["actor"])).toEqual(["key:first"]);
    expectProblem(await append("other-1", [note], made.as), 403, "missing_scope");
    expectProblem(await get("/v1/streams/other-1", made.as), 403, "missing_scope");
  });

  test("is shown nowhere else, and its secret is kept nowhere", async () => {
    const made = await makeKey("hidden", ["streams:read"]);
    const secret = made.key.split(".")[2] as string;
    const rotated = await send("POST", `/v1/keys/${made.id}/rotate`);
    const again = rotated.json<Key>().key as string;
    const write = newerThan(rotated);
    for (const path of ["/v1/keys", `/v1/keys/${made.id}`, `/v1/streams/rivulet_key-${made.id}/events`, "/v1/events?category=rivulet_key"]) {
      const { status, text } = await get(path, write);
      expect(status).toBe(200);
      expect(text, path).not.toMatch(KEY_TEXT);
      for (const one of [secret, again.split(".")[2] as string]) expect(text, path).not.toContain(one);
    }
  });

  test("is listed while it is not revoked", async () => {
    const made = await makeKey("listed", ["streams:read:a-*"]);
    const gone = await makeKey("unlisted", ["streams:read:a-*"]);
    const revoked = await send("DELETE", `/v1/keys/${gone.id}`);
    expect(revoked.status).toBe(204);
    await get("/v1/keys", newerThan(made.answer));
    const listed = await everything<Key>("/v1/keys", newerThan(revoked));
    expect(listed.filter(({ name }) => name.endsWith("listed")).map(({ id, name, scopes }) => [id, name, scopes])).toEqual([
      [made.id, "listed", ["streams:read:a-*"]],
    ]);
    expect((await get(`/v1/keys/${made.id}`)).json()).toMatchObject({ id: made.id, name: "listed" });
    expectProblem(await get(`/v1/keys/${gone.id}`), 404);
    expectProblem(await send("DELETE", `/v1/keys/${gone.id}`), 404);
    expectProblem(await send("DELETE", "/v1/keys/nonsense"), 404);
  });

  test("has a name of its own, which is free again once it is revoked", async () => {
    const made = await makeKey("named", ["streams:read"]);
    expectProblem(await send("POST", "/v1/keys", { name: "named", scopes: ["streams:read"] }), 409, "key_exists");
    await send("DELETE", `/v1/keys/${made.id}`);
    expect((await makeKey("named", ["streams:read"])).id).not.toBe(made.id);
    expectProblem(await send("POST", "/v1/keys", { name: "admin", scopes: ["streams:read"] }), 422);
  });

  test("is made once for an Idempotency-Key, and not shown to the repeat", async () => {
    const body = { name: "repeated", scopes: ["streams:read"] };
    const keyed = { "idempotency-key": "a-key" };
    const first = await send("POST", "/v1/keys", body, keyed);
    const second = await send("POST", "/v1/keys", body, keyed);
    expect([first.status, second.status, second.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    const { key, ...open } = first.json<Key>();
    expect(key).toMatch(KEY_TEXT);
    expect(second.json()).toEqual(open);
    expectProblem(await send("POST", "/v1/keys", { ...body, name: "another" }, keyed), 422);
    const rotated = await send("POST", `/v1/keys/${open.id}/rotate`, {}, { "idempotency-key": "a-rotation" });
    const repeat = await send("POST", `/v1/keys/${open.id}/rotate`, {}, { "idempotency-key": "a-rotation" });
    expect([rotated.json<Key>().key, repeat.json<Key>().key]).toEqual([expect.stringMatching(KEY_TEXT), undefined]);
    expect((await get("/v1/streams", { authorization: `Bearer ${rotated.json<Key>().key}` })).status).toBe(200);
  });

  test.each([
    [{ name: "x", scopes: [] }],
    [{ name: "x", scopes: ["everything"] }],
    [{ name: "x", scopes: ["Events:write"] }],
    [{ name: "", scopes: ["streams:read"] }],
    [{ name: "x y", scopes: ["streams:read"] }],
    [{ name: "x", scopes: ["streams:read"], expiresAt: "2020-01-01T00:00:00Z" }],
    [{ name: "x", scopes: ["streams:read"], expiresAt: "soon" }],
    [{ name: "x", scopes: ["streams:read"], limits: { requests: { limit: 0, periodSeconds: 1 } } }],
    [{ name: "x", scopes: ["streams:read"], key: "mine" }],
  ])("is not made of %j", async (body) => {
    expectProblem(await send("POST", "/v1/keys", body), 422);
  });

  test("is made only with scopes that its maker has", async () => {
    const maker = await makeKey("maker", ["admin:keys", "streams:read:order-*"]);
    expect((await makeKey("less", ["streams:read:order-1"], {}, maker.as)).answer.status).toBe(201);
    for (const scope of ["streams:read", "streams:read:*", "events:write:order-1", "admin:*", "*:*", "admin:tenants"]) {
      const refused = await send("POST", "/v1/keys", { name: "more", scopes: ["streams:read:order-1", scope] }, maker.as);
      expect(expectProblem(refused, 403, "missing_scope")).toMatchObject({ missingScope: scope });
    }
  });

  test("is rotated by nobody who could do more with it than he may", async () => {
    const strong = await makeKey("strong", ["streams:purge"]);
    const maker = await makeKey("rotator", ["admin:keys"]);
    expect(expectProblem(await send("POST", `/v1/keys/${strong.id}/rotate`, {}, maker.as), 403, "missing_scope")).toMatchObject({
      missingScope: "streams:purge",
    });
  });

  test("notes that it was used, once however often it is", async () => {
    const made = await makeKey("used", ["streams:read"]);
    for (let time = 0; time < 3; time++) await get("/v1/streams", made.as);
    const types = (await eventsOf(`rivulet_key-${made.id}`)).map(({ type }) => type);
    expect(types).toEqual(["rivulet.KeyCreated", "rivulet.KeyUsed"]);
    expect((await get(`/v1/keys/${made.id}`)).json<Key>().lastUsedAt).toMatch(/Z$/);
  });

  test("of one tenant reaches no other, whatever Tenant-Id says", async () => {
    const red = { "tenant-id": "keys-red" };
    const made = await makeKey("red", ["*:*"], {}, red);
    expect(made.key).toMatch(/^rvk_keys-red\./);
    await append("own-1", [note], red);
    for (const tenant of ["default", "keys-blue", "No Tenant"]) expect((await get("/v1/streams/own-1", { ...made.as, "tenant-id": tenant })).status).toBe(200);
    const stolen = made.key.replace("rvk_keys-red", "rvk_default");
    expectProblem(await get("/v1/streams", { authorization: `Bearer ${stolen}` }), 401);
    expectProblem(await send("DELETE", `/v1/keys/${made.id}`), 404);
  });
});

describe("a key is refused", () => {
  test("once it is revoked, with a connection that it had open", async () => {
    const made = await makeKey("revoked", ["streams:read:held-*", "tickets:create"]);
    await append("held-1", [note]);
    const live = await listen("/v1/streams/held-1/live?from=1", made.as);
    const byTicket = await listen(`/v1/streams/held-1/live?from=1&ticket=${await ticketOf(made.as)}`, { authorization: undefined });
    const socket = await open("/v1/streams/held-1/live?from=1", { ...made.as, upgrade: "websocket" });
    const closed = new Promise<number>((resolve) => {
      socket.webSocket?.addEventListener("close", ({ code }) => resolve(code));
      socket.webSocket?.accept();
    });
    const unused = await ticketOf(made.as);
    for (const one of [live, byTicket]) expect(await one.hear(1)).toHaveLength(1);
    await send("DELETE", `/v1/keys/${made.id}`);
    // The event that revokes it ends them: nothing polls, so there is nothing to wait for but that.
    await Promise.all([live.end(), byTicket.end()]);
    expect(await closed).toBe(1008);
    expectProblem(await get("/v1/streams/held-1", made.as), 401);
    expectProblem(await get(`/v1/streams/held-1/live?ticket=${unused}`, { authorization: undefined }), 401);
  });

  test("where its secret was rotated without an overlap, and goes on with one", async () => {
    const made = await makeKey("rotated", ["streams:read"]);
    const next = (await send("POST", `/v1/keys/${made.id}/rotate`, { overlapSeconds: 60 })).json<Key & { previousUntil: string }>();
    expect(next.previousUntil).toMatch(/Z$/);
    const second = { authorization: `Bearer ${next.key}` };
    for (const as of [made.as, second]) expect((await get("/v1/streams", as)).status).toBe(200);
    const { key: last } = (await send("POST", `/v1/keys/${made.id}/rotate`, { overlapSeconds: 0 })).json<Key>();
    for (const as of [made.as, second]) expectProblem(await get("/v1/streams", as), 401);
    expect((await get("/v1/streams", { authorization: `Bearer ${last}` })).status).toBe(200);
  });

  test("where it is changed in any place", async () => {
    const made = await makeKey("forged", ["*:*"]);
    const [prefix, id, secret] = made.key.split(".") as [string, string, string];
    const other = secret.startsWith("A") ? `B${secret.slice(1)}` : `A${secret.slice(1)}`;
    for (const key of [
      `${prefix}.${id}.${other}`,
      `${prefix}.${id}.`,
      `${prefix}.${id}`,
      `${prefix}.${id.replace(/.$/, "0")}x.${secret}`,
      `${made.key}x`,
      secret,
      id,
    ])
      expectProblem(await get("/v1/streams", { authorization: `Bearer ${key}` }), 401);
  });
});

async function ticketOf(headers: { readonly authorization: string }): Promise<string> {
  return (await send("POST", "/v1/tickets", undefined, headers)).json<{ ticket: string }>().ticket;
}
