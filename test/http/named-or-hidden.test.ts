import { beforeAll, describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, ok, send, type StoredEvent } from "../support/http.ts";

const tenant = { "tenant-id": "hidden" };
const ids = ["live", "a/b", "%2e", "...", "..", "."];

beforeAll(async () => {
  const writes = [
    await append(
      "note-1",
      ids.map((id) => ({ type: "notes.NoteAdded", data: id, id })),
      { ...tenant, "x-correlation-id": "one-flow" },
    ),
    await send("PUT", "/v1/sources/shop", { scheme: "none" }, { ...tenant, "x-correlation-id": "one-flow" }),
    await send("DELETE", "/v1/streams/note-1", undefined, tenant),
  ];
  for (const write of writes) await get("/v1/event-types", { ...tenant, ...newerThan(write) });
});

const own = async (query: string): Promise<readonly StoredEvent[]> =>
  (await everything(`/v1/events${query}`, tenant)).filter(({ stream }) => stream.startsWith("rivulet_"));

describe("an event of the platform's own category", () => {
  test.each(["", "?type=%23", "?type=*.SourceConfigured", "?type=%23.SourceConfigured", "?correlationId=one-flow", "?after=0", "?since=1970-01-01T00:00:00Z"])(
    "is not in the log with %j, which names neither its type nor its category",
    async (query) => {
      expect(await own(query)).toEqual([]);
    },
  );

  test.each(["?type=rivulet.SourceConfigured", "?type=rivulet.%23", "?category=rivulet_source", "?category=rivulet_source&type=%23"])(
    "is in the log with %j",
    async (query) => {
      expect(await own(query)).toHaveLength(1);
    },
  );

  test("is in the view of types only where its type is named", async () => {
    const types = async (query: string): Promise<string[]> => (await everything<{ type: string }>(`/v1/event-types${query}`, tenant)).map(({ type }) => type);
    for (const query of ["", "?type=%23", "?type=*.SourceConfigured"]) expect(await types(query)).not.toContain("rivulet.SourceConfigured");
    expect(await types("?type=rivulet.*")).toContain("rivulet.SourceConfigured");
  });

  test("is not in the log where its stream is named without its type or category", async () => {
    expect(await own("?stream=rivulet_source-shop")).toEqual([]);
    expect(await own("?stream=rivulet_source-shop&type=%23")).toEqual([]);
    for (const query of ["&category=rivulet_source", "&type=rivulet.%23"]) expect(await own(`?stream=rivulet_source-shop${query}`)).toHaveLength(1);
  });

  test("is found by its id only where its category is named", async () => {
    const [event] = await own("?category=rivulet_source");
    const path = `/v1/events/${event?.id}`;
    for (const query of ["", `?source=${encodeURIComponent(event?.source ?? "")}`, "?category=note", "?category=rivulet_sourc"])
      expectProblem(await get(path + query, tenant), 404, "not_found");
    const found = ok<StoredEvent>(await get(`${path}?category=rivulet_source`, tenant));
    expect(found.stream).toBe("rivulet_source-shop");
    expectProblem(await get(`${path}?category=Not`, tenant), 422);
  });

  test("that stands in another category's stream is no such event: who closed a stream is in the log", async () => {
    expect((await everything("/v1/events", tenant)).map(({ type }) => type)).toContain("rivulet.StreamClosed");
  });
});

describe("an event is found by its id, percent-encoded,", () => {
  test.each(ids.slice(1, 4))("%s", async (id) => {
    expect(ok<StoredEvent>(await get(`/v1/events/${encodeURIComponent(id)}`, tenant)).data).toBe(id);
  });

  // What is encoded without need is the same address (RFC 3986, 6.2.2): `live` is the live log, and `.` and `..` are no segments of a path.
  test.fails.each(ids.filter((id) => ["live", "..", "."].includes(id)))("%s, which reads like something else in an address", async (id) => {
    const encoded = Array.from(id, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).join("");
    const answer = await get(`/v1/events/${encoded}?source=/v1`, { ...tenant, "last-event-id": "x" });
    expect(ok<StoredEvent>(answer).data).toBe(id);
  });

  test.each(ids)("or in the query, where nothing reads like something else: %s", async (id) => {
    for (const more of ["", "&source=/v1", "&type=notes.*&category=note"])
      expect(
        (await everything(`/v1/events?id=${encodeURIComponent(id)}${more}`, tenant)).map(({ data }) => data),
        more,
      ).toEqual([id]);
    expect(await everything(`/v1/events?id=${encodeURIComponent(id)}&source=/v2`, tenant)).toEqual([]);
  });

  test("and one of the platform's own in the query only where its category or type is named", async () => {
    const [event] = await own("?category=rivulet_source");
    expect(await own(`?id=${event?.id}`)).toEqual([]);
    expect(await own(`?id=${event?.id}&category=rivulet_source`)).toEqual([event]);
  });
});

describe("scope comes before syntax", () => {
  const broken = ["{", "7"];
  test("for appends, in every form", async () => {
    for (const type of ["application/json", "application/cloudevents+json", "text/plain"]) {
      const answer = await send("POST", "/v1/streams/rivulet_x-1/events", "{", { "content-type": type, "idempotency-key": '"open' });
      expectProblem(answer, 403, "reserved_category");
    }
  });

  test.each([
    ["PATCH", "/v1/streams/rivulet_source-shop", broken[0]],
    ["PATCH", "/v1/streams/audit-log", broken[1]],
    ["DELETE", "/v1/streams/audit-log?purge=perhaps", undefined],
  ])("for %s %s", async (method, path, body) => {
    expectProblem(await send(method, path, body, tenant), 403);
  });
});
