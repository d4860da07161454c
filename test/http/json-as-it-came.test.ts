import { describe, expect, test } from "vitest";
import { type Answer, eventsOf, expectProblem, get, newerThan, send } from "../support/http.ts";

let made = 0;
const nextStream = (): string => `json-${++made}`;

/** Appends one event whose data is this text. */
const appendText = (stream: string, data: string): Promise<Answer> =>
  send("POST", `/v1/streams/${stream}/events`, `{"events":[{"type":"json.Kept","id":"${stream}","data":${data}}]}`);

/** The raw text of each answer the event appears in. */
async function everywhere(stream: string, write: Answer): Promise<string[]> {
  const token = newerThan(write);
  const paths = [
    `/v1/streams/${stream}/events`,
    `/v1/streams/${stream}/events?direction=backward&limit=1`,
    `/v1/events?stream=${stream}`,
    `/v1/events/${stream}`,
  ];
  return Promise.all(paths.map(async (path) => (await get(path, token)).text));
}

const exact: readonly [string, string][] = [
  ["keys in their order", '{"b":1,"a":2,"c":{"z":1,"y":2}}'],
  ["keys that look like integers, in their order", '{"b":1,"10":2,"2":3,"a":4,"1":5,"-1":6,"01":7}'],
  ["keys that look like integers in arrays of objects", '[{"2":0,"1":0},{"x":{"9":0,"8":0}}]'],
  ["an empty key", '{"":1}'],
  ["__proto__ and its kin", '{"__proto__":{"a":1},"constructor":2,"prototype":3,"toJSON":4,"rawJSON":5,"hasOwnProperty":6}'],
  ["a nested __proto__ that is no object", '{"a":{"__proto__":null},"b":[{"__proto__":[1]}]}'],
  ["numbers with zeros at the end", "[1.0,1.50,0.0,100,1.00e1]"],
  ["integers beyond 2^53", "[12345678901234567890,9007199254740993,-9007199254740993]"],
  ["exponents", "[1e2,1E2,1e+2,1E-2,1.0e0]"],
  ["minus zero", "[-0,-0.0,0]"],
  ["more digits than a double has", "[3.14159265358979323846264338327950288419716939937510,0.1000000000000000055511151231257827]"],
  ["numbers as the values of keys like integers", '{"2":1.0,"1":12345678901234567890}'],
  ["the escapes JSON needs", '["\\"","\\\\","\\n\\r\\t\\b\\f","\\u0000\\u001f"]'],
  ["unicode of every length", '["é","€","😀","ß\u2028\u2029","日本語","e\u0301","\ufeff","\u007f\u0080"]'],
  ["unicode keys", '{"ключ":1,"😀":2,"é":3,"e\u0301":4}'],
  ["texts that look like something else", '["1.0","null","2026-11-20T10:00:00Z","</script>","\'; DROP TABLE events; --","${x}","%41"]'],
  ["empty things", '{"a":{},"b":[],"c":"","d":null}'],
  ["a bare number", "1.0"],
  ["a bare text", '"text"'],
  ["null", "null"],
];

describe("data comes back to the character, from the stream, the log and by id, with", () => {
  test.each(exact)("%s", async (_, data) => {
    const stream = nextStream();
    const write = await appendText(stream, data);
    expect(write.status, write.text).toBe(201);
    for (const text of await everywhere(stream, write)) expect(text).toContain(`"data":${data}`);
  });
});

describe("data keeps its meaning with", () => {
  test.each([
    ["escapes it does not need", '["\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/"]'],
    ["keys that are escaped", '{"\\u0061b":1,"\\"":2,"\\u0032":3,"\\u0031":4}'],
    ["spaces between its tokens", '{ "a" :\t[ 1 ,\r\n 2 ] , "b" : { } }'],
    ["spaces inside its texts", '{"a  b":"  c\\td  "}'],
  ])("%s", async (_, data) => {
    const stream = nextStream();
    const write = await appendText(stream, data);
    expect(write.status, write.text).toBe(201);
    const meaning = JSON.stringify(JSON.parse(data));
    for (const text of await everywhere(stream, write)) {
      const body = JSON.parse(text) as { data?: unknown; items?: readonly { data: unknown }[] };
      expect(JSON.stringify(body.items?.[0]?.data ?? body.data)).toBe(meaning);
    }
  });
});

test("many events of one append keep theirs, each its own", async () => {
  const datas = Array.from({ length: 50 }, (_, n) => `{"2":${n}.0,"1":"${n}"}`);
  const body = `{"events":[${datas.map((data) => `{"data":${data},"type":"json.Kept"}`).join(",")}]}`;
  await send("POST", "/v1/streams/json-many/events", body);
  const { text } = await get("/v1/streams/json-many/events");
  expect(text.match(/"data":\{.*?\}/g)).toEqual(datas.map((data) => `"data":${data}`));
});

describe("a lone surrogate is refused with 422 and its path", () => {
  test.each([
    ["in a value", '{"a":["x","\\ud800"]}', /events.*0.*data.*a.*1/],
    ["that is low", '{"a":"\\udc00x"}', /events.*0.*data.*a/],
    ["in a pair the wrong way round", '{"a":"\\udc00\\ud800"}', /events.*0.*data.*a/],
    ["in a key", '{"a":{"b\\ud800":1}}', /events.*0.*data.*a/],
    ["alone", '"\\udfff"', /events.*0.*data/],
  ])("%s", async (_, data, path) => {
    const stream = nextStream();
    const problem = expectProblem(await appendText(stream, data), 422);
    expect(problem.errors?.map(({ path }) => path).join(" ")).toMatch(path);
    expect(await eventsOf(stream)).toEqual([]);
  });

  test("in a type, an id, a source or metadata", async () => {
    for (const field of ['"type":"x\\ud800"', '"type":"x","id":"\\ud800"', '"type":"x","source":"\\ud800"', '"type":"x","metadata":{"a":"\\ud800"}']) {
      expectProblem(await send("POST", "/v1/streams/json-fields/events", `{"events":[{${field},"data":1}]}`), 422);
    }
    expect(await eventsOf("json-fields")).toEqual([]);
  });
});

describe("nesting", () => {
  const arrays = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  const objects = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;

  test.each([arrays(64), objects(64), `{"a":${arrays(63)},"b":${objects(63)}}`])("of 64 is fine: %.10s…", async (data) => {
    const stream = nextStream();
    const write = await appendText(stream, data);
    expect(write.status, write.text).toBe(201);
    for (const text of await everywhere(stream, write)) expect(text).toContain(`"data":${data}`);
  });

  test.each([arrays(65), objects(65), `{"ok":1,"a":${arrays(64)}}`, arrays(1000), arrays(200_000)])(
    "over 64 is refused with 422 and its path: %.10s…",
    async (data) => {
      const stream = nextStream();
      const problem = expectProblem(await appendText(stream, data), 422);
      expect(problem.errors?.map(({ path }) => path).join(" ")).toMatch(/events.*0.*data/);
      expect(await eventsOf(stream)).toEqual([]);
    },
  );
});

describe("a name that is twice in one object is refused with 422", () => {
  test.each(['{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '{"x":[{"a":1,"\\u0061":2}]}', '{"__proto__":1,"__proto__":2}', '{"1":1,"1":2}'])(
    "in data: %s",
    async (data) => {
      const stream = nextStream();
      const problem = expectProblem(await appendText(stream, data), 422);
      expect(problem.errors?.map(({ path }) => path).join(" ")).toMatch(/events.*0.*data/);
      expect(await eventsOf(stream)).toEqual([]);
    },
  );

  test("in an event and around the events", async () => {
    for (const body of ['{"events":[{"type":"a","type":"b","data":1}]}', '{"events":[],"events":[{"type":"a","data":1}]}']) {
      expectProblem(await send("POST", "/v1/streams/json-twice/events", body), 422);
    }
    expect(await eventsOf("json-twice")).toEqual([]);
  });
});

test.each(["1e400", "-1e400", "[1e-400]"])("the number %s, which no double holds, is kept to the digit or refused with 422", async (data) => {
  const stream = nextStream();
  const write = await appendText(stream, data);
  if (write.status !== 201) expectProblem(write, 422);
  else for (const text of await everywhere(stream, write)) expect(text).toContain(`"data":${data}`);
});
