import { describe, expect, test } from "vitest";
import { type Answer, append, everything, expectProblem, get, newerThan, ok, type Page, send } from "../support/http.ts";
import { anOrder, command, type Fields, password, rowAfter, rowsOf, upTo } from "./commands.ts";
import { build, built, projection, type Projection } from "./projections.ts";

/** A tenant with stock, all of it in its views. Of orders a saga takes care, so that their log grows by itself. */
async function withStock(tenant: string, count = 5): Promise<{ "tenant-id": string }> {
  const headers = { "tenant-id": tenant };
  for (const n of upTo(count)) await rowAfter(`stock/o${n}`, await command(`inventory/o${n}/Receive`, { quantity: 1 }, headers), headers);
  return headers;
}

const one = { orderId: "o", quantity: 1 };

describe("the views of a tenant", () => {
  test("are listed by name with their versions, where they stand and what state they are in", async () => {
    const headers = await withStock("rebuild-list", 2);
    const all = await everything<Projection>("/v1/projections", headers);
    const names = all.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    const views = "login_attempts memberships order_summary sales_per_day sessions stock subtitle_jobs tenants usage user_summary video_batches video_jobs";
    expect(names).toEqual(expect.arrayContaining(views.split(" ")));
    for (const view of all) expect(view).toMatchObject({ version: expect.any(Number), position: expect.any(Number), lag: expect.any(Number) });
    expect(await projection("stock", headers)).toEqual({ name: "stock", version: 1, position: 2, lag: 0, state: "live" });
    expect(await everything<Projection>("/v1/projections?limit=2", headers)).toEqual(all);
  });

  test("are 404 under another name, whatever is asked of them", async () => {
    for (const name of ["orders", "order-summary", "constructor", "*", "stock%231"]) {
      expectProblem(await get(`/v1/projections/${name}`), 404, "not_found");
      for (const what of ["rebuild", "rebuild?compare=true", "rollback"]) expectProblem(await build(name, what), 404, "not_found");
    }
    expectProblem(await build("stock", "rebuild?compare=perhaps"), 422, "invalid_input");
    for (const what of ["rebuild", "rollback"]) expectProblem(await send("GET", `/v1/projections/stock/${what}`), 405);
  });
});

describe("a rebuild", () => {
  test("is 202 with where to look, and ends with the same rows at the same place", async () => {
    const headers = await withStock("rebuild-same");
    const before = await rowsOf("stock", headers);
    const answer = await build("stock", "rebuild", headers);
    expect([answer.status, answer.headers.get("location")]).toEqual([202, "/v1/projections/stock"]);
    const begun = answer.json<Projection>();
    expect(begun).toMatchObject({ name: "stock", position: 5, lag: 0 });
    if (begun.state !== "live") expect(begun).toMatchObject({ state: "rebuilding", progress: { purpose: "rebuild", target: 5 } });
    expect(await built("stock", headers)).toEqual({ name: "stock", version: 1, position: 5, lag: 0, state: "live" });
    expect(await rowsOf("stock", headers)).toEqual(before);
    expect(await rowAfter("stock/o1", await command("inventory/o1/Reserve", one, headers), headers)).toMatchObject({ reserved: 1 });
  });

  test("may be asked for again and again, also at the same moment, and of every view", async () => {
    const headers = await withStock("rebuild-often");
    const answers = await Promise.all(upTo(6).map(() => build("stock", "rebuild", headers)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(6).fill(202));
    const views = await everything<Projection>("/v1/projections", headers);
    for (const turn of upTo(2)) {
      for (const { name } of views) expect((await build(name, "rebuild", headers)).status, `${name} ${turn}`).toBe(202);
      for (const { name, version } of views) expect(await built(name, headers), name).toEqual({ name, version, position: 5, lag: 0, state: "live" });
    }
    expect(await rowsOf("stock", headers)).toHaveLength(5);
    expect(await rowsOf("stock_movements", headers)).toHaveLength(5);
  });

  test("of a view of a tenant that has no events yet ends as well, and the first event comes in", async () => {
    const headers = { "tenant-id": "rebuild-empty" };
    expect((await build("stock", "rebuild", headers)).status).toBe(202);
    expect(await built("stock", headers)).toEqual({ name: "stock", version: 1, position: 0, lag: 0, state: "live" });
    const write = await command("inventory/first/Receive", { quantity: 1 }, headers);
    expect(await rowAfter("stock/first", write, headers)).toMatchObject({ available: 1 });
    expect(await built("stock", headers)).toMatchObject({ state: "live", lag: 0 });
  });

  test("keeps the index that is searched", async () => {
    const headers = { "tenant-id": "rebuild-search" };
    const write = await command("user/ann/RegisterUser", { email: "ann@a.example", name: "Ann Lighthouse" }, headers);
    await rowAfter("user_summary/ann", write, headers);
    for (const what of ["rebuild", "rebuild", "rollback"]) {
      await build("user_summary", what, headers);
      await built("user_summary", headers);
      expect(await rowsOf("user_summary?q=lighthouse", headers)).toMatchObject([{ userId: "ann" }]);
    }
  });

  test("of one tenant leaves the rows of another alone", async () => {
    const [own, other] = [await withStock("rebuild-one", 2), await withStock("rebuild-other", 3)];
    const tag = (await get("/v1/views/stock", other)).headers.get("etag");
    await build("stock", "rebuild", own);
    await built("stock", own);
    expect((await get("/v1/views/stock", other)).headers.get("etag")).toBe(tag);
    expect([await rowsOf("stock", own), await rowsOf("stock", other)].map(({ length }) => length)).toEqual([2, 3]);
    expectProblem(await build("stock", "rollback", other), 409, "no_way_back");
  });

  // POST /v1/projections/{name}/rebuild writes, and takes no Idempotency-Key.
  test("under an Idempotency-Key is begun once, and given again", async () => {
    const headers = { ...(await withStock("rebuild-keyed", 1)), "idempotency-key": "rebuild" };
    const first = await build("stock", "rebuild", headers);
    await built("stock", { "tenant-id": "rebuild-keyed" });
    const again = await build("stock", "rebuild", headers);
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([202, first.text, "true"]);
  });
});

describe("a dry run", () => {
  test("reports that nothing differs, and switches nothing", async () => {
    const headers = await withStock("rebuild-compare");
    const tag = (await get("/v1/views/stock", headers)).headers.get("etag");
    const answer = await build("stock", "rebuild?compare=true", headers);
    expect([answer.status, answer.json<Projection>().state]).toEqual([202, "live"]);
    expect((await built("stock", headers)).comparison).toEqual({ position: 5, differing: 0, samples: [] });
    expect((await get("/v1/views/stock", headers)).headers.get("etag")).toBe(tag);
    expectProblem(await build("stock", "rollback", headers), 409, "no_way_back");
    // The report of another one takes its place.
    await rowAfter("stock/o1", await command("inventory/o1/Reserve", one, headers), headers);
    await build("stock", "rebuild?compare=true", headers);
    expect((await built("stock", headers)).comparison).toMatchObject({ position: 6, differing: 0 });
  });
});

describe("the way back", () => {
  test("is 409 where there is none", async () => {
    expectProblem(await build("stock", "rollback", await withStock("rebuild-none", 1)), 409, "no_way_back");
  });

  test("leads to the rows before, brought up to date", async () => {
    const headers = await withStock("rebuild-back");
    await build("stock", "rebuild", headers);
    await built("stock", headers);
    await rowAfter("stock/o1", await command("inventory/o1/Reserve", one, headers), headers);
    for (const way of ["back", "and forth"]) {
      expect((await build("stock", "rollback", headers)).status, way).toBe(202);
      expect(await built("stock", headers)).toEqual({ name: "stock", version: 1, position: 6, lag: 0, state: "live" });
      expect(await rowsOf("stock?reserved=1", headers)).toMatchObject([{ sku: "o1" }]);
      expect(await rowsOf("stock", headers)).toHaveLength(5);
    }
  });
});

describe("a purge", () => {
  const purged = async (tenant: string): Promise<{ "tenant-id": string }> => {
    const headers = { "tenant-id": tenant };
    for (const id of ["ann", "bob"])
      await rowAfter(`user_summary/${id}`, await command(`user/${id}/RegisterUser`, { email: `${id}@a.example`, name: id }, headers), headers);
    ok(await send("DELETE", "/v1/streams/user-ann?purge=true", undefined, headers));
    for (let turn = 0; turn < 200; turn++) {
      const { items } = ok<Page<Fields>>(await get("/v1/events?stream=user-ann&limit=1", headers));
      if (items[0]?.["purged"] === true) break;
      await scheduler.wait(50);
    }
    const write = await append("note-after", [{ type: "note.Taken", data: 1 }], headers);
    await get("/v1/views/user_summary", { ...headers, ...newerThan(write) });
    return headers;
  };

  // A view's handlers know no purge: src/views/row-view.ts, changed.
  test("empties the rows as well: nothing of the data is in a view, nor found by its search", async () => {
    const headers = await purged("rebuild-purge-rows");
    expect(await rowsOf("user_summary?q=ann", headers)).toEqual([]);
    expect(JSON.stringify(await rowsOf("user_summary", headers))).not.toContain("ann@a.example");
  });

  // Rows of other keys than the stream's id: those of one stream alone, and those that several make.
  test("takes a stream's rows and its part of shared rows away at once, and a rebuild gives the same", async () => {
    const headers = { "tenant-id": "rebuild-purge-keys" };
    const writes: Answer[] = [];
    for (const id of ["ann", "bob"]) {
      writes.push(await command(`account/${id}/Register`, { email: `${id}@a.example`, password }, headers));
      writes.push(await command(`account/${id}/LogIn`, { password, ip: `10.0.0.${id}` }, headers));
      writes.push(await command(`account/${id}/LogIn`, { password: "wrong", ip: `10.0.0.${id}` }, headers));
      writes.push(await command(`order/${id}/PlaceOrder`, anOrder, headers));
      writes.push(await command(`membership/shop:${id}/AssignRole`, { role: "clerk" }, headers));
    }
    for (const write of writes) ok(write);
    for (const stream of ["account-ann", "order-ann", "membership-shop:ann"]) ok(await send("DELETE", `/v1/streams/${stream}?purge=true`, undefined, headers));
    const after = await append("note-after", [{ type: "note.Taken", data: 1 }], headers);
    const expectBobs = async (): Promise<void> => {
      expect((await rowsOf("login_attempts?sort=outcome", headers)).map(({ userId, outcome }) => [userId, outcome])).toEqual([
        ["bob", "failed"],
        ["bob", "succeeded"],
      ]);
      expect(await rowsOf("sessions", headers)).toMatchObject([{ userId: "bob", active: true }]);
      expect(await rowsOf("sales_per_day", headers)).toMatchObject([{ orders: 1, totalCents: 1000 }]);
      // What was counted without its data stays counted.
      expect(await rowsOf("usage", headers)).toMatchObject([{ tenantId: "shop", commands: 2, events: 2, users: 2 }]);
      expect(await rowsOf("memberships", headers)).toMatchObject([{ userId: "bob" }]);
    };
    for (const view of ["login_attempts", "sessions", "sales_per_day", "usage", "memberships"])
      await get(`/v1/views/${view}`, { ...headers, ...newerThan(after) });
    await expectBobs();
    for (const view of ["login_attempts", "sessions", "sales_per_day", "usage", "memberships"]) {
      ok(await build(view, "rebuild", headers));
      expect(await built(view, headers)).toMatchObject({ state: "live" });
    }
    await expectBobs();
  });

  // The fold parses the data of purged events, which is an empty text: src/kernel/projection.ts, projectedEvent.
  test("does not fault a view that is rebuilt over it", async () => {
    const headers = await purged("rebuild-purge-fold");
    ok(await build("user_summary", "rebuild", headers));
    const { state, error, progress } = await built("user_summary", headers);
    expect({ state, error, progress }).toEqual({ state: "live" });
    expect(await rowsOf("user_summary", headers)).toMatchObject([{ userId: "bob" }]);
  });
});
