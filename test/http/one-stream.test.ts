import { describe, expect, test } from "vitest";
import { append, eventsOf, expectProblem, get, newerThan, ok, type StoredEvent } from "../support/http.ts";

interface Stream {
  readonly stream: string;
  readonly category: string;
  readonly version: number;
  readonly firstVersion: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastHash: string;
  readonly snapshotVersion: number | null;
  readonly loggedVersion: number;
  readonly closed: boolean;
  readonly retention: unknown;
}

const told = (n: number): object => ({ type: "story.Told", data: n });
const stream = async (name: string): Promise<Stream> => ok<Stream>(await get(`/v1/streams/${name}`));

/** A stream of five events in three appends. */
async function ofFive(name: string): Promise<readonly StoredEvent[]> {
  await append(name, [told(1), told(2)]);
  await append(name, [told(3)]);
  await append(name, [told(4), told(5)]);
  return eventsOf(name);
}

describe("GET /v1/streams/{stream}", () => {
  test("says where the stream stands", async () => {
    const events = await ofFive("story_2-a-b");
    expect(await stream("story_2-a-b")).toMatchObject({
      stream: "story_2-a-b",
      category: "story_2",
      version: 5,
      firstVersion: 1,
      createdAt: events[0]?.recorded,
      updatedAt: events[4]?.recorded,
      lastHash: events[4]?.hash,
      closed: false,
    });
  });

  test("has the version as its ETag, though more than that moves: who has the tag is told again", async () => {
    const write = await append("story-tagged", [told(1), told(2)]);
    const early = await get("/v1/streams/story-tagged");
    await get("/v1/events", newerThan(write));
    const settled = await get("/v1/streams/story-tagged", { "if-none-match": '"2"' });
    expect([early, settled].map(({ status, headers }) => [status, headers.get("etag")])).toEqual([
      [200, '"2"'],
      [200, '"2"'],
    ]);
    expect(settled.json<Stream>().loggedVersion).toBe(2);
  });

  test("has each of the contract's fields", async () => {
    await append("story-fields", [told(1)]);
    const fields = [
      "stream",
      "category",
      "version",
      "firstVersion",
      "createdAt",
      "updatedAt",
      "lastHash",
      "snapshotVersion",
      "loggedVersion",
      "closed",
      "retention",
    ];
    expect(Object.keys(await stream("story-fields"))).toEqual(expect.arrayContaining(fields));
  });

  test("never claims that the log has more than there is", async () => {
    const last = await append("story-logged", [told(1), told(2)]);
    await get("/v1/events?limit=1", newerThan(last));
    const { loggedVersion, version } = await stream("story-logged");
    expect(loggedVersion).toBeGreaterThanOrEqual(0);
    expect(loggedVersion).toBeLessThanOrEqual(version);
  });

  test("moves with each append", async () => {
    await append("story-moving", [told(1)]);
    const before = await stream("story-moving");
    await append("story-moving", [told(2)]);
    const after = await stream("story-moving");
    expect([before.version, after.version]).toEqual([1, 2]);
    expect(after.lastHash).not.toBe(before.lastHash);
    expect(after.createdAt).toBe(before.createdAt);
  });

  test("is 404 for a stream that does not exist, and makes none", async () => {
    expectProblem(await get("/v1/streams/story-none"), 404);
    expectProblem(await get("/v1/streams/story-none/verify"), 404);
    expectProblem(await get("/v1/streams/story-none"), 404);
  });

  test("is 422 or 404 for what is no stream's name", async () => {
    for (const name of ["story", "Story-1", "story-a%20b"]) {
      for (const rest of ["", "/events", "/verify"]) {
        const refused = await get(`/v1/streams/${name}${rest}`);
        expectProblem(refused, refused.status === 404 ? 404 : 422);
      }
    }
  });
});

describe("GET /v1/streams/{stream}/verify", () => {
  test("finds a stream that nobody has touched valid", async () => {
    const events = await ofFive("story-valid");
    expect(ok(await get("/v1/streams/story-valid/verify"))).toEqual({ valid: true, from: 1, to: 5, lastHash: events[4]?.hash });
  });

  test("looks at the range it is given", async () => {
    const events = await ofFive("story-range");
    const verify = async (query: string): Promise<unknown> => ok(await get(`/v1/streams/story-range/verify?${query}`));
    expect(await verify("from=2&to=3")).toEqual({ valid: true, from: 2, to: 3, lastHash: events[2]?.hash });
    expect(await verify("from=4")).toEqual({ valid: true, from: 4, to: 5, lastHash: events[4]?.hash });
    expect(await verify("to=1")).toEqual({ valid: true, from: 1, to: 1, lastHash: events[0]?.hash });
  });

  test("finds it valid once the log has its copy too", async () => {
    const events = await ofFive("story-both");
    const last = await append("story-both", [told(6)]);
    await get("/v1/events?limit=1", newerThan(last));
    expect(ok(await get("/v1/streams/story-both/verify"))).toMatchObject({ valid: true, to: events.length + 1 });
  });

  test("goes through more than a thousand events", async () => {
    for (const batch of [0, 1, 2])
      await append(
        "story-long",
        Array.from({ length: 700 }, (_, n) => told(batch * 700 + n)),
      );
    expect(ok(await get("/v1/streams/story-long/verify"))).toMatchObject({ valid: true, from: 1, to: 2100 });
  });

  test.each(["from=-1", "from=x", "to=x", "to=1.5", "from="])("refuses ?%s with 422", async (query) => {
    await append("story-params", [told(1)]);
    expectProblem(await get(`/v1/streams/story-params/verify?${query}`), 422);
  });
});
