import { beforeAll, describe, expect, test } from "vitest";
import { BATCH, cloudEventsOf, type Members, sendCloudEvents } from "../support/cloudevents.ts";
import { append, expectProblem, get, ok, send } from "../support/http.ts";

const required = { specversion: "1.0", source: "/s", type: "out.Happened" };
const asBatch = { accept: BATCH };
const stream = "out-ten";
const path = `/v1/streams/${stream}/events`;

beforeAll(async () => {
  await sendCloudEvents(
    path,
    Array.from({ length: 10 }, (_, n) => ({ ...required, id: `${n + 1}`, data: n + 1 })),
  );
});

describe("a stream as CloudEvents", () => {
  test("gives a plainly appended event as a valid one, with our own names as extensions", async () => {
    const metadata = { correlationId: "c-1", causationId: "c-0" };
    const answer = await append("out-plain", [{ type: "notes.NoteAdded", id: "n-1", schemaVersion: 2, data: { a: 1 }, metadata }]);
    const [event] = await cloudEventsOf("out-plain");
    expect(event).toEqual({
      specversion: "1.0",
      id: "n-1",
      source: "/v1",
      type: "notes.NoteAdded",
      time: expect.stringMatching(/Z$/),
      datacontenttype: "application/json",
      data: { a: 1 },
      stream: "out-plain",
      sequence: "0000000001",
      recordedtime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      correlationid: "c-1",
      causationid: "c-0",
      traceparent: expect.stringContaining(answer.headers.get("traceresponse")?.split("-")[1] as string),
      schemaversion: 2,
    });
  });

  test("gives back all that came in, to the character of the data", async () => {
    const data = '{"b":1.0,"10":12345678901234567890,"2":["\\u0041"]}';
    const members = '"subject":"a b","time":"2026-11-20T10:00:00.5+01:00","dataschema":"urn:x:y","ext":5,"truth":false,"text":"€"';
    await sendCloudEvents("/v1/streams/out-back/events", `{"specversion":"1.0","id":"1","source":"#f","type":"t",${members},"data":${data}}`);
    const { text } = await get("/v1/streams/out-back/events", asBatch);
    expect(text).toContain(`"data":${data}}`);
    expect((JSON.parse(text) as Members[])[0]).toMatchObject(JSON.parse(`{"source":"#f",${members}}`));
    expect((JSON.parse(text) as Members[])[0]).not.toHaveProperty("datacontenttype");
  });

  test("can be sent to another stream, where each event is the same", async () => {
    const { text } = await get(path, asBatch);
    expect((await sendCloudEvents("/v1/streams/out-copy/events", JSON.parse(text) as Members[])).status).toBe(201);
    const copy = (await cloudEventsOf("out-copy")).map(({ id, data, time }) => [id, data, time]);
    expect(copy).toEqual((await cloudEventsOf(stream)).map(({ id, data, time }) => [id, data, time]));
  });

  test("takes the same parameters", async () => {
    const ids = async (query: string): Promise<unknown[]> => ok<Members[]>(await get(`${path}?${query}`, asBatch)).map(({ id }) => id);
    expect(await ids("from=3&to=5")).toEqual(["3", "4", "5"]);
    expect(await ids("direction=backward&limit=2")).toEqual(["10", "9"]);
    expect(await ids("from=11")).toEqual([]);
    expectProblem(await get(`${path}?limit=0`, asBatch), 422);
    expectProblem(await get("/v1/streams/out-none/events", asBatch), 404);
  });

  test.each(["limit=3", "limit=3&direction=backward", "limit=4&from=2&to=9", "limit=10"])("is paged by Link with ?%s", async (query) => {
    const ids: unknown[] = [];
    for (let next: string | undefined = `${path}?${query}`; next !== undefined;) {
      const answer = await get(next, asBatch);
      const page = ok<Members[]>(answer);
      expect(page.length).toBeGreaterThan(0);
      ids.push(...page.map(({ id }) => id));
      expect(ids.length).toBeLessThanOrEqual(10);
      const link = answer.headers.get("link");
      next = link === null ? undefined : /^<(\/v1\/[^>]+)>; rel="next"$/.exec(link)?.[1];
      if (link !== null) expect(next, link).toBeDefined();
    }
    const plain = ok<{ items: { id: string }[] }>(await get(`${path}?${query.replace(/limit=\d+/, "limit=1000")}`)).items;
    expect(ids).toEqual(plain.map(({ id }) => id));
  });
});

describe("which representation is given", () => {
  test.each([
    [undefined, "application/json"],
    ["", "application/json"],
    ["*/*", "application/json"],
    ["application/*", "application/json"],
    ["application/json", "application/json"],
    [BATCH, BATCH],
    ["Application/CloudEvents-Batch+JSON; charset=utf-8", BATCH],
    [`${BATCH}, */*`, BATCH],
    [`*/*, ${BATCH}`, BATCH],
    [`application/json;q=0.5, ${BATCH};q=0.6`, BATCH],
    [`application/json, ${BATCH}`, "application/json"],
    [`${BATCH}, application/json`, BATCH],
    ["application/json;q=0, */*;q=0.1", BATCH],
    ["text/html, application/xhtml+xml, */*;q=0.8", "application/json"],
  ])("Accept: %s: %s", async (accept, type) => {
    const answer = await get(path, accept === undefined ? {} : { accept });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
    expect(answer.headers.get("vary")).toBe("Accept");
  });

  test.each(["text/html", "application/cloudevents+json", `${BATCH};q=0`, "*/*;q=0", "application/json;q=x", "nonsense"])("Accept: %s: 406", async (accept) => {
    const answer = await get(path, { accept });
    expectProblem(answer, 406, "not_acceptable");
    expect(answer.headers.get("vary")).toBe("Accept");
  });

  test("HEAD says the same without a body", async () => {
    const answer = await send("HEAD", path, undefined, asBatch);
    expect([answer.status, answer.headers.get("content-type"), answer.text]).toEqual([200, BATCH, ""]);
  });
});

describe("the ETag", () => {
  test("differs by representation, and spares an answer only for its own", async () => {
    const json = (await get(path)).headers.get("etag") as string;
    const batch = (await get(path, asBatch)).headers.get("etag") as string;
    expect(json).toBe('"10"');
    expect(batch).not.toBe(json);
    for (const [etag, other, accept] of [
      [json, batch, "application/json"],
      [batch, json, BATCH],
    ] as const) {
      const spared = await get(path, { accept, "if-none-match": etag });
      expect([spared.status, spared.headers.get("etag"), spared.headers.get("vary"), spared.text]).toEqual([304, etag, "Accept", ""]);
      expect((await get(path, { accept, "if-none-match": other })).status).toBe(200);
    }
  });
});
