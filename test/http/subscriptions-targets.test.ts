import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { compose } from "../../src/compose.ts";
import type { Env } from "../../src/env.ts";
import { adminKey, eventsOf, expectProblem, get, ok } from "../support/http.ts";
import { act, hook, made, pull, settings } from "./subscriptions.ts";

/** The same platform over the same stores, with other variables. */
const { worker } = compose();
async function deployed(variables: Partial<Env>, body: object) {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json", "tenant-id": "sub-targets" };
  const request = new Request("http://rivulet.test/v1/subscriptions", { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await worker.fetch(request as never, { ...(env as unknown as Env), ...variables });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: <Body>() => JSON.parse(text) as Body };
}

describe("without a MASTER_KEY", () => {
  const none = { MASTER_KEY: "" };

  test("no subscription with a secret is made: 503, which says what is missing", async () => {
    for (const sink of [hook, { ...hook, secret: `whsec_${btoa("x".repeat(32))}` }]) {
      const answer = await deployed(none, settings("unsealed", { sink }));
      expectProblem(answer, 503, "no_master_key");
      expect(answer.headers.get("retry-after")).toBe("60");
    }
  });

  test("what is wrong with it is said first, and who pulls needs none", async () => {
    expectProblem(await deployed(none, settings("unsealed", { sink: { url: "nowhere" } })), 422);
    expect((await deployed(none, settings("pulled without", { sink: pull }))).status).toBe(201);
  });
});

describe("a sink on a loopback or private address", () => {
  const locals = ["http://localhost:8080/", "http://127.0.0.1:1/", "http://10.1.2.3/", "http://[::1]/", "http://printer.local/"];

  test("is 422 at sink.url, unless the deployment allows it", async () => {
    for (const url of locals) {
      const refused = expectProblem(await deployed({}, settings(`refused ${url}`, { sink: { url } })), 422, "invalid_input");
      expect(refused.errors).toEqual([{ path: "sink.url", message: expect.stringMatching(/^Expected/) }]);
      expect((await deployed({ ALLOW_LOCAL_TARGETS: "1" }, settings(`allowed ${url}`, { sink: { url } }))).status).toBe(201);
    }
  });
});

describe("POST …/test", () => {
  test("tries the sink at once, and answers with the attempt, though it failed", async () => {
    const id = await made("tested", { sink: { url: "https://nobody.invalid/hook" }, timeoutMs: 2_000 });
    const answer = await act(id, "test");
    expect(ok(answer)).toEqual({
      outcome: "failed",
      at: expect.stringMatching(/Z$/),
      status: null,
      error: expect.stringMatching(/./),
      durationMs: expect.any(Number),
    });
    expect(answer.text).not.toMatch(/127\.0\.0\.1|ENOTFOUND|internal/);
    // It is no event of the log, and nothing happened to the subscription.
    expect(await eventsOf(`rivulet_subscription-${id}`)).toHaveLength(1);
    expect(ok<{ counts: object }>(await get(`/v1/subscriptions/${id}`)).counts).toEqual({ delivered: 0, failed: 0, parked: 0 });
  });

  test("under an Idempotency-Key tries once", async () => {
    const id = await made("tested once", { sink: { url: "https://nobody.invalid/hook" }, timeoutMs: 2_000 });
    const key = { "idempotency-key": "test once" };
    const [first, again] = [await act(id, "test", undefined, key), await act(id, "test", undefined, key)];
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
  });

  test("refuses what is no body of it", async () => {
    const id = await made("tested badly");
    expectProblem(await act(id, "test", { type: "a.b" }), 422);
  });
});
