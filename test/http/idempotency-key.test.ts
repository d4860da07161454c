import { describe, expect, test } from "vitest";
import { append, type Appended, eventsOf, expectProblem, get, newerThan, ok, type Page, send } from "../support/http.ts";

const counted = (n: number): object => ({ type: "counter.Counted", data: n });
const keyed = (key: string): { "idempotency-key": string } => ({ "idempotency-key": key });

describe("a POST that is sent again with its Idempotency-Key", () => {
  test("is given the first answer again, and writes nothing", async () => {
    const first = await append("counter-again", [counted(1)], keyed("k-again"));
    expect(first.status).toBe(201);
    expect(first.headers.has("idempotency-replayed")).toBe(false);
    await append("counter-again", [counted(2)]);
    const again = await append("counter-again", [counted(1)], keyed("k-again"));
    expect(again.status).toBe(201);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.text).toBe(first.text);
    for (const name of ["etag", "location", "content-type"]) expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect(await eventsOf("counter-again")).toHaveLength(2);
  });

  test("is recognised whether the key is quoted or bare", async () => {
    await append("counter-quoted", [counted(1)], keyed('"k-quoted"'));
    expect((await append("counter-quoted", [counted(1)], keyed("k-quoted"))).headers.get("idempotency-replayed")).toBe("true");
    await append("counter-bare", [counted(1)], keyed("k-bare"));
    expect((await append("counter-bare", [counted(1)], keyed('"k-bare"'))).headers.get("idempotency-replayed")).toBe("true");
    expect([await eventsOf("counter-quoted"), await eventsOf("counter-bare")].map(({ length }) => length)).toEqual([1, 1]);
  });

  test("is given the first answer also when its precondition fails by now", async () => {
    const isNew = { ...keyed("k-new"), "if-none-match": "*" };
    const first = await append("counter-new", [counted(1)], isNew);
    expect(first.status).toBe(201);
    const again = await append("counter-new", [counted(1)], isNew);
    expect([again.status, again.text]).toEqual([201, first.text]);
    const atOne = { ...keyed("k-one"), "if-match": '"1"' };
    const second = await append("counter-new", [counted(2)], atOne);
    expect(second.status).toBe(201);
    const secondAgain = await append("counter-new", [counted(2)], atOne);
    expect([secondAgain.status, secondAgain.text]).toEqual([201, second.text]);
    expect(await eventsOf("counter-new")).toHaveLength(2);
  });

  test("writes once when many are sent at the same moment", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => append("counter-race", [counted(1)], keyed("k-race"))));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(19);
    expect(await eventsOf("counter-race")).toHaveLength(1);
  });

  test("answers a token that the log holds", async () => {
    await append("counter-token", [counted(1)], keyed("k-token"));
    const again = await append("counter-token", [counted(1)], keyed("k-token"));
    expect(ok<Page>(await get("/v1/events?stream=counter-token", newerThan(again))).items).toHaveLength(1);
  });

  test("has a correlation id and a trace of its own", async () => {
    await append("counter-trace", [counted(1)], { ...keyed("k-trace"), "x-correlation-id": "first" });
    const again = await append("counter-trace", [counted(1)], { ...keyed("k-trace"), "x-correlation-id": "second" });
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.headers.get("x-correlation-id")).toBe("second");
  });

  test("is kept through five hundred other keys", async () => {
    await append("counter-kept", [counted(0)], keyed("k-first"));
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(Array.from({ length: 50 }, (_, n) => append("counter-kept", [counted(n)], keyed(`k-${batch}-${n}`))));
    }
    expect(ok<Appended>(await append("counter-kept", [counted(0)], keyed("k-first")))).toMatchObject({ firstVersion: 1, lastVersion: 1 });
    expect(await eventsOf("counter-kept")).toHaveLength(501);
  });
});

describe("a key that is used for something else", () => {
  test("is refused with 422 for another body", async () => {
    await append("counter-body", [counted(1)], keyed("k-body"));
    expectProblem(await append("counter-body", [counted(2)], keyed("k-body")), 422);
    expectProblem(await append("counter-body", [counted(1), counted(1)], keyed("k-body")), 422);
    expect(await eventsOf("counter-body")).toHaveLength(1);
  });

  test("is refused with 422 for another path", async () => {
    await append("counter-path", [counted(1)], keyed("k-path"));
    expectProblem(await append("counter-elsewhere", [counted(1)], keyed("k-path")), 422);
    expect(await eventsOf("counter-elsewhere")).toEqual([]);
  });

  test("is a key of its own in another tenant", async () => {
    await append("counter-tenant", [counted(1)], keyed("k-tenant"));
    const other = await append("counter-tenant", [counted(2)], { ...keyed("k-tenant"), "tenant-id": "somebody-else" });
    expect(other.status).toBe(201);
    expect(other.headers.has("idempotency-replayed")).toBe(false);
  });
});

describe("a refusal is not kept", () => {
  test("after a 412", async () => {
    const headers = keyed("k-412");
    expectProblem(await append("counter-412", [counted(1)], { ...headers, "if-match": '"1"' }), 412);
    const later = await append("counter-412", [counted(1)], headers);
    expect(later.status).toBe(201);
    expect(later.headers.has("idempotency-replayed")).toBe(false);
  });

  test("after a 422, for another body", async () => {
    expectProblem(await append("counter-422", [{ type: "counter.Counted" }], keyed("k-422")), 422);
    expect((await append("counter-422", [counted(1)], keyed("k-422"))).status).toBe(201);
  });

  test("after a 400 and a 415", async () => {
    expectProblem(await send("POST", "/v1/streams/counter-400/events", "{", keyed("k-400")), 400);
    expectProblem(await send("POST", "/v1/streams/counter-400/events", "{}", { ...keyed("k-400"), "content-type": "text/plain" }), 415);
    expect((await append("counter-400", [counted(1)], keyed("k-400"))).status).toBe(201);
  });

  test("after a 409", async () => {
    const mine = (data: unknown, id: string): object => ({ type: "counter.Counted", data, id });
    await append("counter-409", [mine(1, "c-1")]);
    expectProblem(await append("counter-409", [mine(2, "c-1")], keyed("k-409")), 409);
    expect((await append("counter-409", [mine(2, "c-2")], keyed("k-409"))).status).toBe(201);
  });
});

describe("a key's form", () => {
  test("is at most 255 bytes", async () => {
    const longest = "k".repeat(255);
    expect((await append("counter-long", [counted(1)], keyed(longest))).status).toBe(201);
    expect((await append("counter-long", [counted(1)], keyed(`"${longest}"`))).headers.get("idempotency-replayed")).toBe("true");
    for (const tooLong of [`${longest}k`, `"${longest}k"`]) {
      const refused = await append("counter-long", [counted(2)], keyed(tooLong));
      expectProblem(refused, refused.status === 400 ? 400 : 422);
    }
    expect(await eventsOf("counter-long")).toHaveLength(1);
  });

  test.each(['""', '"open', 'open"'])("is not %s", async (key) => {
    const refused = await append("counter-form", [counted(1)], keyed(key));
    expectProblem(refused, refused.status === 400 ? 400 : 422);
    expect(await eventsOf("counter-form")).toEqual([]);
  });
});
