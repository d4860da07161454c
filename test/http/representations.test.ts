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

  test.fails("have another tag once retention has taken events away", async () => {
    await append("shape-kept", [shaped(1), shaped(2), shaped(3)]);
    const etag = (await get("/v1/streams/shape-kept/events")).headers.get("etag") as string;
    await send("PATCH", "/v1/streams/shape-kept", { retention: { maxCount: 1 } });
    expect((await get("/v1/streams/shape-kept/events", { "if-none-match": etag })).status).toBe(200);
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
