import { describe, expect, test } from "vitest";
import { sendBinary, sendCloudEvents } from "../support/cloudevents.ts";
import { type Answer, append, eventsOf, expectProblem, get, newerThan, send } from "../support/http.ts";

const MiB = 1024 * 1024;
let made = 0;
const nextStream = (): string => `body-${++made}`;
const path = (stream: string): string => `/v1/streams/${stream}/events`;
/** Appends one event with this data, as text. */
const appendText = (stream: string, data: string, more = ""): Promise<Answer> =>
  send("POST", path(stream), `{"events":[{"type":"body.Kept","data":${data}${more}}]}`);

/** That a stream and its copy in the log have this data, to the character. */
async function isKept(stream: string, data: string, write: Answer): Promise<void> {
  expect(write.status, write.text.slice(0, 300)).toBe(201);
  for (const where of [path(stream), `/v1/events?stream=${stream}`])
    expect((await get(where, newerThan(write))).text.includes(`"data":${data}`), where).toBe(true);
}

describe("numbers come back to the digit, from the stream and the log,", () => {
  test.each(["1E-400", "-0", "-0.0", "0e0", "1.0", "0.1e1", "1e+05", "123456789012345678901234567890", `0.${"1".repeat(500)}`])("as %.40s", async (number) => {
    const stream = nextStream();
    const data = `{"n":[${number}]}`;
    await isKept(stream, data, await appendText(stream, data));
  });

  test.each(["1e400", "-1e400", "1e309"])("but %s, beyond a double, is 422 with its path: its hash could not be computed from its JSON", async (number) => {
    const stream = nextStream();
    expect(expectProblem(await appendText(stream, `{"n":[${number}]}`), 422).errors).toMatchObject([{ path: "events[0].data.n[0]" }]);
    expectProblem(await get(`/v1/streams/${stream}`), 404);
  });

  test.each(["+1", ".5", "1.", "01", "0x1", "1e", "-", "Infinity", "NaN", "1_000"])("and %s, which is none of JSON's, is 400", async (number) => {
    const stream = nextStream();
    expectProblem(await appendText(stream, number), 400, "invalid_json");
    expectProblem(await get(`/v1/streams/${stream}`), 404);
  });
});

describe("what is no JSON text is 400", () => {
  const around = (text: string): string => `{"events":[{"type":"a","data":${text}}]}`;
  test.each([
    ["a byte order mark", `\ufeff${around("1")}`],
    ["a NUL between tokens", `${around("1")}\u0000`],
    ["a NUL in a text", around('"\u0000"')],
    ["a tab in a text", around('"\t"')],
    ["a form feed between tokens", `\f${around("1")}`],
    ["a comment", `${around("1")} // x`],
    ["a comma too many", around("[1,]")],
    ["a half escape", around('"\\u12"')],
    ["an unknown escape", around('"\\x41"')],
    ["nothing", ""],
    ["spaces alone", " \n"],
    ["two texts", `${around("1")}${around("2")}`],
  ])("%s", async (_, body) => {
    const stream = nextStream();
    const answer = await send("POST", path(stream), body);
    expectProblem(answer, 400, "invalid_json");
    expect(answer.json()).not.toHaveProperty("errors");
    expectProblem(await get(`/v1/streams/${stream}`), 404);
  });

  test("UTF-16, whatever it is called", async () => {
    const text = around("1");
    const bytes = Uint8Array.from([0xff, 0xfe, ...Array.from(text, (char) => [char.charCodeAt(0), 0]).flat()]);
    expectProblem(await send("POST", path(nextStream()), bytes, { "content-type": "application/json; charset=utf-16" }), 400);
  });
});

describe("CloudEvents are held to the same JSON", () => {
  const event = (data: string): string => `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":${data}}`;
  const deep = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  test.each([
    ["a lone surrogate in a text", '"\\ud800"', "data"],
    ["a lone surrogate in a key", '{"a":{"\\udc00":1}}', "data.a"],
    ["a name that is twice in one object", '{"a":1,"a":1}', "data.a"],
    ["nesting of 65", deep(65), "data"],
  ])("%s is 422 with its path", async (_, data, place) => {
    const stream = nextStream();
    const { errors } = expectProblem(await sendCloudEvents(path(stream), event(data)), 422);
    expect(errors?.[0]?.path.startsWith(place), JSON.stringify(errors)).toBe(true);
    const batch = expectProblem(await sendCloudEvents("/v1/events", `[${event(data)}]`, { "content-type": "application/cloudevents-batch+json" }), 422);
    expect(batch.errors?.[0]?.path.startsWith(`[0].${place}`), JSON.stringify(batch.errors)).toBe(true);
    const binary = { specversion: "1.0", id: "1", source: "/s", type: "t" };
    expectProblem(await sendBinary(path(stream), binary, data, "application/json"), 422);
    expectProblem(await get(`/v1/streams/${stream}`), 404);
  });

  test("nesting of 64, numbers to the digit and __proto__ are kept", async () => {
    for (const data of [deep(64), '{"__proto__":{"a":1.0},"constructor":1.50}']) {
      const stream = nextStream();
      await isKept(stream, data, await sendCloudEvents(path(stream), event(data)));
    }
  });
});

test("metadata has __proto__ as a key of its own, and none that counts", async () => {
  const stream = nextStream();
  const answer = await appendText(stream, "1", ',"metadata":{"__proto__":{"priority":"critical"},"own":[{"__proto__":1}]}');
  expect(answer.status, answer.text).toBe(201);
  const [event] = await eventsOf(stream);
  expect(event?.metadata["priority"]).toBe("normal");
  expect(event?.metadata["own"]).toHaveLength(1);
});

describe("an event", () => {
  test("of exactly 1 MiB of data as stored is taken, of one byte more is 413", async () => {
    const stream = nextStream();
    const data = JSON.stringify("x".repeat(MiB - 2));
    expect(data.length).toBe(MiB);
    await isKept(stream, data, await appendText(stream, data));
    expectProblem(await appendText(nextStream(), JSON.stringify("x".repeat(MiB - 1))), 413, "event_too_large");
  });

  test("is measured as it is stored: spaces between its tokens do not count", async () => {
    const stream = nextStream();
    expect((await appendText(stream, `${" ".repeat(MiB)}[${" ".repeat(MiB)}1]`)).status).toBe(201);
    expect((await get(path(stream))).text).toContain('"data":[1]');
  });
});

test("events of exactly 8 MiB together as stored are taken, of one byte more 413, and nothing of them is written", async () => {
  const stream = nextStream();
  const id = { "x-correlation-id": "c" };
  const of = (size: number): object => ({ type: "body.Kept", data: "x".repeat(size - 2) });
  // What one event weighs beside its data is found by the limit itself: the answer says how much there was.
  const nine = (last: number): object[] => [...Array.from({ length: 7 }, () => of(MiB)), of(MiB / 2), of(last)];
  const { detail } = expectProblem(await append(stream, nine(MiB), id), 413, "append_too_large");
  const over = Number(/are (\d+) bytes/.exec(detail)?.[1]) - 8 * MiB;
  expectProblem(await append(stream, nine(MiB - over + 1), id), 413, "append_too_large");
  expectProblem(await get(`/v1/streams/${stream}`), 404);
  expect((await append(stream, nine(MiB - over), id)).status).toBe(201);
});

test("0 events are 422, 1000 are one append, 1001 are 422", async () => {
  const events = (count: number): object[] => Array.from({ length: count }, (_, n) => ({ type: "body.Kept", data: n }));
  const stream = nextStream();
  for (const count of [0, 1001]) expect(expectProblem(await append(stream, events(count)), 422).errors).toMatchObject([{ path: "events" }]);
  expect((await append(stream, events(1000))).status).toBe(201);
});

test("a body is over its limit, whatever of it is space: 413", async () => {
  for (const [method, where, size] of [
    ["POST", path(nextStream()), 17 * MiB],
    ["PUT", "/v1/sources/body", 20_000],
    ["PATCH", "/v1/streams/body-1", 20_000],
  ] as const)
    expectProblem(await send(method, where, " ".repeat(size)), 413, "body_too_large");
});
