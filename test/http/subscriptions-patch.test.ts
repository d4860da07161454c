import { describe, expect, test } from "vitest";
import { type Answer, eventsOf, expectProblem, get, type HeaderFields, ok, send } from "../support/http.ts";
import { hook, made, pull, type Subscription } from "./subscriptions.ts";

const patch = (id: string, body: unknown, headers: HeaderFields = {}): Promise<Answer> =>
  send("PATCH", `/v1/subscriptions/${id}`, body, { "content-type": "application/merge-patch+json", ...headers });
const shown = async (id: string): Promise<Subscription> => ok<Subscription>(await get(`/v1/subscriptions/${id}`));

describe("PATCH /v1/subscriptions/{id}", () => {
  test("changes what it names, and nothing else", async () => {
    const id = await made("patched", { filter: { source: ["/shop"] }, retry: { maxAttempts: 3 } });
    const before = await shown(id);
    const answer = await patch(id, { timeoutMs: 500, retry: { minDelayMs: 7 } });
    expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"2"']);
    const changed = { ...before, timeoutMs: 500, retry: { maxAttempts: 3, minDelayMs: 7, maxDelayMs: 3_600_000 } };
    expect(answer.json()).toMatchObject({ timeoutMs: 500, retry: changed.retry, filter: { source: ["/shop"] }, name: "patched" });
    expect({ ...(await shown(id)), position: 0, lag: 0 }).toEqual({ ...changed, position: 0, lag: 0 });
  });

  test("takes null as if it had never been said", async () => {
    const said = { filter: { source: ["/shop"] }, timeoutMs: 7, priority: "low", order: "none", format: "cloudevents", retry: { maxAttempts: 3 } };
    const id = await made("nulled", said);
    const now = ok<Subscription>(await patch(id, Object.fromEntries(Object.keys(said).map((name) => [name, null]))));
    expect(now.filter).toBeUndefined();
    expect(now).toMatchObject({ timeoutMs: 15_000, priority: "normal", order: "stream", format: "standard", retry: { maxAttempts: 8 } });
  });

  test("replaces lists and filters as a whole", async () => {
    const id = await made("whole", { types: ["a.b", "a.c"], filter: { data: { a: [1], b: [2] } } });
    expect(ok<Subscription>(await patch(id, { types: ["a.d"], filter: { data: { c: [3] } } }))).toMatchObject({ types: ["a.d"], filter: { data: { c: [3] } } });
    expect((await shown(id)).filter).toEqual({ data: { c: [3] } });
    // Null stands in a pattern for null itself.
    expect(ok<Subscription>(await patch(id, { filter: { data: { c: [null] } } })).filter).toEqual({ data: { c: [null] } });
  });

  test("merges the sink: another URL keeps the headers, and of the headers only those named change", async () => {
    const id = await made("sink", { sink: { ...hook, headers: { "x-a": "1", "x-b": "2" } } });
    await patch(id, { sink: { url: "https://other.example/hook" } });
    expect((await shown(id)).sink).toEqual({ url: "https://other.example/hook", headers: { "x-a": "1", "x-b": "2" } });
    await patch(id, { sink: { headers: { "x-a": null, "x-c": "3" } } });
    expect((await shown(id)).sink).toEqual({ url: "https://other.example/hook", headers: { "x-b": "2", "x-c": "3" } });
    await patch(id, { sink: { headers: null } });
    expect((await shown(id)).sink).toEqual({ url: "https://other.example/hook", headers: {} });
  });

  test("that changes nothing is no event, also where it says what is sealed again", async () => {
    const secret = `whsec_${btoa("x".repeat(32))}`;
    const sink = { ...hook, secret, headers: { authorization: "Bearer me", "x-a": "1" } };
    const id = await made("same", { sink });
    for (const body of [{}, { timeoutMs: 15_000 }, { name: "same" }, { sink: { url: hook.url } }, { sink }, { retry: { maxAttempts: 8 } }]) {
      const answer = await patch(id, body);
      expect([answer.status, answer.headers.get("etag")], JSON.stringify(body)).toEqual([200, '"1"']);
    }
    expect((await patch(id, { sink: { headers: { authorization: "Bearer you" } } })).headers.get("etag")).toBe('"2"');
    expect((await patch(id, { sink: { secret: `whsec_${btoa("y".repeat(32))}` } })).headers.get("etag")).toBe('"3"');
    expect(await eventsOf(`rivulet_subscription-${id}`)).toHaveLength(3);
  });

  test("takes application/json as well, and nothing else", async () => {
    const id = await made("typed");
    expect((await patch(id, { timeoutMs: 9 }, { "content-type": "application/json" })).status).toBe(200);
    expectProblem(await patch(id, { timeoutMs: 9 }, { "content-type": "application/json-patch+json" }), 415);
  });

  test("holds its precondition against the version", async () => {
    const id = await made("versioned");
    expectProblem(await patch(id, { timeoutMs: 1 }, { "if-match": '"2"' }), 412, "version_mismatch");
    expectProblem(await patch(id, { timeoutMs: 1 }, { "if-match": 'W/"1"' }), 412);
    expect((await shown(id)).timeoutMs).toBe(15_000);
    const first = await patch(id, { timeoutMs: 1 }, { "if-match": '"1"' });
    expect((await patch(id, { timeoutMs: 2 }, { "if-match": first.headers.get("etag") as string })).status).toBe(200);
    expectProblem(await patch(id, { timeoutMs: 3 }, { "if-match": first.headers.get("etag") as string }), 412);
    expect((await shown(id)).timeoutMs).toBe(2);
    const read = (await get(`/v1/subscriptions/${id}`)).headers.get("etag") as string;
    expect((await patch(id, { timeoutMs: 3 }, { "if-match": read })).status).toBe(200);
    expectProblem(await patch(id, { timeoutMs: 4 }, { "if-match": read }), 412);
  });

  test("loses none of several changes that come at once", async () => {
    const id = await made("at once, patched");
    const changes = [{ timeoutMs: 11 }, { priority: "low" }, { types: ["only.this"] }, { retry: { maxAttempts: 4 } }, { name: "at once, renamed" }];
    for (const { status } of await Promise.all(changes.map((body) => patch(id, body)))) expect(status).toBe(200);
    expect(await shown(id)).toMatchObject({ timeoutMs: 11, priority: "low", types: ["only.this"], retry: { maxAttempts: 4 }, name: "at once, renamed" });
  });
});

describe("a change that is none is 422 with its place, and changes nothing", () => {
  test.each<[string, object]>([
    ["timeoutMs", { timeoutMs: 0 }],
    ["types", { types: [] }],
    ["name", { name: null }],
    ["types", { types: null }],
    ["sink", { sink: null }],
    ["sink.url", { sink: { url: null } }],
    ["sink.url", { sink: { url: "http://10.0.0.1/" } }],
    ["sink.secret", { sink: { secret: "short" } }],
    ["sink.headers", { sink: { headers: { host: "a" } } }],
    ["sink.pull", { sink: { pull: true } }],
    ["retry.maxDelayMs", { retry: { maxDelayMs: 1 } }],
    ["filter", { filter: "event." }],
    ["", { from: "beginning" }],
    ["", { id: "x" }],
    ["", { status: "paused" }],
  ])("%s of %j", async (path, body) => {
    const id = await made(`unpatched ${JSON.stringify(body)}`);
    const { errors } = expectProblem(await patch(id, body), 422, "invalid_input");
    expect(errors?.map((error) => error.path)).toContain(path);
    expect((await get(`/v1/subscriptions/${id}`)).headers.get("etag")).toBe('"1"');
  });

  test("concurrency stays within the parts that share out the streams, and says so", async () => {
    const id = await made("parts", { concurrency: 8 });
    for (const concurrency of [7, 12]) expect(ok<Subscription>(await patch(id, { concurrency })).concurrency).toBe(concurrency);
    for (const concurrency of [1, 6, 13, 60]) {
      const { errors } = expectProblem(await patch(id, { concurrency }), 422);
      expect(errors).toEqual([{ path: "concurrency", message: expect.stringMatching(/Expected 7 to 12, got \d+: .*2 parts/) }]);
    }
    // What is left out would be 6.
    expectProblem(await patch(id, { concurrency: null }), 422);
  });

  test("one that is pulled gets no URL", async () => {
    const id = await made("stays pulled", { sink: pull });
    for (const sink of [hook, { ...hook, pull: true }]) expect(expectProblem(await patch(id, { sink }), 422).errors?.[0]?.path).toBe("sink.url");
    // Who pulls is served by one part, so this is no matter there.
    expect((await patch(id, { sink: pull, timeoutMs: 5, concurrency: 60 })).status).toBe(200);
  });
});
