import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, append, everything, expectProblem, get, type HeaderFields, newerThan, ok, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { eventually } from "./eventually.ts";
import { listen } from "./listen.ts";
import { type Pair, pairOf, tokenOf } from "../support/tokens.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };
const define = (name: string, scopes: readonly string[], headers: HeaderFields = {}): Promise<Answer> => send("PUT", `/v1/roles/${name}`, { scopes }, headers);
const may = async (as: HeaderFields, path = "/v1/streams"): Promise<number> => (await get(path, as)).status;

describe("a role", () => {
  test("is a named set of scopes: defined, shown, listed, changed and taken away", async () => {
    const made = await define("shown", ["views:read:*", "streams:read", "streams:read"]);
    expect([made.status, made.headers.get("location"), made.json()]).toEqual([
      201,
      "/v1/roles/shown",
      { name: "shown", scopes: ["streams:read", "views:read:*"] },
    ]);
    const again = await define("shown", ["streams:read", "views:read:*"]);
    expect([again.status, again.headers.get("etag")]).toEqual([200, made.headers.get("etag")]);
    expectProblem(await define("shown", ["streams:read"], { "if-match": '"9"' }), 412);
    const changed = await define("shown", ["streams:read"], { "if-match": made.headers.get("etag") ?? "" });
    expect((await get("/v1/roles/shown")).json()).toEqual({ name: "shown", scopes: ["streams:read"] });
    const listed = await everything<{ name: string; scopes: string[] }>("/v1/roles", newerThan(changed));
    expect(listed.find(({ name }) => name === "shown")?.scopes).toEqual(["streams:read"]);
    const removed = await send("DELETE", "/v1/roles/shown");
    expect(removed.status).toBe(204);
    for (const method of ["GET", "DELETE"]) expectProblem(await send(method, "/v1/roles/shown"), 404);
    expect((await everything<{ name: string }>("/v1/roles", newerThan(removed))).map(({ name }) => name)).not.toContain("shown");
  });

  test("is defined only with scopes that its maker has, and by who may define any", async () => {
    const maker = await makeKey("role-maker", ["admin:roles", "streams:read:order-*"]);
    expect((await define("orders", ["streams:read:order-*"], maker.as)).status).toBe(201);
    for (const scope of ["streams:read", "admin:keys", "*:*"])
      expect(expectProblem(await define("more", ["streams:read:order-1", scope], maker.as), 403, "missing_scope")).toMatchObject({ missingScope: scope });
    // Nor is one that is there given more.
    expectProblem(await define("orders", ["streams:read:order-*", "streams:read"], maker.as), 403, "missing_scope");
    expectProblem(await get("/v1/roles/more"), 404);
    const other = await makeKey("no-roles", ["admin:keys"]);
    expectProblem(await define("mine", ["admin:keys"], other.as), 403, "missing_scope");
  });

  test("is one tenant's alone", async () => {
    await define("homely", ["streams:read"], { "tenant-id": "roles-red" });
    expectProblem(await get("/v1/roles/homely"), 404);
    const blue = await makeKey("blue", ["admin:keys", "streams:read"], {}, { "tenant-id": "roles-blue" });
    expectProblem(await send("POST", "/v1/keys", { name: "by-role", roles: ["homely"] }, blue.as), 409, "no_such_role");
  });

  test.each([[{ scopes: [] }], [{ scopes: ["everything"] }], [{}], [{ scopes: ["streams:read"], more: 1 }]])("is not %j", async (body) => {
    expectProblem(await send("PUT", "/v1/roles/bad", body), 422);
  });
});

describe("a key with roles", () => {
  test("has their scopes beside its own, as they are when it asks", async () => {
    await define("lamps", ["events:write:lamp-*"]);
    await define("desks", ["events:write:desk-*"]);
    const { as, answer } = await makeKey("by-roles", ["streams:read:lamp-*"], { roles: ["lamps", "desks"] });
    expect(answer.json()).toMatchObject({ scopes: ["streams:read:lamp-*"], roles: ["lamps", "desks"] });
    for (const stream of ["lamp-1", "desk-1"]) expect((await append(stream, [note], as)).status).toBe(201);
    expect(await may(as, "/v1/streams/lamp-1")).toBe(200);
    expectProblem(await append("chair-1", [note], as), 403, "missing_scope");
    await define("desks", ["events:write:chair-*"]);
    expect([(await append("chair-1", [note], as)).status, (await append("desk-1", [note], as)).status]).toEqual([201, 403]);
    await send("DELETE", "/v1/roles/desks");
    expect([(await append("chair-1", [note], as)).status, (await append("lamp-1", [note], as)).status]).toEqual([403, 201]);
  });

  test("may have nothing else, and roles that are defined", async () => {
    await define("reader", ["streams:read"]);
    const made = ok<{ key: string; scopes: string[] }>(await send("POST", "/v1/keys", { name: "only-roles", roles: ["reader"] }));
    expect([made.scopes, await may({ authorization: `Bearer ${made.key}` })]).toEqual([[], 200]);
    expectProblem(await send("POST", "/v1/keys", { name: "no-role", roles: ["nobody"] }), 409, "no_such_role");
    expectProblem(await send("POST", "/v1/keys", { name: "nothing" }), 422);
    expectProblem(await send("POST", "/v1/keys", { name: "nothing", roles: [] }), 422);
  });

  test("is made and rotated by nobody who could do more with it than he may", async () => {
    await define("boss", ["streams:purge", "streams:read"]);
    const maker = await makeKey("role-giver", ["admin:keys", "streams:read"]);
    expect(expectProblem(await send("POST", "/v1/keys", { name: "bossy", roles: ["boss"] }, maker.as), 403, "missing_scope")).toMatchObject({
      missingScope: "streams:purge",
    });
    const { id } = await makeKey("bossy", ["streams:read"], { roles: ["boss"] });
    expectProblem(await send("POST", `/v1/keys/${id}/rotate`, {}, maker.as), 403, "missing_scope");
    expect((await send("POST", `/v1/keys/${id}/rotate`)).status).toBe(200);
  });

  test("that has them by a role may give them away", async () => {
    await define("key-maker", ["admin:keys", "streams:read"]);
    const { as } = await makeKey("made-by-role", ["admin:keys"], { roles: ["key-maker"] });
    expect((await makeKey("given-by-role", ["streams:read"], {}, as)).answer.status).toBe(201);
  });
});

describe("a user", () => {
  const ISSUER = "https://people.example/";
  let pair: Pair;
  const as = async (sub: string, more: object = {}): Promise<HeaderFields> => ({
    authorization: `Bearer ${await tokenOf(pair, { alg: "ES256", kid: "k1" }, { iss: ISSUER, aud: "roles", sub, ...more })}`,
  });
  const assign = (user: string, role: string, headers: HeaderFields = {}, command = "AssignRole"): Promise<Answer> =>
    send("POST", `/v1/aggregates/membership/${user}/${command}`, { role }, headers);

  beforeAll(async () => {
    pair = await pairOf("ES256", "k1");
    const claims = { scopes: "scope", roles: "app.roles" };
    // Of a key that may not do everything, so that the roles can be held against what it may.
    const maker = await makeKey("registrar-of-roles", ["admin:issuers", "streams:read", "views:read"]);
    const issuer = { issuer: ISSUER, audience: "roles", jwks: { keys: [pair.jwk] }, algorithms: ["ES256"], claims, memberships: true };
    const made = await send("POST", "/v1/issuers", issuer, maker.as);
    expect([made.status, made.json()]).toMatchObject([201, { memberships: true, claims }]);
    await define("auditor", ["streams:read"]);
    await define("emperor", ["streams:read", "admin:keys"]);
  });

  test("has the scopes of the roles that a token names, and no more than who registered its issuer", async () => {
    expect(await may(await as("eve"))).toBe(403);
    expect(await may(await as("eve", { app: { roles: ["auditor"] } }))).toBe(200);
    expect(await may(await as("eve", { app: { roles: "auditor other" } }))).toBe(200);
    const grand = await as("eve", { app: { roles: ["emperor", "no such role", 7, "../x"] } });
    expect([await may(grand), await may(grand, "/v1/keys")]).toEqual([200, 403]);
    // Roles come by their claim alone.
    expect(await may(await as("eve", { roles: ["auditor"] }))).toBe(403);
  });

  test("has those of the roles that the platform domain gives him, while it does", async () => {
    const ann = await as("ann");
    expect(await may(await as("bob"))).toBe(403);
    expect((await assign("default:bob", "auditor")).status).toBe(200);
    // Of another tenant's membership he has nothing here.
    expect((await assign("elsewhere:ann", "auditor")).status).toBe(200);
    expect(await may(ann)).toBe(403);
    expect((await assign("default:carl", "auditor")).status).toBe(200);
    expect(await may(await as("carl"))).toBe(200);
    expect(await may(await as("carl", { sub: "dora" }))).toBe(403);
    expect((await assign("default:carl", "auditor", {}, "RemoveRole")).status).toBe(200);
    const carl = await as("carl");
    // An isolate believes for five seconds what it has read.
    await eventually(
      "a role that was taken away lets nothing",
      () => may(carl),
      (status) => status === 403,
    );
  });

  test("has his live connections ended when the role that let them is taken away", async () => {
    await append("note-roles", [{ type: "notes.NoteAdded", data: { n: 0 } }]);
    expect((await assign("default:gil", "auditor")).status).toBe(200);
    const live = await listen("/v1/streams/note-roles/live", await as("gil"));
    expect((await assign("default:gil", "auditor", {}, "RemoveRole")).status).toBe(200);
    await live.end();
  });

  test("is given no role by somebody who may less", async () => {
    const clerk = await makeKey("clerk", ["commands:membership", "streams:read"]);
    expect((await assign("default:fay", "auditor", clerk.as)).status).toBe(200);
    expect(expectProblem(await assign("default:fay", "emperor", clerk.as), 403, "missing_scope")).toMatchObject({ missingScope: "admin:keys" });
    // What lets nothing is given by anybody who may send the command.
    expect((await assign("default:fay", "singer", clerk.as)).status).toBe(200);
    expect((await assign("default:fay", "singer", clerk.as, "RemoveRole")).status).toBe(200);
  });
});
