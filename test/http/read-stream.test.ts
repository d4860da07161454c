import { beforeAll, describe, expect, test } from "vitest";
import { append, eventsOf, everything, expectProblem, get, ok, type Page, pages, type StoredEvent } from "../support/http.ts";

const numbered = (n: number): object => ({ type: "log.Numbered", data: n });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
const versions = ({ items }: { items: readonly StoredEvent[] }): number[] => items.map(({ version }) => version);
const read = async (query: string): Promise<Page> => ok<Page>(await get(`/v1/streams/log-ten/events${query}`));

beforeAll(async () => {
  await append("log-ten", upTo(10).map(numbered));
  await append("log-long", upTo(250).map(numbered));
});

describe("reading a stream", () => {
  test("gives its name, its version and its events from the first on", async () => {
    const page = await read("");
    expect(page).toMatchObject({ stream: "log-ten", version: 10, next: null });
    expect(versions(page)).toEqual(upTo(10));
    expect(page.items.map(({ data }) => data)).toEqual(upTo(10));
  });

  test("gives no positions, which are the log's", async () => {
    for (const event of (await read("")).items) expect(event).not.toHaveProperty("position");
  });

  test("begins with from and ends with to, both among them", async () => {
    expect(versions(await read("?from=4"))).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(versions(await read("?to=3"))).toEqual([1, 2, 3]);
    expect(versions(await read("?from=4&to=6"))).toEqual([4, 5, 6]);
    expect(versions(await read("?from=10&to=10"))).toEqual([10]);
    expect(versions(await read("?from=8&to=99"))).toEqual([8, 9, 10]);
  });

  test("gives nothing after the end, and says where the stream stands", async () => {
    expect(await read("?from=11")).toMatchObject({ version: 10, items: [], next: null });
  });

  test("goes backward from the last", async () => {
    expect(versions(await read("?direction=backward"))).toEqual(upTo(10).toReversed());
    expect(versions(await read("?direction=backward&limit=3"))).toEqual([10, 9, 8]);
    expect(versions(await read("?direction=forward"))).toEqual(upTo(10));
  });

  test("goes backward through the same range", async () => {
    expect(versions(await read("?direction=backward&from=4&to=6"))).toEqual([6, 5, 4]);
  });

  test("is 404 for a stream that does not exist", async () => {
    for (const rest of ["", "?from=5", "?direction=backward"]) expectProblem(await get(`/v1/streams/log-nowhere/events${rest}`), 404);
  });
});

describe("paging", () => {
  test.each(["", "direction=forward&", "direction=backward&", "from=3&to=9&", "from=3&to=9&direction=backward&"])(
    "with ?%slimit=… gives each event once, in order",
    async (query) => {
      const whole = versions(await read(`?${query}`));
      expect(whole.length).toBeGreaterThan(5);
      for (const limit of [1, 2, 3, 7, 10, 11]) {
        const all = await pages(`/v1/streams/log-ten/events?${query}limit=${limit}`);
        expect(all.flatMap(versions)).toEqual(whole);
        expect(Math.max(...all.map(({ items }) => items.length))).toBeLessThanOrEqual(limit);
      }
    },
  );

  test("gives 100 where no limit is named, and at most 1000", async () => {
    const page = ok<Page>(await get("/v1/streams/log-long/events"));
    expect(versions(page)).toEqual(upTo(100));
    expect(page.next).not.toBeNull();
    expect(versions(ok<Page>(await get("/v1/streams/log-long/events?limit=1000")))).toEqual(upTo(250));
    expect((await everything("/v1/streams/log-long/events")).map(({ version }) => version)).toEqual(upTo(250));
  });

  test("ends with next null where the last page is full", async () => {
    expect((await read("?limit=10")).next).toBeNull();
    expect((await read("?from=6&to=8&limit=3")).next).toBeNull();
  });

  test("goes on over what is appended meanwhile", async () => {
    await append("log-growing", upTo(4).map(numbered));
    const first = ok<Page>(await get("/v1/streams/log-growing/events?limit=3"));
    await append("log-growing", [numbered(5), numbered(6)]);
    const rest = await get(`/v1/streams/log-growing/events?limit=3&cursor=${encodeURIComponent(first.next as string)}`);
    expect([...versions(first), ...versions(ok<Page>(rest))]).toEqual(upTo(6));
  });

  test("backward is not disturbed by what is appended meanwhile", async () => {
    await append("log-back", upTo(4).map(numbered));
    const first = ok<Page>(await get("/v1/streams/log-back/events?limit=2&direction=backward"));
    await append("log-back", [numbered(5), numbered(6)]);
    const rest = await get(`/v1/streams/log-back/events?limit=2&direction=backward&cursor=${encodeURIComponent(first.next as string)}`);
    expect([...versions(first), ...versions(ok<Page>(rest))]).toEqual([4, 3, 2, 1]);
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=ten",
    "limit=1.5",
    "limit=",
    "from=-1",
    "from=x",
    "from=1.5",
    "to=-1",
    "to=x",
    "direction=sideways",
    "cursor=made-up",
  ])("refuses ?%s with 422 and the parameter's name", async (query) => {
    const problem = expectProblem(await get(`/v1/streams/log-ten/events?${query}`), 422);
    expect(problem.errors?.map(({ path }) => path).join(" ")).toContain(query.split("=")[0]);
  });
});

describe("the ETag of a read", () => {
  test("spares an answer that has not changed, with 304", async () => {
    await append("log-etag", [numbered(1)]);
    const first = await get("/v1/streams/log-etag/events");
    const etag = first.headers.get("etag") as string;
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(first.headers.get("vary")?.toLowerCase()).toContain("accept");
    for (const known of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
      const spared = await get("/v1/streams/log-etag/events", { "if-none-match": known });
      expect([spared.status, spared.text]).toEqual([304, ""]);
      expect(spared.headers.get("etag")).toBe(etag);
    }
  });

  test("changes with the stream", async () => {
    await append("log-changing", [numbered(1)]);
    const etag = (await get("/v1/streams/log-changing/events")).headers.get("etag") as string;
    await append("log-changing", [numbered(2)]);
    const second = await get("/v1/streams/log-changing/events", { "if-none-match": etag });
    expect(second.status).toBe(200);
    expect(second.headers.get("etag")).not.toBe(etag);
  });
});

test("an append is read at once, by everyone", async () => {
  for (const n of upTo(5)) {
    await append("log-fresh", [numbered(n)]);
    expect((await eventsOf("log-fresh")).map(({ data }) => data)).toEqual(upTo(n));
  }
});
