import { beforeAll, describe, expect, test } from "vitest";
import { BATCH } from "../support/cloudevents.ts";
import { append, expectProblem, get, send } from "../support/http.ts";

const LINES = "application/x-ndjson";
const TYPES = ["application/json", BATCH, LINES];
const path = "/v1/streams/shape-1/events";
const shaped = (n: number): object => ({ type: "shape.Drawn", data: n });

beforeAll(async () => {
  await append("shape-1", [shaped(1), shaped(2)]);
});

describe("a stream's representations", () => {
  test("have a tag each, strong, and say Vary: Accept, with HEAD and 304 as well", async () => {
    const tags: (string | null)[] = [];
    for (const accept of TYPES) {
      const full = await get(path, { accept });
      const etag = full.headers.get("etag");
      expect(etag).toMatch(/^"[^"]+"$/);
      tags.push(etag);
      const head = await send("HEAD", path, undefined, { accept });
      const spared = await get(path, { accept, "if-none-match": etag as string });
      const sparedHead = await send("HEAD", path, undefined, { accept, "if-none-match": etag as string });
      expect([full.status, head.status, spared.status, sparedHead.status]).toEqual([200, 200, 304, 304]);
      for (const answer of [full, head, spared, sparedHead]) expect([answer.headers.get("etag"), answer.headers.get("vary")]).toEqual([etag, "Accept"]);
      for (const answer of [head, spared, sparedHead]) expect(answer.text).toBe("");
      expect(spared.headers.get("content-type")).toBeNull();
      expect(spared.headers.get("traceresponse")).toMatch(/^00-/);
    }
    expect(new Set(tags).size).toBe(TYPES.length);
  });

  test("are not taken for one another: the tag of one does not spare the others", async () => {
    for (const known of TYPES) {
      const etag = (await get(path, { accept: known })).headers.get("etag") as string;
      for (const accept of TYPES) expect((await get(path, { accept, "if-none-match": etag })).status).toBe(known === accept ? 304 : 200);
    }
  });

  test("hold the same events", async () => {
    const ids = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);
    const [json, batch, lines] = await Promise.all(TYPES.map((accept) => get(path, { accept })));
    const expected = ids(json?.json<{ items: { id: string }[] }>().items ?? []);
    expect(expected).toHaveLength(2);
    expect(ids(batch?.json<{ id: string }[]>() ?? [])).toEqual(expected);
    expect(ids((lines?.text.trimEnd().split("\n") ?? []).map((line) => JSON.parse(line) as { id: string }))).toEqual(expected);
  });

  test("are never given without the stream: 404 and 410 come before 304", async () => {
    for (const accept of TYPES) expectProblem(await get("/v1/streams/shape-none/events", { accept, "if-none-match": "*" }), 404);
    await append("shape-cut", [shaped(1), shaped(2), shaped(3)]);
    await send("PATCH", "/v1/streams/shape-cut", { retention: { maxCount: 1 } });
    for (const accept of TYPES)
      expect(expectProblem(await get("/v1/streams/shape-cut/events?from=1", { accept, "if-none-match": "*" }), 410)).toMatchObject({ firstVersion: 3 });
  });

  test("have another tag once retention has taken events away", async () => {
    await append("shape-kept", [shaped(1), shaped(2), shaped(3)]);
    const path = "/v1/streams/shape-kept/events";
    const tagsOf = async (): Promise<string[]> => Promise.all(TYPES.map(async (accept) => (await get(path, { accept })).headers.get("etag") as string));
    const [whole, cut] = [await tagsOf(), [] as string[]];
    for (const maxCount of [2, 1]) {
      await send("PATCH", "/v1/streams/shape-kept", { retention: { maxCount } });
      for (const etag of [...whole, ...cut]) for (const accept of TYPES) expect((await get(path, { accept, "if-none-match": etag })).status, etag).toBe(200);
      cut.push(...(await tagsOf()));
    }
    expect(whole).toEqual(['"3"', '"3-cloudevents"', '"3-ndjson"']);
    expect(cut).toEqual(['"3.2"', '"3.2-cloudevents"', '"3.2-ndjson"', '"3.3"', '"3.3-cloudevents"', '"3.3-ndjson"']);
  });

  test("of what was truncated have a tag that If-Match takes as the version, the same wherever the stream gives one", async () => {
    await append("shape-held", [shaped(1), shaped(2), shaped(3)]);
    const patched = await send("PATCH", "/v1/streams/shape-held", { retention: { maxCount: 2 } });
    const tags = [patched, await get("/v1/streams/shape-held"), await get("/v1/streams/shape-held/events")].map(({ headers }) => headers.get("etag"));
    expect(tags).toEqual(['"3.2"', '"3.2"', '"3.2"']);
    for (const tag of ['"2.2"', '"3.1"', '"3.02"', '"3."', '"3.2.2"', 'W/"3.2"'])
      expect(expectProblem(await append("shape-held", [shaped(4)], { "if-match": tag }), 412).currentVersion, tag).toBe(3);
    expect((await append("shape-held", [shaped(4)], { "if-match": '"3.2"' })).status).toBe(201);
    expect((await append("shape-held", [shaped(5)], { "if-match": '"4"' })).status).toBe(201);
    const closed = await send("DELETE", "/v1/streams/shape-held", undefined, { "if-match": '"5.4"' });
    expect([closed.status, closed.headers.get("etag")]).toEqual([200, '"6.5"']);
  });
});

describe("a range that touches what was truncated is 410 with firstVersion", () => {
  beforeAll(async () => {
    await append("shape-gone", [shaped(1), shaped(2), shaped(3), shaped(4)]);
    await send("PATCH", "/v1/streams/shape-gone", { retention: { before: 3 } });
  });

  test.each(["from=1", "from=2&to=9", "to=2", "direction=backward&from=1", "direction=backward&to=2", "from=1&limit=1"])("?%s", async (query) => {
    expect(expectProblem(await get(`/v1/streams/shape-gone/events?${query}`), 410, "stream_truncated")).toMatchObject({ firstVersion: 3 });
  });

  test("and one that does not is read, from the first that is kept", async () => {
    for (const query of ["", "?from=3", "?to=9", "?direction=backward"]) {
      const versions = (await get(`/v1/streams/shape-gone/events${query}`)).json<{ items: { version: number }[] }>().items.map(({ version }) => version);
      expect(versions.sort()).toEqual([3, 4]);
    }
  });

  test("for verify too", async () => {
    expect(expectProblem(await get("/v1/streams/shape-gone/verify?from=1"), 410)).toMatchObject({ firstVersion: 3 });
  });
});
