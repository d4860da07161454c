import { describe, expect, test } from "vitest";
import { type Members, sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { type Answer, eventsOf, expectProblem, get, newerThan, ok, type Problem, send } from "../support/http.ts";

interface Taken {
  readonly stream?: string;
  readonly firstVersion?: number;
  readonly lastVersion?: number;
  readonly events: readonly { readonly stream: string; readonly id: string; readonly version?: number; readonly hash?: string; readonly problem?: Problem }[];
}

const path = "/v1/events";
const required = { specversion: "1.0", id: "1", source: "/a/b", type: "any.Happened" };
const post = (body: unknown, headers = {}): Promise<Answer> => sendCloudEvents(path, body, headers);

describe("a CloudEvent whose producer knows no streams goes to", () => {
  test.each<[stream: string, members: Members]>([
    ["note-n1", { source: "/x/other", stream: "note-n1", partitionkey: "k", subject: "s" }],
    ["shop-K.1", { source: "https://example.org/Shop", partitionkey: "K.1", subject: "s" }],
    ["shop-order_7_paid", { source: "https://example.org/shop/", subject: "order/7 paid" }],
    ["readings-default", { source: "/sensors/readings?x=y#z" }],
    ["my_app-default", { source: "urn:example:My-App" }],
    ["source_42-default", { source: "/things/42" }],
  ])("%s", async (stream, members) => {
    const answer = await post({ ...required, id: crypto.randomUUID(), ...members, data: { a: 1 } });
    expect([answer.status, ok<Taken>(answer).stream]).toEqual([201, stream]);
    expect((await eventsOf(stream)).at(-1)).toMatchObject({ data: { a: 1 }, source: members["source"] });
  });

  test("a stream whose id is cut, and ends with digits of its hash", async () => {
    const answer = await post({ ...required, source: "/cut", subject: "é".repeat(300) });
    expect(ok<Taken>(answer).stream).toMatch(/^cut-_{192}[0-9a-f]{8}$/);
  });
});

describe("events of one stream are answered as an append is", () => {
  test("with versions, ETag, Location and Consistency-Token", async () => {
    const answer = await post({ ...required, subject: "one" });
    expect(answer.status).toBe(201);
    expect(answer.json()).toEqual({
      stream: "b-one",
      firstVersion: 1,
      lastVersion: 1,
      events: [{ stream: "b-one", id: "1", version: 1, hash: expect.stringMatching(/^sha256:/) }],
    });
    expect([answer.headers.get("etag"), answer.headers.get("location")]).toEqual(['"1"', "/v1/streams/b-one/events?from=1"]);
    expect((await get("/v1/events?stream=b-one", newerThan(answer))).text).toContain('"position"');
  });

  test("a repeat is 200 with the first versions", async () => {
    const first = await post({ ...required, subject: "again" });
    const again = await post({ ...required, subject: "again" });
    expect([again.status, again.json()]).toEqual([200, first.json()]);
    expect(await eventsOf("b-again")).toHaveLength(1);
  });

  test("in binary mode too", async () => {
    const answer = await sendBinary(path, { ...required, partitionkey: "bin%20ary" }, "1", "application/json");
    expect([answer.status, ok<Taken>(answer).stream]).toEqual([201, "b-bin_ary"]);
  });
});

describe("a batch over several streams", () => {
  const spread = (run: string): Members[] => ["x", "y", "x", "z"].map((key, n) => ({ ...required, id: `${n}`, subject: `${run}-${key}`, data: n }));

  test("goes to each of them, in its order, and each event says where", async () => {
    const answer = await post(spread("many"));
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe("/v1/events/0?source=%2Fa%2Fb");
    expect(ok<Taken>(answer).events.map(({ stream, id, version }) => [stream, id, version])).toEqual([
      ["b-many-x", "0", 1],
      ["b-many-y", "1", 1],
      ["b-many-x", "2", 2],
      ["b-many-z", "3", 1],
    ]);
    expect((await eventsOf("b-many-x")).map(({ data }) => data)).toEqual([0, 2]);
    for (const { stream, version, hash } of ok<Taken>(answer).events) expect((await eventsOf(stream))[(version as number) - 1]?.hash).toBe(hash);
  });

  test("sent again is 200 and writes nothing; with something new it is 201, and only that is written", async () => {
    const first = await post(spread("again"));
    const again = await post(spread("again"));
    expect([again.status, again.json()]).toEqual([200, first.json()]);
    expect((await post([...spread("again"), { ...required, id: "new", subject: "again-z" }])).status).toBe(201);
    expect(await eventsOf("b-again-x")).toHaveLength(2);
    expect(await eventsOf("b-again-z")).toHaveLength(2);
  });

  test("is written nowhere for a single bad event, a bad stream, one of the platform's or one that is too large", async () => {
    const refusals: readonly [Members, number, string?][] = [
      [{ ...required, id: "bad", type: "" }, 422, "[4].type"],
      [{ ...required, id: "bad", stream: "No Stream" }, 422, "[4].stream"],
      [{ ...required, id: "bad", type: "rivulet.StreamClosed" }, 422, "[4].type"],
      [{ ...required, id: "0", subject: "elsewhere" }, 422, "[4].id"],
      [{ ...required, id: "bad", source: "/audit" }, 403],
      [{ ...required, id: "bad", stream: "rivulet_source-x" }, 403],
      [{ ...required, id: "bad", data: "x".repeat(1_100_000) }, 413],
    ];
    for (const [bad, status, fault] of refusals) {
      const problem = expectProblem(await post([...spread("refused"), bad]), status);
      if (fault !== undefined) expect(problem.errors?.map(({ path }) => path)).toEqual([fault]);
      expect(await eventsOf("b-refused-x")).toEqual([]);
    }
  });

  test("of which some streams refuse is 207: theirs is not written, the others' is, and each event says so", async () => {
    await post({ ...required, id: "1", subject: "part-y", data: "first" });
    const answer = await post(spread("part"));
    expect(answer.status).toBe(207);
    const { events } = answer.json<Taken>();
    expect(events.map(({ stream, id, version }) => [stream, id, version])).toEqual([
      ["b-part-x", "0", 1],
      ["b-part-y", "1", undefined],
      ["b-part-x", "2", 2],
      ["b-part-z", "3", 1],
    ]);
    expect(events[1]?.problem).toMatchObject({ status: 409, code: "event_id_reused", title: "Conflict" });
    expect((await eventsOf("b-part-y")).map(({ data }) => data)).toEqual(["first"]);
  });

  test("that all streams refuse is that problem", async () => {
    await post([
      { ...required, id: "1", subject: "all-x", data: 1 },
      { ...required, id: "2", subject: "all-y", data: 1 },
    ]);
    const again = [
      { ...required, id: "1", subject: "all-x", data: 2 },
      { ...required, id: "2", subject: "all-y", data: 2 },
    ];
    expectProblem(await post(again), 409, "event_id_reused");
  });

  test("answers with one Consistency-Token for all of them: the log and the views are read with every event there", async () => {
    const token = (await post(spread("token"))).headers.get("consistency-token") ?? "";
    const { items } = ok<{ items: Members[] }>(await get("/v1/streams?prefix=b-token-", { "consistency-token": token }));
    expect(items.map(({ stream, version }) => [stream, version])).toEqual([
      ["b-token-x", 2],
      ["b-token-y", 1],
      ["b-token-z", 1],
    ]);
    expectProblem(await get("/v1/streams", { "consistency-token": `${token}+b-token-new@1` }), 422, "invalid_token");
    expectProblem(await get("/v1/streams", { "consistency-token": `${token}+` }), 422, "invalid_token");
  });

  test("answers with the token of what was taken where some streams refuse, and with none over 32 streams", async () => {
    await post({ ...required, id: "1", subject: "taken-y", data: "first" });
    const token = (await post(spread("taken"))).headers.get("consistency-token") ?? "";
    const { items } = ok<{ items: Members[] }>(await get("/v1/streams?prefix=b-taken-", { "consistency-token": token }));
    expect(items.map(({ stream }) => stream)).toEqual(expect.arrayContaining(["b-taken-x", "b-taken-z"]));
    const many = Array.from({ length: 33 }, (_, n) => ({ ...required, id: `${n}`, subject: `thirty-three-${n}`, data: n }));
    expect((await post(many)).headers.get("consistency-token")).toBeNull();
    expect((await post(many.slice(1))).headers.get("consistency-token")).not.toBeNull();
  });

  test("is answered the same again under its Idempotency-Key", async () => {
    const key = { "idempotency-key": '"spread-1"' };
    const first = await post(spread("keyed"), key);
    const again = await post(spread("keyed"), key);
    expect([again.status, again.json(), again.headers.get("idempotency-replayed")]).toEqual([201, first.json(), "true"]);
    expectProblem(await post([...spread("keyed"), { ...required, id: "9", subject: "keyed-x" }].slice(2), key), 422, "idempotency_key_reused");
  });

  test("over more streams than are written to at once", async () => {
    const batch = Array.from({ length: 40 }, (_, n) => ({ ...required, id: `${n}`, subject: `wide-${n % 20}` }));
    const answer = await post(batch);
    expect(ok<Taken>(answer).events.map(({ stream, version }) => `${stream}:${version}`)).toEqual(
      batch.map(({ subject }, n) => `b-${subject}:${n < 20 ? 1 : 2}`),
    );
  });
});

describe("what else is answered", () => {
  test("an empty batch is 200 and nothing", async () => {
    const answer = await post([]);
    expect([answer.status, answer.json()]).toEqual([200, { events: [] }]);
  });

  test("no CloudEvent is 415, and says what is taken", async () => {
    for (const type of ["application/json", "text/plain", "application/cloudevents+xml", undefined]) {
      const answer = await send("POST", path, "{}", { "content-type": type });
      expectProblem(answer, 415, "unsupported_media_type");
      expect(answer.headers.get("accept")).toContain("application/cloudevents+json");
    }
  });

  test("a precondition is 400: it needs a stream", async () => {
    for (const headers of [{ "if-match": '"1"' }, { "if-none-match": "*" }]) expectProblem(await post(required, headers), 400, "invalid_precondition");
  });

  test("without a key it is 401, before all else", async () => {
    expectProblem(await send("POST", path, "{", { authorization: undefined, "content-type": "text/plain" }), 401);
  });

  test("no JSON is 400, a bad stream is 422 with its path", async () => {
    expectProblem(await post("{"), 400, "invalid_json");
    expect(expectProblem(await post({ ...required, stream: "x" }), 422).errors).toMatchObject([
      { path: "stream", message: expect.stringContaining("<category>-<id>") },
    ]);
  });
});
