import { describe, expect, test } from "vitest";
import { type Answer, eventsOf, everything, expectProblem, get, type HeaderFields, newerThan, ok, send } from "../support/http.ts";
import { act, hook, made, pull, settings, type Subscription, subscribe } from "./subscriptions.ts";

const keyed = (key: string, more: HeaderFields = {}): HeaderFields => ({ "idempotency-key": key, ...more });
const isReplay = (answer: Answer): string | null => answer.headers.get("idempotency-replayed");

describe("a subscription that is made under an Idempotency-Key", () => {
  test("is made once, and the repeat is the first answer without its secret", async () => {
    const tenant = { "tenant-id": "sub-keyed" };
    const first = await subscribe("keyed", {}, keyed("create", tenant));
    const { id, sink, ...others } = ok<Subscription>(first);
    await act(id, "pause", undefined, tenant);
    await send("PATCH", `/v1/subscriptions/${id}`, { name: "renamed since" }, tenant);
    const again = await subscribe("keyed", {}, keyed("create", tenant));
    expect([again.status, isReplay(first), isReplay(again)]).toEqual([201, null, "true"]);
    const { secret: _, ...shown } = sink;
    expect(again.json()).toEqual({ id, sink: shown, ...others });
    for (const name of ["etag", "location", "consistency-token"]) expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect(again.text).not.toContain(sink.secret);
    expect(await everything("/v1/subscriptions", { ...tenant, ...newerThan(again) })).toHaveLength(1);
  });

  test("is given again after it was deleted", async () => {
    const first = await subscribe("keyed and gone", {}, keyed("create and delete"));
    await send("DELETE", first.headers.get("location") as string);
    const again = await subscribe("keyed and gone", {}, keyed("create and delete"));
    expect([again.status, again.json<Subscription>().id]).toEqual([201, first.json<Subscription>().id]);
    expectProblem(await get(first.headers.get("location") as string), 404);
  });

  test("is made once though many ask at the same moment", async () => {
    const tenant = { "tenant-id": "sub-keyed-race" };
    const answers = await Promise.all(Array.from({ length: 5 }, () => subscribe("raced", {}, keyed("race", tenant))));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.json<Subscription>().id)).size).toBe(1);
    expect(answers.filter((answer) => answer.json<Subscription>().sink.secret !== undefined)).toHaveLength(1);
  });

  test("is 422 with another body; a secret alone makes no other body", async () => {
    const body = (fill: string) => settings("keyed body", { sink: { ...hook, secret: `whsec_${btoa(fill.repeat(32))}` } });
    await send("POST", "/v1/subscriptions", body("x"), keyed("body"));
    expectProblem(await subscribe("keyed body", { timeoutMs: 1 }, keyed("body")), 422, "idempotency_key_reused");
    expect(isReplay(await send("POST", "/v1/subscriptions", body("y"), keyed("body")))).toBe("true");
  });

  test("that was refused leaves the key free", async () => {
    await made("there already");
    expectProblem(await subscribe("there already", {}, keyed("free")), 409);
    expectProblem(await subscribe("x", { from: 1_000_000 }, keyed("free")), 422, "invalid_input");
    expect((await subscribe("not there yet", {}, keyed("free"))).status).toBe(201);
  });

  test("is 400 where the key is none", async () => {
    expectProblem(await subscribe("no key", {}, keyed('"open')), 400, "invalid_idempotency_key");
  });
});

/** Every other POST on one subscription, and whether it is one that pulls. */
const operations: readonly (readonly [operation: string, body: unknown, other: unknown, isPull: boolean])[] = [
  ["pause", { reason: "a" }, { reason: "b" }, false],
  ["resume", undefined, {}, false],
  ["replay", { from: "beginning" }, { from: "beginning", rate: 1 }, false],
  ["rotate-secret", undefined, { overlapSeconds: 1 }, false],
  ["ack", { positions: [1] }, { positions: [2] }, true],
  ["nack", { positions: [1] }, { positions: [1], reason: "b" }, true],
];

describe.each(operations)("POST …/%s under an Idempotency-Key", (operation, body, other, isPull) => {
  test("happens once, and its first answer is given again", async () => {
    const id = await made(`keyed ${operation}`, isPull ? { sink: pull } : {});
    const first = await act(id, operation, body, keyed(`once ${operation}`));
    const events = await eventsOf(`rivulet_subscription-${id}`);
    const again = await act(id, operation, body, keyed(`once ${operation}`));
    expect([again.status, isReplay(first), isReplay(again)]).toEqual([first.status, null, "true"]);
    const { secret: _, ...sink } = first.json<Partial<Subscription>>().sink ?? {};
    expect(again.json()).toEqual({ ...first.json<object>(), ...(Object.keys(sink).length > 0 && { sink }) });
    expect(await eventsOf(`rivulet_subscription-${id}`)).toEqual(events);
  });

  test("is 422 with another body, or for another subscription", async () => {
    const [one, two] = [await made(`keyed ${operation} 1`, isPull ? { sink: pull } : {}), await made(`keyed ${operation} 2`, isPull ? { sink: pull } : {})];
    await act(one, operation, body, keyed(`else ${operation}`));
    expectProblem(await act(one, operation, other, keyed(`else ${operation}`)), 422, "idempotency_key_reused");
    expectProblem(await act(two, operation, body, keyed(`else ${operation}`)), 422, "idempotency_key_reused");
  });

  test("is given again when the subscription is gone by now", async () => {
    const id = await made(`keyed ${operation} then`, isPull ? { sink: pull } : {});
    const first = await act(id, operation, body, keyed(`then ${operation}`));
    await send("DELETE", `/v1/subscriptions/${id}`);
    const again = await act(id, operation, body, keyed(`then ${operation}`));
    expect([again.status, isReplay(again)]).toEqual([first.status, "true"]);
    expectProblem(await act(id, operation, body), 404);
  });
});
