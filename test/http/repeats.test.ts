import { describe, expect, test } from "vitest";
import { append, type Appended, eventsOf, expectProblem, get, newerThan, ok, type Page, send } from "../support/http.ts";

const paid = (id: string, data: unknown = { amount: 5 }, more: object = {}): object => ({ type: "orders.Paid", id, data, ...more });

describe("an event sent again with its source and id", () => {
  test("is answered 200 with the first versions, and not written again", async () => {
    const first = await append("parcel-again", [paid("p-1")]);
    expect(first.status).toBe(201);
    const again = await append("parcel-again", [paid("p-1")]);
    expect(again.status).toBe(200);
    expect(again.json()).toEqual(first.json());
    expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(await eventsOf("parcel-again")).toHaveLength(1);
  });

  test("gets the first versions also when the stream has grown", async () => {
    const first = await append("parcel-grown", [paid("p-1"), paid("p-2")]);
    await append("parcel-grown", [paid("p-3")]);
    const again = await append("parcel-grown", [paid("p-1"), paid("p-2")]);
    expect(again.status).toBe(200);
    expect(ok<Appended>(again)).toMatchObject({ firstVersion: 1, lastVersion: 2 });
    expect(again.json()).toEqual(first.json());
  });

  test("answers a token that the log holds", async () => {
    await append("parcel-token", [paid("p-token")]);
    const again = await append("parcel-token", [paid("p-token")]);
    const log = ok<Page>(await get("/v1/events?stream=parcel-token", newerThan(again)));
    expect(log.items.map(({ id }) => id)).toEqual(["p-token"]);
  });

  test("is one event in the log, however often it is sent and at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => append("parcel-many", [paid("p-many")])));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const log = ok<Page>(await get("/v1/events?stream=parcel-many", newerThan(answers[0] as (typeof answers)[number])));
    expect(log.items).toHaveLength(1);
  });

  test("is a repeat whatever its spaces and its metadata", async () => {
    await append("parcel-spaces", [paid("p-1", { a: 1, b: 2 }, { metadata: { correlationId: "c-1" } })]);
    const body = '{ "events" : [ { "id":"p-1", "data" : { "a" : 1,\n "b" : 2 }, "type":"orders.Paid", "metadata":{"correlationId":"c-2"} } ] }';
    expect((await send("POST", "/v1/streams/parcel-spaces/events", body)).status).toBe(200);
    expect((await eventsOf("parcel-spaces")).map(({ metadata }) => metadata["correlationId"])).toEqual(["c-1"]);
  });

  test("is a repeat with the default source named", async () => {
    await append("parcel-source", [paid("p-1")]);
    expect((await append("parcel-source", [paid("p-1", { amount: 5 }, { source: "/v1" })])).status).toBe(200);
    expect(await eventsOf("parcel-source")).toHaveLength(1);
  });

  test("is recognised by the id the platform gave it", async () => {
    const made = ok<Appended>(await append("parcel-made", [{ type: "orders.Paid", data: 1 }]));
    const again = await append("parcel-made", [paid(made.events[0]?.id as string, 1)]);
    expect(again.status).toBe(200);
    expect(await eventsOf("parcel-made")).toHaveLength(1);
  });

  test("is written once when it comes with a new one", async () => {
    await append("parcel-mixed", [paid("p-1")]);
    const mixed = await append("parcel-mixed", [paid("p-1"), paid("p-2")]);
    const ids = (await eventsOf("parcel-mixed")).map(({ id }) => id);
    expect(ids).toEqual(mixed.status < 300 ? ["p-1", "p-2"] : ["p-1"]);
  });
});

describe("another event", () => {
  test("has the same id under another source", async () => {
    await append("parcel-sources", [paid("p-1", 1, { source: "/a" })]);
    expect((await append("parcel-sources", [paid("p-1", 2, { source: "/b" })])).status).toBe(201);
    expect((await append("parcel-sources", [paid("p-2", 1, { source: "/a" }), paid("p-2", 1, { source: "/b" })])).status).toBe(201);
    expect((await eventsOf("parcel-sources")).map(({ source, id }) => source + id)).toEqual(["/ap-1", "/bp-1", "/ap-2", "/bp-2"]);
  });

  test("has a source and id that only together read like the first's", async () => {
    await append("parcel-seam", [paid("b/c", 1, { source: "/a" })]);
    expect((await append("parcel-seam", [paid("c", 2, { source: "/a/b" })])).status).toBe(201);
  });

  test("has a source and id that read like the first's with a line between them", async () => {
    const write = await append("parcel-line", [paid("c", 1, { source: "/a\nb" }), paid("b\nc", 1, { source: "/a" })]);
    expect(write.status, write.text).toBe(201);
  });

  test("has the same source and id in another stream", async () => {
    await append("parcel-here", [paid("p-1")]);
    expect((await append("parcel-there", [paid("p-1")])).status).toBe(201);
  });
});

describe("an id that is used for other content", () => {
  const others: readonly [string, object][] = [
    ["other data", paid("p-1", { amount: 6 })],
    ["data with one more key", paid("p-1", { amount: 5, tip: 0 })],
    ["another type", paid("p-1", { amount: 5 }, { type: "orders.Refunded" })],
  ];
  test.each(others)("is refused with 409 for %s", async (name, event) => {
    const stream = `parcel-other-${name.replaceAll(" ", "_")}`;
    await append(stream, [paid("p-1")]);
    expectProblem(await append(stream, [event]), 409, "event_id_reused");
    expectProblem(await append(stream, [paid("p-new"), event]), 409, "event_id_reused");
    expect((await eventsOf(stream)).map(({ data }) => data)).toEqual([{ amount: 5 }]);
  });

  test("is refused while the stream does nothing else, and for good", async () => {
    await append("parcel-good", [paid("p-1")]);
    await append(
      "parcel-good",
      Array.from({ length: 150 }, (_, n) => paid(`q-${n}`)),
    );
    expectProblem(await append("parcel-good", [paid("p-1", "other")]), 409, "event_id_reused");
    expect((await append("parcel-good", [paid("p-1")])).status).toBe(200);
  });
});

describe("an id that is twice in one request", () => {
  test.each([
    ["the same content", paid("p-1"), paid("p-1")],
    ["other content", paid("p-1"), paid("p-1", "other")],
    ["the default source named once", paid("p-1"), paid("p-1", { amount: 5 }, { source: "/v1" })],
  ])("is refused with 422 for %s", async (name, one, two) => {
    const stream = `parcel-twice-${name.replaceAll(" ", "_")}`;
    const problem = expectProblem(await append(stream, [paid("p-0"), one, two]), 422);
    expect(problem.errors?.map(({ path }) => path).join(" ")).toMatch(/events.*2/);
    expect(await eventsOf(stream)).toEqual([]);
  });
});
