import { describe, expect, test } from "vitest";
import { type CloudEvent, type CloudEventsRead, readBinaryCloudEvent } from "../../src/kernel/index.ts";

const required = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t" };
const bytes = (body: string | Uint8Array): Uint8Array => (typeof body === "string" ? new TextEncoder().encode(body) : body);
const read = (headers: Readonly<Record<string, string>>, body: string | Uint8Array = ""): CloudEventsRead =>
  readBinaryCloudEvent(Object.entries({ ...required, ...headers }), bytes(body));

function taken(result: CloudEventsRead): CloudEvent {
  if (!result.ok) throw new Error(`expected an event, got ${JSON.stringify(result)}`);
  return result.events[0] as CloudEvent;
}

function faults(result: CloudEventsRead): readonly string[] {
  if (result.ok || !("errors" in result)) throw new Error(`expected faults, got ${JSON.stringify(result)}`);
  return result.errors.map(({ path }) => path);
}

test("headers that begin with ce- are attributes, in any case; all others are not", () => {
  const event = taken(read({ "CE-Subject": "s", "cE-eXt": "5", host: "example.org", "x-ce-id": "2", ce: "x" }));
  expect(event).toMatchObject({ id: "1", source: "/s", type: "t", cloudevent: { subject: "s", extensions: { ext: "5" } } });
  expect(event.cloudevent.extensions).toEqual({ ext: "5" });
});

describe("a header's value", () => {
  test.each([
    ["plain", "a/b", "a/b"],
    ["percent-encoded, in either case", "Euro%20%E2%82%AC%20%f0%9f%98%80", "Euro € 😀"],
    ["percent-encoded without need", "%41%2f", "A/"],
    ["with spaces as older versions had them", "a b", "a b"],
    ["decoded once only", "%2541", "%41"],
    ["in quotes", '"a b"', "a b"],
    ["in quotes with escapes", '"a \\"b\\" \\\\ c"', 'a "b" \\ c'],
    ["in quotes and percent-encoded", '"a%20b"', "a b"],
    ["with a quote inside", 'a"b', 'a"b'],
    ["with a comment, which is none", "a (b)", "a (b)"],
    ["empty", "", ""],
  ])("%s", (_, value, text) => {
    expect(taken(read({ "ce-ext": value })).cloudevent.extensions).toEqual({ ext: text });
  });

  test.each([
    ["an overlong encoding", "%C0%A0"],
    ["a surrogate", "%ED%A0%80"],
    ["half a character", "%E2%82"],
    ["a percent sign alone", "100%"],
    ["a percent sign before no digits", "%zz"],
    ["a character that is not ASCII", "é"],
    ["a quote that does not end", '"a'],
    ["something behind a quoted text", '"a" b'],
    ["an escape of nothing", '"a\\"'],
    ["a control character, encoded", "a%0Ab"],
    ["a noncharacter, encoded", "%EF%BF%BE"],
  ])("that is %s is refused", (_, value) => {
    expect(faults(read({ "ce-ext": value }))).toEqual(["ext"]);
    expect(faults(read({ "ce-id": value }))).toEqual(["id"]);
  });
});

describe("an attribute", () => {
  test.each(["ce-specversion", "ce-id", "ce-source", "ce-type"])("%s that is missing, empty or wrong is refused", (name) => {
    const headers = Object.entries(required).filter(([header]) => header !== name);
    expect(faults(readBinaryCloudEvent(headers, bytes("")))).toEqual([name.slice(3)]);
    expect(faults(read({ [name]: "" }))).toEqual([name.slice(3)]);
  });

  test("is checked as in the JSON format", () => {
    expect(faults(read({ "ce-time": "noon", "ce-dataschema": "/relative", "ce-my-ext": "1", "ce-subject": "", "ce-": "x" }))).toEqual([
      "time",
      "dataschema",
      "my-ext",
      "subject",
      "",
    ]);
  });

  test("named data, data_base64 or datacontenttype is refused", () => {
    for (const name of ["data", "data_base64", "datacontenttype"]) expect(faults(read({ [`ce-${name}`]: "text/plain" }, "x"))).toEqual([name]);
  });
});

describe("the body", () => {
  test("is the data, to the character, where its type is JSON", () => {
    for (const type of ["application/json", "application/json; charset=utf-8", "Application/Vnd.X+JSON"])
      expect(taken(read({ "content-type": type }, '{ "1": 1.0,\n"0":"\\u0041" }'))).toEqual({
        id: "1",
        source: "/s",
        type: "t",
        cloudevent: { datacontenttype: type },
        data: '{"1":1.0,"0":"\\u0041"}',
      });
  });

  test("is base64 where its type is another, or none", () => {
    for (const type of [{ "content-type": "text/plain;charset=UTF-8" }, { "content-type": "application/octet-stream" }, {}])
      expect(taken(read(type, new Uint8Array([0, 255, 10])))).toMatchObject({ data: '"AP8K"', cloudevent: { dataform: "bytes" } });
  });

  test("is no data where it is empty", () => {
    for (const type of [{ "content-type": "application/json" }, { "content-type": "text/plain" }, {}])
      expect(taken(read(type))).toMatchObject({ data: "null", cloudevent: { dataform: "none" } });
  });

  test("is no JSON where it says so and is not", () => {
    for (const body of ["hello", "{", " ", new Uint8Array([34, 255, 34]), "\ufeff1"])
      expect(read({ "content-type": "application/json" }, body)).toHaveProperty("syntax");
  });

  test("is refused with its path where its JSON is", () => {
    const faultOf = (body: string): readonly string[] => faults(read({ "content-type": "application/json" }, body));
    expect(faultOf('{"a":["\\ud800"]}')).toEqual(["data.a[0]"]);
    expect(faultOf('["\\ud800"]')).toEqual(["data[0]"]);
    expect(faultOf('"\\ud800"')).toEqual(["data"]);
    expect(faultOf(`${"[".repeat(65)}${"]".repeat(65)}`)[0]).toMatch(/^data\[0\]/);
  });

  test("whose type is no media type is refused", () => {
    for (const type of ["xyz", "", "text/plain;"]) expect(faults(read({ "content-type": type }, "x"))).toEqual(["datacontenttype"]);
  });
});
