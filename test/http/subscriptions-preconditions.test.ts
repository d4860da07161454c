import { describe, expect, test } from "vitest";
import { expectProblem, get, ok, send } from "../support/http.ts";
import { act, made, NOBODY, type Subscription } from "./subscriptions.ts";

const operations = [
  ["pause", undefined],
  ["resume", undefined],
  ["replay", { from: "beginning" }],
  ["rotate-secret", undefined],
] as const;
const version = async (id: string): Promise<string | null> => (await get(`/v1/subscriptions/${id}`)).headers.get("etag");

describe.each(operations)("POST …/%s", (operation, body) => {
  test("is done only as the subscription was read, where If-Match says so", async () => {
    const id = await made(`conditional ${operation}`);
    ok(await send("PATCH", `/v1/subscriptions/${id}`, { timeoutMs: 5_000 }));
    const stale = await act(id, operation, body, { "if-match": '"1"' });
    expect(expectProblem(stale, 412, "version_mismatch")).toMatchObject({ currentVersion: 2 });
    expectProblem(await act(id, operation, body, { "if-none-match": "*" }), 412);
    expectProblem(await act(id, operation, body, { "if-match": 'W/"2"' }), 412);
    expectProblem(await act(id, operation, body, { "if-match": "2" }), 400, "invalid_precondition");
    expect(await version(id)).toBe('"2"');
    const done = await act(id, operation, body, { "if-match": '"2"' });
    expect([Math.floor(done.status / 100), done.headers.get("etag"), await version(id)]).toEqual([2, '"3"', '"3"']);
    expect(Math.floor((await act(id, operation, body, { "if-match": "*" })).status / 100)).toBe(2);
  });

  test("is a repeat by its Idempotency-Key, though the subscription has changed since", async () => {
    const id = await made(`repeated ${operation}`);
    const headers = { "if-match": '"1"', "idempotency-key": `conditional-${operation}` };
    const first = await act(id, operation, body, headers);
    const again = await act(id, operation, body, headers);
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([first.status, "true"]);
  });

  test("of a subscription that is not there is 404, whatever it should have been", async () => {
    expectProblem(await act(NOBODY, operation, body, { "if-match": '"1"' }), 404);
  });
});

test.each(["PATCH", "DELETE"])("%s is refused where the subscription should be another than it is, or should not be there", async (method) => {
  const path = `/v1/subscriptions/${await made(`conditional ${method}`)}`;
  const body = method === "PATCH" ? { timeoutMs: 4_000 } : undefined;
  for (const stale of [{ "if-match": '"9"' }, { "if-none-match": "*" }]) expectProblem(await send(method, path, body, stale), 412, "version_mismatch");
  expect((await get(path)).headers.get("etag")).toBe('"1"');
});

test("changes that are made at once of what is there in any version all stand", async () => {
  const id = await made("changed at once");
  const changes = [{ timeoutMs: 4_000 }, { order: "none" }, { priority: "high" }, { retry: { maxAttempts: 3 } }];
  for (const answer of await Promise.all(changes.map((change) => send("PATCH", `/v1/subscriptions/${id}`, change, { "if-match": "*" })))) ok(answer);
  expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`))).toMatchObject({
    timeoutMs: 4_000,
    order: "none",
    priority: "high",
    retry: { maxAttempts: 3 },
  });
});
