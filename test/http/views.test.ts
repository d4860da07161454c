import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, append, everything, expectProblem, get, newerThan, ok, type Page, send } from "../support/http.ts";
import { command, decided, each, type Fields, rowAfter, rowsOf, upTo } from "./commands.ts";

const shop = { "tenant-id": "views-shop" };
const read = (path: string, headers: Record<string, string> = {}): Promise<Answer> => get(`/v1/views/${path}`, { ...shop, ...headers });
const skus = async (query: string): Promise<readonly unknown[]> => (await rowsOf(`stock?${query}`, shop)).map(({ sku }) => sku);

// Ten skus: `s01` has 1 piece, `s10` has 10; the even ones have a threshold of 4.
beforeAll(async () => {
  for (const n of upTo(10)) {
    const sku = `s${String(n).padStart(2, "0")}`;
    const threshold = n % 2 === 0 ? [["SetLowStockThreshold", { threshold: 4 }] as const] : [];
    await rowAfter(`stock/${sku}`, await each(`inventory/${sku}`, [["Receive", { quantity: n }], ...threshold], shop), shop);
  }
});

describe("a view's rows", () => {
  test("are a page in the order of their keys, and one of them is found by its key", async () => {
    const page = ok<Page<Fields>>(await read("stock"));
    expect(page.next).toBeNull();
    expect(page.items.map(({ sku }) => sku)).toEqual(upTo(10).map((n) => `s${String(n).padStart(2, "0")}`));
    expect(page.items[3]).toEqual({ sku: "s04", available: 4, reserved: 0, threshold: 4, low: true });
    expect(ok(await read("stock/s04"))).toEqual(page.items[3]);
  });

  test("are filtered by any column: text, number, boolean, and all of them at once", async () => {
    expect(await skus("sku=s03")).toEqual(["s03"]);
    expect(await skus("available=7")).toEqual(["s07"]);
    expect(await skus("available=7.0")).toEqual(["s07"]);
    expect(await skus("low=true")).toEqual(["s02", "s04"]);
    expect(await skus("low=false&threshold=4")).toEqual(["s06", "s08", "s10"]);
    expect(await skus("low=true&available=2")).toEqual(["s02"]);
    expect(await skus("low=true&available=9")).toEqual([]);
    expect(await skus("reserved=-1")).toEqual([]);
    for (const nasty of ["' OR 1=1 --", "s0%", "S03", ""]) expect(await skus(`sku=${encodeURIComponent(nasty)}`)).toEqual([]);
  });

  test("are sorted both ways, those of one value by their keys", async () => {
    expect((await skus("sort=-available")).slice(0, 3)).toEqual(["s10", "s09", "s08"]);
    expect((await skus("sort=available")).slice(0, 3)).toEqual(["s01", "s02", "s03"]);
    expect(await skus("sort=-low&threshold=4")).toEqual(["s02", "s04", "s06", "s08", "s10"]);
    expect(await skus("sort=low&threshold=4")).toEqual(["s06", "s08", "s10", "s02", "s04"]);
    expect(await skus("sort=-sku&limit=2")).toEqual(["s10", "s09"]);
  });

  test("are refused with 422 and the path where a filter, a sort or a limit is none", async () => {
    for (const query of [
      "available=many",
      "available=1e999",
      "low=yes",
      "low=1",
      "sort=colour",
      "sort=--sku",
      "sort=",
      "limit=0",
      "limit=1001",
      "q=cup&limit=x",
    ])
      expect(expectProblem(await read(`stock?${query}`), 422, "invalid_input").errors?.map(({ path }) => path)).toEqual([
        query.replace("q=cup&", "").split("=")[0],
      ]);
  });

  test("are those of the tenant that asks", async () => {
    expect(await rowsOf("stock", { "tenant-id": "views-empty" })).toEqual([]);
    expectProblem(await get("/v1/views/stock/s04", { "tenant-id": "views-empty" }), 404);
  });

  test("are not there under an unknown key or in an unknown view", async () => {
    for (const key of ["s11", "S04", "s0", "%00", "s04%2Fx", "%27"]) expectProblem(await read(`stock/${key}`), 404, "not_found");
    for (const path of ["stocks", "event_types/x", "constructor", "order-summary"]) expectProblem(await read(path), 404, "not_found");
    expectProblem(await read(`stock/${"x".repeat(501)}`), 422);
  });

  test("of any name that an aggregate may have are found", async () => {
    const names = { "tenant-id": "views-names" };
    for (const id of ["__proto__", "constructor", "a:b~c.d", "...", "limit"]) {
      const write = await command(`inventory/${id}/Receive`, { quantity: 1 }, names);
      expect(await rowAfter(`stock/${encodeURIComponent(id)}`, write, names)).toMatchObject({ sku: id, available: 1 });
    }
  });
});

describe("how new a view is", () => {
  // Of orders a saga takes care, which moves them by itself; stock stays as it is.
  const receive = (id: string): Promise<Answer> => command(`inventory/${id}/Receive`, { quantity: 1 });
  const reserve = (id: string): Promise<Answer> => command(`inventory/${id}/Reserve`, { orderId: "o1", quantity: 1 });

  test("is at least what a token says, in the header or in the query, at once after the write", async () => {
    for (const n of upTo(10)) {
      const write = await receive(`token.${n}`);
      const token = newerThan(write);
      const way = n % 2 === 0 ? await get(`/v1/views/stock/token.${n}`, token) : await get(`/v1/views/stock/token.${n}?token=${token["consistency-token"]}`);
      expect(ok(way)).toMatchObject({ sku: `token.${n}`, available: 1 });
    }
    const reserved = newerThan(await reserve("token.1"));
    expect(ok<Page<Fields>>(await get("/v1/views/stock?sku=token.1", reserved)).items).toMatchObject([{ available: 0, reserved: 1 }]);
  });

  test("is at least what tokens of an append, of several CloudEvents and of a decision of nothing say", async () => {
    const write = await append("inventory-raw", [{ type: "commerce.StockReceived", data: { quantity: 3 } }]);
    expect(await rowAfter("stock/raw", write)).toMatchObject({ available: 3, reserved: 0 });
    expect(await rowAfter("stock/raw", await reserve("raw"))).toMatchObject({ available: 2, reserved: 1 });
    const nothing = await reserve("raw");
    expect(await rowAfter("stock/raw", nothing)).toMatchObject({ available: 2, reserved: 1 });
  });

  test("is at least what the token of a decision says that came to nothing where there is nothing yet", async () => {
    for (const headers of [{}, { "tenant-id": "views-nothing" }]) {
      const nothing = await command("inventory/never-seen/Release", { orderId: "o1" }, headers);
      expect(ok(nothing)).toMatchObject({ version: 0, events: [] });
      expect([nothing.headers.get("etag"), nothing.headers.get("consistency-token")]).toEqual(['"0"', expect.stringMatching(/./)]);
      for (const path of ["/v1/views/stock", "/v1/events", "/v1/streams"]) ok(await get(path, { ...headers, ...newerThan(nothing) }));
      expectProblem(await get("/v1/views/stock/never-seen", { ...headers, ...newerThan(nothing) }), 404);
      // It is as good once there is something.
      const write = await command("inventory/never-seen/Receive", { quantity: 1 }, { ...headers, "if-match": nothing.headers.get("etag") ?? "" });
      expect(await rowAfter("stock/never-seen", write, headers)).toMatchObject({ available: 1 });
      ok(await get("/v1/views/stock/never-seen", { ...headers, ...newerThan(nothing) }));
    }
  });

  test("is in X-View-Position: the log's, and it never falls behind a token", async () => {
    const write = await receive("position");
    const answer = await get("/v1/views/stock/position", newerThan(write));
    const logged = await everything("/v1/events?stream=inventory-position");
    expect(Number(answer.headers.get("x-view-position"))).toBeGreaterThanOrEqual(logged[0]?.position as number);
    const head = Number(answer.headers.get("x-view-position"));
    const { position } = ok<{ position: number }>(await get("/v1/projections/stock"));
    expect(position).toBeGreaterThanOrEqual(head);
  });

  test("is 422 where nobody gave such a token, and never later than its Prefer", async () => {
    await receive("prefer");
    for (const token of ["", "x", "inventory-prefer@2", "inventory-prefer", "inventory-nobody@1", "inventory-prefer@1+x"])
      expectProblem(await get("/v1/views/stock", { "consistency-token": token }), 422, "invalid_token");
    for (const prefer of ["wait=0", "wait=1, handling=lenient", "nonsense"]) {
      const answer = await get("/v1/views/stock/prefer", { "consistency-token": "inventory-prefer@1", prefer });
      if (answer.status === 503) expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
      else expect(ok(answer)).toMatchObject({ available: 1 });
    }
  });

  test("is told by its ETag: 304 until the log has moved, for a page and for a row", async () => {
    const tenant = { "tenant-id": "views-etag" };
    await get("/v1/views/stock/cup", newerThanIn(await command("inventory/cup/Receive", { quantity: 1 }, tenant), tenant));
    for (const path of ["/v1/views/stock", "/v1/views/stock?low=false&sort=-available", "/v1/views/stock/cup"]) {
      const first = await get(path, tenant);
      const etag = first.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[^"]+"$/);
      const same = await get(path, { ...tenant, "if-none-match": etag });
      expect([same.status, same.text, same.headers.get("etag"), same.headers.get("x-view-position")]).toEqual([
        304,
        "",
        etag,
        first.headers.get("x-view-position"),
      ]);
      const head = await send("HEAD", path, undefined, tenant);
      expect([head.status, head.headers.get("etag")]).toEqual([200, etag]);
      const write = await command("inventory/cup/Receive", { quantity: 1 }, tenant);
      const moved = await get(path, { ...newerThanIn(write, tenant), "if-none-match": etag });
      expect([moved.status, moved.headers.get("etag") === etag]).toEqual([200, false]);
    }
    // Without anything there is a tag as well, and it is another one once there is something.
    const none = await get("/v1/views/stock", { "tenant-id": "views-none" });
    expect(none.json()).toEqual({ items: [], next: null });
    expect((await get("/v1/views/stock", { "tenant-id": "views-none", "if-none-match": none.headers.get("etag") ?? "" })).status).toBe(304);
  });

  test("of a row that is gone is 404, whatever its ETag was", async () => {
    await decided("membership/shop:ann/AssignRole", { role: "clerk" });
    const there = await get("/v1/views/memberships/shop:ann", newerThan(await command("membership/shop:ann/AssignRole", { role: "buyer" })));
    expect(there.json()).toMatchObject({ roles: ["clerk", "buyer"] });
    const write = await each("membership/shop:ann", [
      ["RemoveRole", { role: "clerk" }],
      ["RemoveRole", { role: "buyer" }],
    ]);
    expectProblem(await get("/v1/views/memberships/shop:ann", { ...newerThan(write), "if-none-match": there.headers.get("etag") ?? "" }), 404);
    expect(await rowsOf("memberships?tenantId=shop")).toEqual([]);
  });
});

const newerThanIn = (write: Answer, tenant: Record<string, string>): Record<string, string> => ({ ...tenant, ...newerThan(write) });
