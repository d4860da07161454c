import { describe, expect, test } from "vitest";
import { append, type Appended, eventsOf, expectProblem, get, newerThan, ok, type StoredEvent } from "../support/http.ts";

const sold = (id: string, data: unknown, more: object = {}): object => ({ type: "shop.Sold", id, data, ...more });
const byId = async (id: string, rest: string, headers: Record<string, string>): Promise<StoredEvent> =>
  ok<StoredEvent>(await get(`/v1/events/${encodeURIComponent(id)}${rest}`, headers));

describe("GET /v1/events/{id}", () => {
  test("gives the event as its stream has it, with its position", async () => {
    const write = await append("shop-one", [{ type: "shop.Sold", data: { price: 1 } }]);
    const { id } = ok<Appended>(write).events[0] as { id: string };
    const { position, ...event } = await byId(id, "", newerThan(write));
    expect(event).toEqual((await eventsOf("shop-one"))[0]);
    expect(position).toBeGreaterThan(0);
  });

  test.each(["a/b", "a b", "ä€😀", "100%", "%2F", "a?b=c#d", "a+b", "...", "https://x.example/1?q=2", "'; --"])(
    "finds the id %s, percent-encoded",
    async (id) => {
      const write = await append(`shop-${crypto.randomUUID()}`, [sold(id, id)]);
      expect(await byId(id, "", newerThan(write))).toMatchObject({ id, data: id });
    },
  );

  test("gives the newest where several streams have the id", async () => {
    for (const n of [1, 2, 3]) {
      const write = await append(`shop-newest${n}`, [sold("s-newest", n)]);
      expect((await byId("s-newest", "", newerThan(write))).data).toBe(n);
    }
  });

  test("is narrowed by its source", async () => {
    const write = await append("shop-sources", [sold("s-1", "a", { source: "/a" }), sold("s-1", "b", { source: "/b?x=1&y" }), sold("s-1", "v1")]);
    const token = newerThan(write);
    expect((await byId("s-1", "?source=/a", token)).data).toBe("a");
    expect((await byId("s-1", `?source=${encodeURIComponent("/b?x=1&y")}`, token)).data).toBe("b");
    expect((await byId("s-1", "?source=/v1", token)).data).toBe("v1");
    expect((await byId("s-1", "", token)).data).toBe("v1");
    expectProblem(await get("/v1/events/s-1?source=/c", token), 404);
  });

  test("is 404 for an id that nobody used, and for another case of one that is", async () => {
    const write = await append("shop-case", [sold("Case", 1)]);
    expectProblem(await get("/v1/events/case", newerThan(write)), 404);
    expectProblem(await get("/v1/events/00000000-0000-7000-8000-000000000000", newerThan(write)), 404);
  });
});
