import { beforeAll, describe, expect, test } from "vitest";
import { adminKey, expectProblem, get, newerThan, send } from "../support/http.ts";
import { eventOf, idsOf, post, putSource } from "./webhook-delivery.ts";

const key = { authorization: `Bearer ${adminKey}` };

beforeAll(async () => {
  await putSource("plain", { scheme: "none" });
  await putSource("plain", { scheme: "none" }, "acme");
});

describe("a source without signatures", () => {
  test("is set up without a secret, and keeps none", async () => {
    const tenant = { "tenant-id": "secretless" };
    const write = await send("PUT", "/v1/sources/none", { scheme: "none", secret: "a-secret-that-is-not-needed" }, tenant);
    expect([write.status, write.json()]).toEqual([201, { source: "none", scheme: "none", url: "/v1/webhooks/secretless/none", secretCount: 0 }]);
    expect((await send("PUT", "/v1/sources/none", { scheme: "none" }, tenant)).headers.get("etag")).toBe('"1"');
    const { text } = await get("/v1/events?category=rivulet_source", { ...tenant, ...newerThan(write) });
    expect(text).toContain('"scheme":"none"');
    expect(text).not.toContain("v1.");
  });

  test("takes what comes with a key, once, as done by that key", async () => {
    const body = '{"type":"door.opened","timestamp":"2026-11-20T10:00:00+01:00","data":{"id":"front"},"n":1.0}';
    const first = await post("plain", body, { ...key, "x-delivery-id": "door-1" });
    expect(first.status, first.text).toBe(202);
    expect(await eventOf(first, "plain")).toMatchObject({
      id: "door-1",
      type: "plain.door.opened",
      stream: "plain-front",
      source: "/webhooks/plain",
      time: "2026-11-20T10:00:00+01:00",
      metadata: { actor: "key:admin" },
    });
    expect((await post("plain", body, { ...key, "x-delivery-id": "door-1" })).status).toBe(200);
    expectProblem(await post("plain", body.replace("1.0", "2.0"), { ...key, "x-delivery-id": "door-1" }), 409, "event_id_reused");
  });

  test("takes what comes under an Idempotency-Key once, gives its first answer again, and takes nothing else under it", async () => {
    const body = '{"type":"door.opened","data":{"id":"keyed"}}';
    const keyed = (more: object = {}) => ({ ...key, "x-delivery-id": "keyed-1", "idempotency-key": '"a-delivery"', ...more });
    const first = await post("plain", body, keyed());
    expect([first.status, first.headers.has("idempotency-replayed")]).toEqual([202, false]);
    const again = await post("plain", body, keyed({ "idempotency-key": "a-delivery" }));
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([202, first.text, "true"]);
    expect(again.headers.get("consistency-token")).toBe(first.headers.get("consistency-token"));
    expectProblem(await post("plain", body.replace("opened", "closed"), keyed()), 422, "idempotency_key_reused");
    expectProblem(await post("plain", body.replace('"keyed"', '"of another stream"'), keyed()), 422, "idempotency_key_reused");
    expectProblem(await post("plain", body, keyed({ "x-delivery-id": "keyed-2" })), 422, "idempotency_key_reused");
    expectProblem(await post("plain", body, keyed({ "idempotency-key": '"open' })), 400, "invalid_idempotency_key");
    // Without the key it is a delivery that was seen.
    expect((await post("plain", body, keyed({ "idempotency-key": undefined }))).status).toBe(200);
    expect((await idsOf("plain")).filter((id) => id.startsWith("keyed-"))).toEqual(["keyed-1"]);
  });

  test("takes a form's fields", async () => {
    const form = { ...key, "content-type": "application/x-www-form-urlencoded", "webhook-id": "form-1" };
    const answer = await post("plain", "event=door.closed&door=front", form);
    expect(await eventOf(answer, "plain")).toMatchObject({
      id: "form-1",
      type: "plain.door.closed",
      stream: "plain-default",
      data: { event: "door.closed", door: "front" },
    });
  });

  test.each([
    ["no key", {}],
    ["a wrong key", { authorization: "Bearer nonsense" }],
    ["the key in another scheme", { authorization: `Basic ${btoa(`:${adminKey}`)}` }],
    ["an empty key", { authorization: "Bearer " }],
  ])("is 401 with %s, before the body is looked at, and nothing is stored", async (name, headers) => {
    for (const body of [`{"type":"forged"}`, "{", ""]) {
      const answer = await post("plain", body, { ...headers, "x-delivery-id": `forged-${name}` });
      expectProblem(answer, 401, "unauthorized");
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer /);
    }
    expect(await idsOf("plain")).not.toContain(`forged-${name}`);
  });

  test("of another tenant does not exist for this tenant's key", async () => {
    expectProblem(await post("plain", "{}", key, "acme"), 404);
    expectProblem(await post("plain", "{}", { ...key, "tenant-id": "acme" }), 404);
    expect((await post("plain", "{}", { ...key, "tenant-id": "acme" }, "acme")).status).toBe(202);
    expect(await idsOf("plain", "acme")).toHaveLength(1);
  });

  test("is no longer open to a key once it has a signature", async () => {
    await putSource("closing", { scheme: "none" });
    expect((await post("closing", "{}", key)).status).toBe(202);
    await putSource("closing", { scheme: "github", secret: "now it has one" });
    expectProblem(await post("closing", "{}", key), 401, "invalid_signature");
  });
});
