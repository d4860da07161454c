import { beforeAll, describe, expect, test } from "vitest";
import { append, everything, get, newerThan, ok, type Page, send, type StoredEvent } from "../support/http.ts";

const tenant = { "tenant-id": "filtering" };
const types = [
  "commerce",
  "commerce.Paid",
  "commerce.cart.Added",
  "commerce.cart.item.Added",
  "commercial.Paid",
  "Commerce.Paid",
  "subtitle",
  "subtitle.Made",
  "a_b.C",
  "axb.C",
  "a%.C",
  "paid",
];

const typesOf = async (query: string): Promise<string[]> => (await everything(`/v1/events?${query}`, tenant)).map(({ type }) => type);
const matching = (...found: string[]): string[] => types.filter((type) => found.includes(type));

beforeAll(async () => {
  const write = await append(
    "type-1",
    types.map((type) => ({ type, data: 0 })),
    tenant,
  );
  await get("/v1/events?limit=1", { ...tenant, ...newerThan(write) });
});

describe("type", () => {
  const patterns: readonly [string, readonly string[]][] = [
    ["commerce.Paid", ["commerce.Paid"]],
    ["commerce", ["commerce"]],
    ["commerce.*", ["commerce.Paid"]],
    ["commerce.*.*", ["commerce.cart.Added"]],
    ["commerce.#", ["commerce", "commerce.Paid", "commerce.cart.Added", "commerce.cart.item.Added"]],
    ["subtitle.#", ["subtitle", "subtitle.Made"]],
    ["#", types],
    ["*", ["commerce", "subtitle", "paid"]],
    ["*.Paid", ["commerce.Paid", "commercial.Paid", "Commerce.Paid"]],
    ["#.Added", ["commerce.cart.Added", "commerce.cart.item.Added"]],
    ["commerce.#.Added", ["commerce.cart.Added", "commerce.cart.item.Added"]],
    ["commerce.*.Added", ["commerce.cart.Added"]],
    ["*.cart.#", ["commerce.cart.Added", "commerce.cart.item.Added"]],
    ["#.cart.#", ["commerce.cart.Added", "commerce.cart.item.Added"]],
    ["commerce.#.#", ["commerce", "commerce.Paid", "commerce.cart.Added", "commerce.cart.item.Added"]],
    ["commerce.*.#", ["commerce.Paid", "commerce.cart.Added", "commerce.cart.item.Added"]],
    ["commerce.#.*", ["commerce.Paid", "commerce.cart.Added", "commerce.cart.item.Added"]],
    ["a_b.*", ["a_b.C"]],
    ["a%.*", ["a%.C"]],
    ["com.*", []],
    ["commerce.cart", []],
    ["COMMERCE.*", []],
    ["nothing.#", []],
  ];
  test.each(patterns)("%s finds %j", async (pattern, found) => {
    expect(await typesOf(`type=${encodeURIComponent(pattern)}`)).toEqual(matching(...found));
  });

  test("finds the same in pages", async () => {
    for (const limit of [1, 2, 3]) expect(await typesOf(`type=%23.Added&limit=${limit}`)).toEqual(matching("commerce.cart.Added", "commerce.cart.item.Added"));
  });
});

describe("category and stream", () => {
  const place = { "tenant-id": "placing" };
  const streamsOf = async (query: string): Promise<string[]> => (await everything(`/v1/events?${query}`, place)).map(({ stream }) => stream);

  beforeAll(async () => {
    for (const stream of ["guest-1", "guest-10", "guest-A", "guest-a", "guest_group-1", "guests-1", "guest-1-2"]) {
      await get("/v1/events", { ...place, ...newerThan(await append(stream, [{ type: "x.Y", data: stream }], place)) });
    }
  });

  test("category takes the whole category and no other", async () => {
    expect(await streamsOf("category=guest")).toEqual(["guest-1", "guest-10", "guest-A", "guest-a", "guest-1-2"]);
    expect(await streamsOf("category=guest_group")).toEqual(["guest_group-1"]);
    expect(await streamsOf("category=gues")).toEqual([]);
    expect(await streamsOf("category=nothing")).toEqual([]);
  });

  test.each(["guest-1", "guest-10", "guest-A", "guest-a", "guest-1-2"])("stream=%s takes that one, to the letter", async (stream) => {
    expect(await streamsOf(`stream=${stream}`)).toEqual([stream]);
  });

  test("a stream that does not exist has no events", async () => {
    expect(await streamsOf("stream=guest-99")).toEqual([]);
  });
});

describe("correlationId", () => {
  test("finds the events of one request and of one named in metadata, over streams", async () => {
    const flow = { ...tenant, "x-correlation-id": "flow:1" };
    const writes = [
      await append("flow-a", [{ type: "flow.A", data: 1 }], flow),
      await append("flow-b", [{ type: "flow.B", data: 1 }], { ...tenant, "x-correlation-id": "flow:2" }),
      await append("flow-c", [{ type: "flow.C", data: 1, metadata: { correlationId: "flow:1" } }], tenant),
    ];
    for (const write of writes) await get("/v1/events?limit=1", { ...tenant, ...newerThan(write) });
    expect((await typesOf("correlationId=flow:1")).sort()).toEqual(["flow.A", "flow.C"]);
    expect(await typesOf("correlationId=flow%3A2")).toEqual(["flow.B"]);
    expect(await typesOf("correlationId=flow")).toEqual([]);
  });
});

describe("since and until", () => {
  const watch = { "tenant-id": "watching" };
  const ids = async (query: string): Promise<string[]> => (await everything(`/v1/events?${query}`, watch)).map(({ id }) => id);

  /** Three events of other times as their producer tells it, at least 4 ms apart as the platform records them. */
  async function threeMoments(): Promise<readonly [StoredEvent, StoredEvent, StoredEvent]> {
    const found: StoredEvent[] = [];
    for (let n = 0; found.length < 3; n++) {
      const id = `m-${n}`;
      const write = await append("moment-1", [{ type: "moment.Was", data: n, id, time: `19${80 - n}-01-01T00:00:00Z` }], watch);
      const event = ok<StoredEvent>(await get(`/v1/events/${id}`, { ...watch, ...newerThan(write) }));
      if (Date.parse(event.recorded) >= Date.parse(found.at(-1)?.recorded ?? "1970-01-01T00:00:00Z") + 4) found.push(event);
    }
    return found as unknown as readonly [StoredEvent, StoredEvent, StoredEvent];
  }
  const shifted = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();

  test("cut the log by when its events were recorded", async () => {
    const [first, second, third] = await threeMoments();
    const afterSecond = shifted(second.recorded, 1);
    expect(await ids(`since=${afterSecond}`)).not.toContain(second.id);
    expect((await ids(`since=${afterSecond}`)).at(-1)).toBe(third.id);
    expect(await ids(`until=${afterSecond}`)).toEqual(expect.arrayContaining([first.id, second.id]));
    expect(await ids(`until=${afterSecond}`)).not.toContain(third.id);
    const middle = await ids(`since=${shifted(first.recorded, 1)}&until=${afterSecond}`);
    expect(middle).toContain(second.id);
    expect(middle).not.toContain(first.id);
    expect(middle).not.toContain(third.id);
    expect(await ids(`since=${second.recorded}`)).toContain(second.id);
    expect(await ids(`since=${shifted(third.recorded, 1000)}`)).toEqual([]);
    expect(await ids(`until=${shifted(first.recorded, -1000)}`)).toEqual([]);
    expect(await ids("since=1970-01-01T00:00:00Z&until=2999-01-01T00:00:00Z")).toEqual(await ids(""));
  });
});

test("filters narrow each other", async () => {
  const both = { "tenant-id": "narrowing", "x-correlation-id": "n-1" };
  await append(
    "north-1",
    [
      { type: "wind.Blew", data: 1 },
      { type: "rain.Fell", data: 2 },
    ],
    both,
  );
  const writes = [
    await append("north-2", [{ type: "wind.Blew", data: 3 }], { ...both, "x-correlation-id": "n-2" }),
    await append("south-1", [{ type: "wind.Blew", data: 4 }], both),
  ];
  for (const write of [await append("north-1", [{ type: "wind.Blew", data: 5 }], both), ...writes]) await get("/v1/events", { ...both, ...newerThan(write) });
  const datas = async (query: string): Promise<unknown[]> => (await everything(`/v1/events?${query}`, both)).map(({ data }) => data).sort();
  expect(await datas("type=wind.*&category=north")).toEqual([1, 3, 5]);
  expect(await datas("type=wind.*&category=north&correlationId=n-1")).toEqual([1, 5]);
  expect(await datas("stream=north-1&type=rain.*")).toEqual([2]);
  expect(await datas("stream=north-1&category=south")).toEqual([]);
  expect(await datas("type=wind.*&stream=north-1&limit=1")).toEqual([1, 5]);
});

describe("the platform's own events", () => {
  const shop = { "tenant-id": "own-events" };
  const listed = async (query: string): Promise<string[]> => (await everything(`/v1/events${query}`, shop)).map(({ stream }) => stream);

  beforeAll(async () => {
    const write = await append("note-1", [{ type: "notes.NoteAdded", data: 1, id: "mine" }], { ...shop, "x-correlation-id": "own" });
    const source = await send("PUT", "/v1/sources/shop", { scheme: "github", secret: "a secret of some length" }, { ...shop, "x-correlation-id": "own" });
    for (const answer of [write, source]) await get("/v1/events", { ...shop, ...newerThan(answer) });
  });

  test("are hidden in the log, whatever else is filtered", async () => {
    for (const query of ["", "?correlationId=own", "?since=1970-01-01T00:00:00Z", "?after=0&limit=1"]) expect(await listed(query)).toEqual(["note-1"]);
  });

  test("are given where their category or their type is named", async () => {
    const named = await everything("/v1/events?category=rivulet_source", shop);
    expect(named.map(({ stream }) => stream)).toEqual(["rivulet_source-shop"]);
    const { type } = named[0] as StoredEvent;
    expect(await listed(`?type=${type}`)).toEqual(["rivulet_source-shop"]);
  });

  test("take positions all the same", async () => {
    const page = ok<Page & { position: number }>(await get("/v1/events", shop));
    const named = await everything("/v1/events?category=rivulet_source", shop);
    expect([page.items[0]?.position, named[0]?.position].sort()).toEqual([1, 2]);
    expect(page.position).toBe(2);
  });
});

describe("after", () => {
  test("beyond the head the answer says where the log is, so that going on there skips nothing of a log that was restored", async () => {
    const as = { "tenant-id": "restored-log" };
    const write = await append("flow-1", [{ type: "flow.A", data: 1 }], as);
    await get("/v1/events?limit=1", { ...as, ...newerThan(write) });
    const page = async (query: string) => ok<{ items: readonly unknown[]; position: number; next: string | null }>(await get(`/v1/events?${query}`, as));
    expect(await page("after=99999")).toEqual({ items: [], position: 1, next: null });
    expect(await page("after=1")).toEqual({ items: [], position: 1, next: null });
    expect(await page("after=0")).toMatchObject({ position: 1, next: null });
  });
});
