import { describe, expect, test } from "vitest";
import { eventsOf, everything, expectProblem, get, type HeaderFields, ok, pages, send } from "../support/http.ts";
import { type DeadLetter, giveUp, logged, pulled, strict } from "./dead-letters.ts";
import { eventually } from "./eventually.ts";
import { act, NOBODY } from "./subscriptions.ts";

const tenantOf = (name: string): HeaderFields => ({ "tenant-id": `dead-${name}` });
const letters = (headers: HeaderFields, query = ""): Promise<readonly DeadLetter[]> => everything<DeadLetter>(`/v1/dead-letters${query}`, headers);
const one = async (id: string, headers: HeaderFields): Promise<DeadLetter> => ok<DeadLetter>(await get(`/v1/dead-letters/${id}`, headers));
const redrive = (id: string, headers: HeaderFields, body?: unknown) => send("POST", `/v1/dead-letters/${id}/redrive`, body, headers);

describe("a dead letter", () => {
  test("is the event as the log has it, with the error of each attempt", async () => {
    const headers = tenantOf("shown");
    const id = await strict("shown", headers);
    const position = await logged("thing-1", headers, { data: { a: 1 } });
    await giveUp(id, headers, "no such thing");
    const letter = await one(`${id}~${position}`, headers);
    const [event] = ok<{ items: readonly object[] }>(await get("/v1/events?stream=thing-1", headers)).items;
    expect(letter).toEqual({
      id: `${id}~${position}`,
      subscription: id,
      event: { ...event, position },
      attempts: [{ at: expect.stringMatching(/Z$/), status: null, error: "no such thing", durationMs: expect.any(Number) }],
      parkedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      waitingBehind: 0,
    });
    const { waitingBehind: _, ...listed } = letter;
    expect(await letters(headers)).toEqual([listed]);
  });

  test("has every attempt there was, the oldest first", async () => {
    const headers = tenantOf("attempts");
    const id = await strict("attempts", headers, { retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 1 } });
    await logged("thing-1", headers);
    let letter = "";
    for (const reason of ["first", "second", "third"]) [letter = ""] = await giveUp(id, headers, reason);
    expect((await one(letter, headers)).attempts.map(({ error }) => error)).toEqual(["first", "second", "third"]);
  });

  test("has numbers to the digit", async () => {
    const headers = tenantOf("digits");
    const id = await strict("digits", headers);
    const data = '{"2":1.10,"1":12345678901234567890}';
    await send("POST", "/v1/streams/thing-1/events", `{"events":[{"type":"dead.Thing","data":${data}}]}`, headers);
    const [letter = ""] = await giveUp(id, headers);
    for (const path of ["/v1/dead-letters", `/v1/dead-letters/${letter}`]) expect((await get(path, headers)).text).toContain(`"data":${data}`);
  });

  test("says how many events of its stream, of the types that are wanted, wait behind it", async () => {
    const headers = tenantOf("waiting");
    const [ordered, free] = [await strict("ordered", headers), await strict("free", headers, { order: "none" })];
    await logged("thing-1", headers);
    const [first = "", other = ""] = [...(await giveUp(ordered, headers)), ...(await giveUp(free, headers))];
    for (const [stream, type] of [
      ["thing-1", "dead.Next"],
      ["thing-1", "other.Thing"],
      ["thing-2", "dead.Thing"],
      ["thing-1", "dead.Last"],
    ] as const)
      await logged(stream, headers, { type });
    expect((await one(first, headers)).waitingBehind).toBe(2);
    expect((await one(other, headers)).waitingBehind).toBe(null);
  });

  test.each(["none", `${NOBODY}~1`, "handler:none~1", "a~b~1", "~1", "%2F"])("that is none is 404: %s", async (id) => {
    const headers = tenantOf("none");
    expectProblem(await get(`/v1/dead-letters/${id}`, headers), 404);
    expectProblem(await redrive(id, headers), 404);
    expectProblem(await send("DELETE", `/v1/dead-letters/${id}?reason=x`, undefined, headers), 404);
  });

  test("is its tenant's alone", async () => {
    const [mine, theirs] = [tenantOf("mine"), tenantOf("theirs")];
    const id = await strict("mine", mine);
    await logged("thing-1", mine);
    const [letter = ""] = await giveUp(id, mine);
    expectProblem(await get(`/v1/dead-letters/${letter}`, theirs), 404);
    expectProblem(await redrive(letter, theirs), 404);
    expectProblem(await send("DELETE", `/v1/dead-letters/${letter}?reason=x`, undefined, theirs), 404);
    expect([(await letters(theirs)).length, (await letters(mine)).length]).toEqual([0, 1]);
  });
});

describe("the list of dead letters", () => {
  const headers = tenantOf("list");

  test("is filtered by subscription, type, stream and time, in the order of parking, page by page", async () => {
    const [a, b] = [await strict("a", headers), await strict("b", headers, { types: ["dead.Other"] })];
    for (const [stream, type] of [
      ["thing-1", "dead.Thing"],
      ["thing-2", "dead.Other"],
      ["thing-3", "dead.very.Deep"],
    ] as const)
      await logged(stream, headers, { type });
    await giveUp(a, headers);
    await giveUp(b, headers);
    const all = await letters(headers);
    expect(all.map(({ subscription, event }) => [subscription, event.stream])).toEqual([
      [a, "thing-1"],
      [a, "thing-2"],
      [a, "thing-3"],
      [b, "thing-2"],
    ]);
    const found = async (query: string): Promise<readonly number[]> =>
      (await letters(headers, query)).map(({ id }) => all.findIndex((letter) => letter.id === id));
    expect(await found(`?subscription=${b}`)).toEqual([3]);
    expect(await found("?type=dead.Other")).toEqual([1, 3]);
    expect(await found("?type=dead.*")).toEqual([0, 1, 3]);
    expect(await found("?type=%23")).toEqual([0, 1, 2, 3]);
    expect(await found("?stream=thing-2")).toEqual([1, 3]);
    expect(await found(`?stream=thing-2&subscription=${a}`)).toEqual([1]);
    expect(await found(`?until=${all[3]?.parkedAt}&since=${all[0]?.parkedAt}`)).toEqual(
      [0, 1, 2].filter((n) => (all[n]?.parkedAt ?? "") < (all[3]?.parkedAt ?? "")),
    );
    expect(await found("?since=2999-01-01T00:00:00Z")).toEqual([]);
    const lists = await pages<DeadLetter>("/v1/dead-letters?limit=3", headers);
    expect(lists.map(({ items }) => items.length)).toEqual([3, 1]);
    expect(lists.flatMap(({ items }) => items)).toEqual(all);
  });

  test.each(["limit=0", "limit=1001", "cursor=made-up", "type=a..b", "stream=No", "since=yesterday", "until=1", "subscription="])(
    "is 422 with its place for ?%s",
    async (query) => {
      const { errors } = expectProblem(await get(`/v1/dead-letters?${query}`), 422, "invalid_input");
      expect(errors?.map(({ path }) => path)).toEqual([query.slice(0, query.indexOf("="))]);
    },
  );
});

describe("a redrive", () => {
  test("delivers the event again, then what waited behind it, and then it is a dead letter no more", async () => {
    const headers = tenantOf("redriven");
    const id = await strict("redriven", headers);
    const first = await logged("thing-1", headers);
    const [letter = ""] = await giveUp(id, headers);
    const behind = await logged("thing-1", headers, { type: "dead.Behind" });
    const answer = await redrive(letter, headers);
    expect([answer.status, answer.json()]).toEqual([202, { id: letter, subscription: id }]);
    expect(answer.headers.get("location")).toBe(`/v1/dead-letters/${encodeURIComponent(letter)}`);
    const seen: number[] = [];
    while (seen.length < 2) {
      const events = await pulled(id, headers);
      seen.push(...events.map(({ position }) => position));
      await act(id, "ack", { positions: events.map(({ position }) => position) }, headers);
    }
    expect(seen).toEqual([first, behind]);
    expect(await letters(headers)).toEqual([]);
    expectProblem(await get(`/v1/dead-letters/${letter}`, headers), 404);
  });

  test("in vain leaves it a dead letter, with one attempt more", async () => {
    const headers = tenantOf("vain");
    const id = await strict("vain", headers);
    await logged("thing-1", headers);
    const [letter = ""] = await giveUp(id, headers, "first");
    await redrive(letter, headers);
    await giveUp(id, headers, "again");
    expect((await one(letter, headers)).attempts.map(({ error }) => error)).toEqual(["first", "again"]);
  });

  test("with an edit delivers other data, this once; the log keeps what it has", async () => {
    const headers = tenantOf("edited");
    const id = await strict("edited", headers);
    await logged("thing-1", headers, { data: { total: "twelve" } });
    const [letter = ""] = await giveUp(id, headers);
    await redrive(letter, headers, { edit: { total: 12 }, reason: "it was a text" });
    expect((await pulled(id, headers)).map(({ data }) => data)).toEqual([{ total: 12 }]);
    expect((await eventsOf("thing-1", headers)).map(({ data }) => data)).toEqual([{ total: "twelve" }]);
    expect((await eventsOf(`rivulet_subscription-${id}`, headers)).at(-1)).toMatchObject({
      type: "rivulet.DeadLetterRedriven",
      data: { edit: { total: 12 }, reason: "it was a text" },
    });
  });

  test("under an Idempotency-Key happens once, also when it is a dead letter no more", async () => {
    const headers = tenantOf("keyed");
    const id = await strict("keyed", headers);
    const position = await logged("thing-1", headers);
    const [letter = ""] = await giveUp(id, headers);
    const first = await redrive(letter, { ...headers, "idempotency-key": "redrive" });
    await pulled(id, headers);
    await act(id, "ack", { positions: [position] }, headers);
    const again = await redrive(letter, { ...headers, "idempotency-key": "redrive" });
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([202, first.text, "true"]);
    expectProblem(await redrive(letter, { ...headers, "idempotency-key": "redrive" }, { reason: "other" }), 422, "idempotency_key_reused");
    const types = (await eventsOf(`rivulet_subscription-${id}`, headers)).map(({ type }) => type);
    expect(types.filter((type) => type === "rivulet.DeadLetterRedriven")).toHaveLength(1);
  });

  test.each([
    [{ edits: 1 }, 422],
    [{ reason: "" }, 422],
    [{ reason: 5 }, 422],
    ["{", 400],
    [`{"edit":${"[".repeat(70)}${"]".repeat(70)}}`, 422],
  ])("is refused with %j", async (body, status) => {
    expectProblem(await send("POST", `/v1/dead-letters/${NOBODY}~1/redrive`, body), status);
  });
});

describe("POST /v1/dead-letters/redrive", () => {
  test("gives those who pull what they gave up, again", async () => {
    const headers = tenantOf("all-pulled");
    const id = await strict("all pulled", headers);
    const position = await logged("thing-1", headers);
    await giveUp(id, headers);
    ok(await redriveAll({}, headers));
    expect((await pulled(id, headers)).map((event) => event.position)).toEqual([position]);
  });

  const redriveAll = (body: unknown, headers: HeaderFields) => send("POST", "/v1/dead-letters/redrive", body, headers);
  type Redrives = { readonly redrives: readonly { readonly subscription: string; readonly id: string }[] };

  test("begins one redrive for each subscription that has what matches", async () => {
    const headers = tenantOf("all");
    const [a, b] = [await strict("a", headers), await strict("b", headers, { types: ["dead.Other"] })];
    await logged("thing-1", headers);
    await logged("thing-2", headers, { type: "dead.Other" });
    await giveUp(a, headers);
    await giveUp(b, headers);
    const filter = { type: "dead.Other", stream: "thing-2", since: "2026-01-01T00:00:00.000Z", until: "2999-01-01T00:00:00.000Z" };
    const answer = await redriveAll({ ...filter, reason: "the shop is back" }, headers);
    const { redrives } = ok<Redrives>(answer);
    expect(answer.status).toBe(202);
    expect(redrives.map(({ subscription }) => subscription)).toEqual([a, b].sort());
    for (const { subscription, id } of redrives) {
      const told = (await eventsOf(`rivulet_subscription-${subscription}`, headers)).at(-1);
      expect(told).toMatchObject({ type: "rivulet.DeadLettersRedriven", data: { id, filter, reason: "the shop is back" } });
    }
    expect(ok<Redrives>(await redriveAll({ subscription: b }, headers)).redrives.map(({ subscription }) => subscription)).toEqual([b]);
  });

  test("begins nothing where nothing matches", async () => {
    const headers = tenantOf("nothing");
    for (const body of [{}, { type: "a.b" }, { subscription: NOBODY }]) {
      const answer = await redriveAll(body, headers);
      expect([answer.status, answer.json()]).toEqual([202, { redrives: [] }]);
    }
  });

  test("under an Idempotency-Key begins once", async () => {
    const headers = { ...tenantOf("all-keyed"), "idempotency-key": "all" };
    const own = tenantOf("all-keyed");
    const id = await strict("all keyed", own);
    await logged("thing-1", own);
    await giveUp(id, own);
    const [first, again] = [await redriveAll({}, headers), await redriveAll({}, headers)];
    expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([202, first.text, "true"]);
    const types = (await eventsOf(`rivulet_subscription-${id}`, own)).map(({ type }) => type);
    expect(types.filter((type) => type === "rivulet.DeadLettersRedriven")).toHaveLength(1);
    expectProblem(await redriveAll({ type: "x" }, headers), 422, "idempotency_key_reused");
  });

  test.each<[string, object]>([
    ["type", { type: "a..b" }],
    ["stream", { stream: "No" }],
    ["since", { since: "yesterday" }],
    ["reason", { reason: "" }],
    ["", { all: true }],
  ])("is 422 at %s of %j", async (path, body) => {
    expect(expectProblem(await redriveAll(body, {}), 422, "invalid_input").errors?.map((error) => error.path)).toEqual([path]);
  });

  test("is the only thing to do there: GET and DELETE are 405", async () => {
    for (const method of ["GET", "DELETE", "PUT", "PATCH"]) {
      const answer = await send(method, "/v1/dead-letters/redrive");
      expectProblem(answer, 405, "method_not_allowed");
      expect(answer.headers.get("allow")).toBe("OPTIONS, POST");
    }
  });
});

test("a subscription that is deleted takes its dead letters with it, and no other's", async () => {
  const headers = tenantOf("deleted");
  const [gone, kept] = [await strict("gone", headers), await strict("kept", headers)];
  await logged("thing-1", headers);
  await giveUp(gone, headers);
  await giveUp(kept, headers);
  await send("DELETE", `/v1/subscriptions/${gone}`, undefined, headers);
  expect((await letters(headers)).map(({ subscription }) => subscription)).toEqual([kept]);
});

test("a subscription counts its dead letters", async () => {
  const headers = tenantOf("counted");
  const id = await strict("counted", headers);
  await logged("thing-1", headers);
  await logged("thing-2", headers);
  await giveUp(id, headers);
  const now = await eventually(
    "two of them",
    async () => ok<{ parked: number; counts: object; health: string }>(await get(`/v1/subscriptions/${id}`, headers)),
    ({ parked }) => parked === 2,
  );
  expect(now).toMatchObject({ parked: 2, counts: { delivered: 0, failed: 2, parked: 2 }, health: "degraded" });
});
