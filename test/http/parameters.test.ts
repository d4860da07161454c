import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { sendCloudEvents } from "../support/cloudevents.ts";
import { append, everything, expectProblem, get, newerThan, ok, type Page, send } from "../support/http.ts";

const { LOG_0: log } = env as unknown as { LOG_0: D1Database };

/** Every list there is. */
const lists = ["/v1/streams/param-1/events", "/v1/streams", "/v1/events", "/v1/event-types", "/v1/sources"];
const turned = (n: number): object => ({ type: `param.Turned${n % 7}`, data: n });
const at = (list: string, query: string): string => `${list}?${query}`;

beforeAll(async () => {
  const writes = [
    await append(
      "param-1",
      Array.from({ length: 1000 }, (_, n) => turned(n)),
    ),
    await append("param-1", [turned(1000)]),
  ];
  for (const name of ["a", "b"]) writes.push(await send("PUT", `/v1/sources/${name}`, { scheme: "none" }));
  for (const write of writes) await get("/v1/event-types", newerThan(write));
});

describe.each(lists)("limit of %s", (list) => {
  test.each(["0", "1001", "-1", "1.5", "1e2", "abc", "", "%20", "+1", "0x10", "٣", "99999999999999999999", "1;2", "null", "NaN", "1,2"])(
    "is 422 with its place where it is %j",
    async (limit) => {
      const { errors } = expectProblem(await get(at(list, `limit=${encodeURIComponent(decodeURIComponent(limit))}`)), 422, "invalid_input");
      expect(errors).toEqual([{ path: "limit", message: expect.stringContaining("from 1 to 1000") }]);
    },
  );

  test("is taken from 1 to 1000", async () => {
    expect(ok<Page>(await get(at(list, "limit=1"))).items).toHaveLength(1);
    expect(ok<Page>(await get(at(list, "limit=1000"))).items.length).toBeLessThanOrEqual(1000);
    expect(ok<Page>(await get(at(list, "limit=01"))).items).toHaveLength(1);
  });

  test("is 100 where it is left out, and next is null exactly at the end", async () => {
    const { items, next } = ok<Page>(await get(list));
    expect(items.length).toBe(Math.min(100, (await everything(list)).length));
    expect(next === null).toBe(items.length < 100);
  });

  test("counts as it stands first, where it stands twice", async () => {
    expect(ok<Page>(await get(at(list, "limit=1&limit=1000"))).items).toHaveLength(1);
    expectProblem(await get(at(list, "limit=abc&limit=1")), 422);
  });

  test("is not what another parameter is called: unknown ones are passed over", async () => {
    for (const query of ["unknown=1", "Limit=0", "limit[]=0", "limit%00=0", "__proto__=0", "constructor=0"]) {
      expect(ok<Page>(await get(at(list, query))).items, query).toEqual(ok<Page>(await get(list)).items);
    }
  });
});

test("a page of the log of more than 1000 is 1000, and the next has the rest", async () => {
  const first = ok<Page>(await get("/v1/events?limit=1000&stream=param-1"));
  expect([first.items.length, first.next === null]).toEqual([1000, false]);
  const rest = ok<Page>(await get(`/v1/events?limit=1000&stream=param-1&cursor=${encodeURIComponent(first.next as string)}`));
  expect([rest.items.length, rest.next]).toEqual([1, null]);
});

describe("a cursor", () => {
  test.each(lists)("of %s is 422 where nobody gave it", async (list) => {
    const forged = [
      "",
      "made-up",
      btoa('["log",{"after":1}]'),
      btoa('["streams",{"after":1}]'),
      btoa('["stream-forward",{"at":-1}]'),
      btoa("[]"),
      btoa("null"),
      "x".repeat(1001),
    ];
    for (const cursor of forged) {
      const { errors } = expectProblem(await get(at(list, `cursor=${encodeURIComponent(cursor)}`)), 422, "invalid_input");
      expect(errors?.map(({ path }) => path)).toEqual(["cursor"]);
    }
  });

  test("of one direction is no cursor of the other", async () => {
    const { next } = ok<Page>(await get("/v1/streams/param-1/events?limit=1"));
    expectProblem(await get(`/v1/streams/param-1/events?limit=1&direction=backward&cursor=${encodeURIComponent(next as string)}`), 422);
  });
});

describe("a range", () => {
  test("that ends before it begins has nothing in it", async () => {
    expect(ok<Page>(await get("/v1/streams/param-1/events?from=3&to=2"))).toMatchObject({ items: [], next: null, version: 1001 });
    expect(ok<Page>(await get("/v1/streams/param-1/events?from=3&to=2&direction=backward"))).toMatchObject({ items: [], next: null });
    expect(ok<Page>(await get("/v1/events?since=2030-01-01T00:00:00Z&until=2020-01-01T00:00:00Z"))).toMatchObject({ items: [], next: null });
  });

  test("that ends before it begins cannot be verified: 422", async () => {
    for (const query of ["from=3&to=2", "from=1002"])
      expect(expectProblem(await get(`/v1/streams/param-1/verify?${query}`), 422).errors).toMatchObject([{ path: "from" }]);
  });

  test.each(["from=0", "to=0", "from=9007199254740992", "to=99999999999999999", "from=+1", "from=0x1", "from=1e3"])("?%s is 422", async (query) => {
    const { errors } = expectProblem(await get(`/v1/streams/param-1/events?${query}`), 422);
    expect(errors?.map(({ path }) => path)).toEqual([query.slice(0, query.indexOf("="))]);
  });

  test("has what it names in it: from is inclusive, after exclusive", async () => {
    const versions = async (query: string): Promise<number[]> => ok<Page>(await get(`/v1/streams/param-1/events?${query}`)).items.map(({ version }) => version);
    expect(await versions("from=1000")).toEqual([1000, 1001]);
    expect(await versions("to=1")).toEqual([1]);
    const positions = async (after: number): Promise<(number | undefined)[]> =>
      ok<Page>(await get(`/v1/events?after=${after}&limit=2`)).items.map(({ position }) => position);
    expect(await positions(0)).toEqual([1, 2]);
    expect(await positions(1)).toEqual([2, 3]);
  });
});

describe("a time", () => {
  const recorded = async (): Promise<string> => ok<Page>(await get("/v1/events?limit=1")).items[0]?.recorded as string;
  /** The same moment, as a clock so many hours east tells it. */
  const eastern = (time: string, hours: number): string =>
    new Date(Date.parse(time) + hours * 3_600_000).toISOString().replace("Z", `${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`);

  test("with an offset is the moment it names", async () => {
    const first = await recorded();
    for (const hours of [0, 5, -8, 14]) {
      const time = encodeURIComponent(eastern(first, hours));
      expect(ok<Page>(await get(`/v1/events?limit=1&since=${time}`)).items[0]?.position).toBe(1);
      expect(ok<Page>(await get(`/v1/events?limit=1&until=${time}`)).items).toEqual([]);
    }
  });

  test("with digits beyond milliseconds, at the edges of the years, or with an unknown offset is taken", async () => {
    for (const time of ["2016-01-01T00:00:00.123456789Z", "0000-01-01T00:00:00Z", "0000-01-01T00:00:00+23:59", "2016-01-01T00:00:00-00:00"])
      expect(ok<Page>(await get(`/v1/events?limit=1&since=${encodeURIComponent(time)}`)).items).toHaveLength(1);
    expect(ok<Page>(await get(`/v1/events?limit=1&since=${encodeURIComponent("9999-12-31T23:59:59-23:59")}`)).items).toEqual([]);
  });

  const none = [
    "yesterday",
    "",
    "1700000000",
    "2026-11-20",
    "2026-11-20T10:00Z",
    "2026-11-20T10:00:00",
    "2026-11-20 10:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-20T24:00:00Z",
    "2026-11-20T10:00:00+24:00",
    "2026-11-20T10:00:61Z",
    "20261120T100000Z",
    "+002026-11-20T10:00:00Z",
    "2026-11-20T10:00:60Z",
    "2016-12-31T23:59:60+01:00",
  ];
  test.each(none)("that reads %j is 422 with its place", async (time) => {
    for (const name of ["since", "until"])
      expect(expectProblem(await get(`/v1/events?${name}=${encodeURIComponent(time)}`), 422).errors?.map(({ path }) => path)).toEqual([name]);
    if (time !== "") expectProblem(await append("param-time", [{ type: "param.Timed", data: 1, time }]), 422);
  });

  const unusual = ["2016-12-31T23:59:60Z", "2016-12-31T23:59:60.5Z", "1990-12-31T15:59:60-08:00", "2026-11-20t10:00:00z", "2026-11-20t12:00:00.123456+02:00"];
  test.each(unusual)("%s, of RFC 3339, is kept to the character", async (time) => {
    const stream = `param-${time.replaceAll(/\W/g, "_")}`;
    expect((await append(stream, [{ type: "param.Timed", data: 1, time }])).status).toBe(201);
    await sendCloudEvents(`/v1/streams/${stream}/events`, { specversion: "1.0", id: "t", source: "/s", type: "param.Timed", time });
    expect(ok<Page>(await get(`/v1/streams/${stream}/events`)).items.map((event) => event.time)).toEqual([time, time]);
    for (const name of ["since", "until"]) expect((await get(`/v1/events?limit=1&${name}=${encodeURIComponent(time)}`)).status).toBe(200);
  });

  test("of a leap second counts as the last millisecond before the next minute", async () => {
    const moments = { "leap-1": "2016-12-31T23:59:59.998Z", "leap-2": "2016-12-31T23:59:59.999Z", "leap-3": "2017-01-01T00:00:00.000Z" };
    const tenant = { "tenant-id": "leap" };
    for (const stream of Object.keys(moments)) await get("/v1/events?limit=1", { ...tenant, ...newerThan(await append(stream, [turned(1)], tenant)) });
    // Nobody can append in the past: the log is told that it was.
    for (const [stream, recorded] of Object.entries(moments))
      await log.prepare("UPDATE events SET recorded = ? WHERE tenant = 'leap' AND stream = ?").bind(recorded, stream).run();
    const streams = async (query: string): Promise<string[]> => ok<Page>(await get(`/v1/events?${query}`, tenant)).items.map(({ stream }) => stream);
    for (const time of ["2016-12-31T23:59:60Z", "2016-12-31t23:59:60.999z", "2017-01-01T05:29:60%2B05:30"]) {
      expect(await streams(`since=${time}`)).toEqual(["leap-2", "leap-3"]);
      expect(await streams(`until=${time}`)).toEqual(["leap-1"]);
    }
  });

  test("that the platform makes is UTC with milliseconds, everywhere", async () => {
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    const stream = ok<Record<string, string>>(await get("/v1/streams/param-1"));
    const [line] = ok<Page<Record<string, string>>>(await get("/v1/streams?prefix=param-1")).items;
    const [type] = ok<Page<Record<string, string>>>(await get("/v1/event-types?limit=1")).items;
    const [source] = ok<Page<Record<string, string>>>(await get("/v1/sources?limit=1")).items;
    const ticket = ok<Record<string, string>>(await send("POST", "/v1/tickets"));
    const times = [...[stream, line, source].flatMap((found) => [found?.["createdAt"], found?.["updatedAt"]]), type?.["firstSeen"], type?.["lastSeen"]];
    for (const time of [...times, ticket["expiresAt"], await recorded()]) expect(time).toMatch(form);
  });
});

test("the projections are a list like the others: limit and cursor count", async () => {
  for (const query of ["limit=0", "cursor=made-up"]) expect((await get(`/v1/projections?${query}`)).status).toBe(422);
});
