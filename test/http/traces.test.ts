import { beforeAll, describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, ok, send } from "../support/http.ts";
import { makeKey, type Made } from "../support/keys.ts";
import { hex, type ListedTrace, type ShownTrace } from "../support/traces.ts";
import { eventually } from "./eventually.ts";

const happened = { type: "traces.Happened", data: 1 };
let me: Made;

beforeAll(async () => {
  me = await makeKey("traced", ["*:*"], {}, { "tenant-id": "traces-a" });
  // That a key is used is noted at its first request, which is in that one's trace.
  await get("/v1/views/stock", me.as);
});

interface Asked {
  readonly path: string;
  readonly flags?: "00" | "01";
  readonly correlationId?: string;
}

/** Reads with a trace of its own; gives the trace's id and the flags that came back. */
async function read({ path, flags = "01", correlationId = "traces-any" }: Asked, as: Made = me): Promise<{ readonly traceId: string; readonly flags: string }> {
  const traceId = hex(32);
  const answer = await get(path, { ...as.as, traceparent: `00-${traceId}-${hex(16)}-${flags}`, "x-correlation-id": correlationId });
  return { traceId, flags: answer.headers.get("traceresponse")?.split("-")[3] ?? "" };
}

const listed = (query: string, as: Made = me): Promise<readonly ListedTrace[]> => everything<ListedTrace>(`/v1/traces${query}`, as.as);
const shown = async (traceId: string, as: Made = me): Promise<ShownTrace | undefined> => {
  const answer = await get(`/v1/traces/${traceId}`, as.as);
  return answer.status === 404 ? undefined : ok<ShownTrace>(answer);
};
const kept = async (traceId: string, as: Made = me): Promise<ShownTrace> =>
  (await eventually(
    "the trace",
    () => shown(traceId, as),
    (trace) => trace !== undefined,
  )) as ShownTrace;

describe("a trace", () => {
  test("of a view's row has its query, and what it was asked with stays out of it", async () => {
    const { traceId } = await read({ path: "/v1/views/stock?limit=3" });
    const { spans } = await kept(traceId);
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
      ["GET /v1/views/stock", "server"],
      ["authenticate", "internal"],
      ["query view stock", "client"],
    ]);
    expect(spans[0]?.attributes).toMatchObject({ "url.path": "/v1/views/stock", "http.route": "/v1/views/stock", "http.request.method": "GET" });
    expect(spans[2]?.attributes).toMatchObject({ "db.collection.name": "stock", "db.operation.name": "SELECT" });
    expect(JSON.stringify(spans)).not.toContain("limit=3");
  });

  test("that its caller does not record is not kept, and the answer says so", async () => {
    const unwanted = await read({ path: "/v1/views/stock", flags: "00" });
    const wanted = await read({ path: "/v1/views/stock" });
    expect([unwanted.flags, wanted.flags]).toEqual(["00", "01"]);
    await kept(wanted.traceId);
    expect(await shown(unwanted.traceId)).toBeUndefined();
  });

  test("that is not known is 404, and what is no id is 422", async () => {
    expectProblem(await get(`/v1/traces/${hex(32)}`, me.as), 404, "not_found");
    for (const id of ["x", "0", hex(32).toUpperCase(), `${hex(32)}0`]) expectProblem(await get(`/v1/traces/${id}`, me.as), 422);
  });

  test("is its tenant's alone, though another continues the same trace", async () => {
    const other = await makeKey("other", ["*:*"], {}, { "tenant-id": "traces-b" });
    const traceId = hex(32);
    const headers = { traceparent: `00-${traceId}-${hex(16)}-01` };
    await append("note-mine", [happened], { ...me.as, ...headers });
    await append("note-theirs", [happened], { ...other.as, ...headers });
    const [mine, theirs] = [JSON.stringify((await kept(traceId)).spans), JSON.stringify((await kept(traceId, other)).spans)];
    expect([mine.includes("note-mine"), mine.includes("note-theirs")]).toEqual([true, false]);
    expect([theirs.includes("note-mine"), theirs.includes("note-theirs")]).toEqual([false, true]);
  });

  test("of a stranger without a key is nobody's", async () => {
    const traceId = hex(32);
    expectProblem(await get("/v1/events", { authorization: undefined, traceparent: `00-${traceId}-${hex(16)}-01` }), 401);
    const { traceId: later } = await read({ path: "/v1/views/stock" });
    await kept(later);
    for (const as of [{}, me.as]) expect((await get(`/v1/traces/${traceId}`, as)).status).toBe(404);
  });
});

describe("the list of traces", () => {
  let first: { readonly traceId: string };
  let second: { readonly traceId: string };
  let between: string;

  beforeAll(async () => {
    first = await read({ path: "/v1/streams/none-1", correlationId: "traces-one" });
    await scheduler.wait(5);
    between = new Date().toISOString();
    await scheduler.wait(5);
    second = await read({ path: "/v1/views/stock", correlationId: "traces-two" });
    await Promise.all([kept(first.traceId), kept(second.traceId)]);
  });

  test("has the newest first, each as its first hop says it", async () => {
    const all = await listed("");
    const of = ({ traceId }: { readonly traceId: string }): ListedTrace => all.find((trace) => trace.traceId === traceId) as ListedTrace;
    expect(of(first)).toMatchObject({ service: "api", name: "GET /v1/streams/{stream}", status: "ok", correlationId: "traces-one", spans: expect.any(Number) });
    expect(of(second)).toMatchObject({ service: "api", name: "GET /v1/views/stock", spans: 3, durationMs: expect.any(Number) });
    expect(all.map(({ start }) => start)).toEqual(
      all
        .map(({ start }) => start)
        .toSorted()
        .toReversed(),
    );
    expect(all.indexOf(of(second))).toBeLessThan(all.indexOf(of(first)));
  });

  test.each([
    ["?correlationId=traces-one", true, false],
    ["?service=api", true, true],
    ["?service=views", false, false],
    ["?name=GET%20/v1/views/stock", false, true],
    ["?service=api&name=GET%20/v1/views/stock", false, true],
    ["?service=views&name=GET%20/v1/views/stock", false, false],
    ["?status=ok", true, true],
    ["?status=error", false, false],
    ["?minDurationMs=0", true, true],
    ["?minDurationMs=100000", false, false],
    ["?since=BETWEEN", false, true],
    ["?until=BETWEEN", true, false],
  ])("%s has the first: %s, the second: %s", async (query, hasFirst, hasSecond) => {
    const ids = new Set((await listed(query.replace("BETWEEN", between))).map(({ traceId }) => traceId));
    expect([ids.has(first.traceId), ids.has(second.traceId)]).toEqual([hasFirst, hasSecond]);
  });

  test("in pages of one is the whole list", async () => {
    const until = new Date().toISOString();
    const inOne = (await listed(`?until=${until}`)).map(({ traceId }) => traceId);
    expect(inOne.length).toBeGreaterThan(3);
    expect((await listed(`?until=${until}&limit=1`)).map(({ traceId }) => traceId)).toEqual(inOne);
  });

  test("takes no cursor of another list, and no filter that is none", async () => {
    for (const query of ["cursor=x", "status=slow", "minDurationMs=-1", "since=yesterday", "limit=0", "correlationId=a%20b"])
      expectProblem(await get(`/v1/traces?${query}`, me.as), 422, "invalid_input");
  });
});

describe("the map", () => {
  test("says who called whom, how often, and what failed", async () => {
    const lone = await makeKey("mapped", ["*:*"], {}, { "tenant-id": "traces-map" });
    const traceId = hex(32);
    for (const name of ["a", "b"]) {
      const headers = { ...lone.as, traceparent: `00-${traceId}-${hex(16)}-01` };
      ok(await append(`note-${name}`, [happened], headers));
    }
    interface Map {
      readonly nodes: readonly { readonly service: string; readonly calls: number; readonly errors: number; readonly p50Ms: number; readonly p95Ms: number }[];
      readonly edges: readonly { readonly from: string; readonly to: string; readonly calls: number }[];
      readonly truncated: boolean;
    }
    const map = await eventually(
      "both appends on the map",
      async () => ok<Map>(await get("/v1/traces/map", lone.as)),
      ({ nodes, edges }) => nodes.some(({ service }) => service === "views") && edges.some(({ to, calls }) => to === "aggregate:note" && calls >= 2),
    );
    const edges = map.edges.map(({ from, to }) => `${from} > ${to}`);
    expect(edges).toEqual(expect.arrayContaining(["client > api", "api > aggregate:note", "api > projector", "api > views"]));
    for (const { calls, errors, p50Ms, p95Ms } of map.nodes) expect([calls > 0, errors, p50Ms <= p95Ms]).toEqual([true, 0, true]);
    expect(map.truncated).toBe(false);
    expect(ok<Map>(await get("/v1/traces/map?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z", lone.as))).toMatchObject({ nodes: [], edges: [] });
    // Of 7 days at most, the last of them.
    expect(ok(await get("/v1/traces/map?since=2020-01-01T00:00:00Z&until=2020-02-01T00:00:00Z", lone.as))).toMatchObject({ since: "2020-01-25T00:00:00.000Z" });
    expect(ok<Map>(await get("/v1/traces/map?since=2030-01-01T00:00:00Z&until=2020-02-01T00:00:00Z", lone.as))).toMatchObject({ nodes: [] });
  });
});

describe("the rate", () => {
  test("is set for one tenant, at run time, and holds for its new traces", async () => {
    const tenant = { "tenant-id": "traces-rate" };
    const rated = await makeKey("rated", ["traces:read", "admin:traces", "views:read"], {}, tenant);
    const fresh = async (): Promise<string> => (await get("/v1/views/stock", rated.as)).headers.get("traceresponse")?.split("-")[3] ?? "";
    expect(ok(await get("/v1/traces/rate", rated.as))).toEqual({ rate: 1, isOwn: false });
    expect(await fresh()).toBe("01");
    expect(ok(await send("PUT", "/v1/traces/rate", { rate: 0 }, rated.as))).toEqual({ rate: 0, isOwn: true });
    expect(ok(await get("/v1/traces/rate", rated.as))).toEqual({ rate: 0, isOwn: true });
    await eventually("no new trace to be kept", fresh, (flags) => flags === "00");
    expect((await read({ path: "/v1/views/stock" }, rated)).flags).toBe("01");
    for (const rate of [-0.1, 1.1, "1", null]) expectProblem(await send("PUT", "/v1/traces/rate", { rate }, rated.as), 422);
    const reader = await makeKey("reader", ["traces:read"], {}, tenant);
    expect((await send("PUT", "/v1/traces/rate", { rate: 1 }, reader.as)).status).toBe(403);
  });
});
