import { describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { listen } from "./listen.ts";

const note = { type: "notes.NoteAdded", data: { n: 1 } };

describe("a tenant", () => {
  test("is made once, shown and listed", async () => {
    const made = await send("POST", "/v1/tenants", { id: "made", name: "Made" });
    expect([made.status, made.headers.get("location")]).toEqual([201, "/v1/tenants/made"]);
    const { createdAt: _, ...shown } = made.json<{ createdAt: string }>();
    expect(shown).toEqual({ id: "made", name: "Made", status: "active" });
    expectProblem(await send("POST", "/v1/tenants", { id: "made", name: "Again" }), 409, "tenant_exists");
    expect((await get("/v1/tenants/made")).json()).toEqual(made.json());
    expect(await everything("/v1/tenants", newerThan(made))).toContainEqual(made.json());
    for (const id of ["made-not", "No", "default"]) expectProblem(await get(`/v1/tenants/${id}`), 404);
    expectProblem(await send("POST", "/v1/tenants", { id: "No", name: "x" }), 422);
    expectProblem(await send("POST", "/v1/tenants", { id: "default", name: "x" }), 409, "tenant_exists");
  });

  test("is made once for an Idempotency-Key", async () => {
    const keyed = { "idempotency-key": "a-tenant" };
    const first = await send("POST", "/v1/tenants", { id: "keyed", name: "Keyed" }, keyed);
    const second = await send("POST", "/v1/tenants", { id: "keyed", name: "Keyed" }, keyed);
    expect([second.status, second.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
    expect(second.json()).toEqual(first.json());
  });

  test("is a matter of the admin key of default alone", async () => {
    const strong = await makeKey("all-scopes", ["*:*"]);
    const calls: readonly [string, string, object?][] = [
      ["POST", "/v1/tenants", { id: "stolen", name: "x" }],
      ["GET", "/v1/tenants"],
      ["GET", "/v1/tenants/made"],
      ["POST", "/v1/tenants/made/suspend"],
      ["POST", "/v1/tenants/made/resume"],
      ["POST", "/v1/reconcile", { objects: ["0".repeat(64)] }],
    ];
    for (const [method, path, body] of calls)
      for (const headers of [strong.as, { "tenant-id": "made" }, { ...strong.as, "tenant-id": "default" }])
        expectProblem(await send(method, path, body, headers), 403, "forbidden");
  });

  test("that is suspended has its keys refused with 403, what they had open closed, and its webhooks turned away; resumed, it goes on", async () => {
    await send("POST", "/v1/tenants", { id: "paused", name: "Paused" });
    const red = { "tenant-id": "paused" };
    const { as } = await makeKey("paused", ["*:*"], {}, red);
    await send("PUT", "/v1/sources/bare", { scheme: "none", stream: "bare-1" }, as);
    await append("held-1", [note], as);
    const live = await listen("/v1/streams/held-1/live?from=1", as);
    await live.hear(1);
    const body = { reason: "An invoice is open" };
    expect((await send("POST", "/v1/tenants/paused/suspend", body)).json()).toMatchObject({ status: "suspended", ...body });
    await live.end();
    for (const answer of [await get("/v1/streams", as), await append("held-1", [note], as), await send("POST", "/v1/webhooks/paused/bare", { a: 1 }, as)])
      expectProblem(answer, 403, "tenant_suspended");
    expectProblem(await get("/v1/streams", { authorization: `${as.authorization.slice(0, -4)}AAAA` }), 401);
    // Whoever runs the platform still gets at it.
    expect((await get("/v1/streams/held-1", red)).status).toBe(200);
    expect((await send("POST", "/v1/tenants/paused/resume")).json()).toMatchObject({ status: "active" });
    expect((await append("held-1", [note], as)).status).toBe(201);
    expect((await send("POST", "/v1/webhooks/paused/bare", { a: 1 }, as)).status).toBe(202);
    for (const verb of ["suspend", "resume"]) expectProblem(await send("POST", `/v1/tenants/nobody/${verb}`), 404);
    expectProblem(await send("POST", "/v1/tenants/default/suspend"), 409);
  });
});
