import { describe, expect, test } from "vitest";
import { type CloudEvent, type CloudEventsRead, readCloudEvent, readCloudEventBatch } from "../../src/kernel/index.ts";

const required = { specversion: "1.0", id: "1", source: "/s", type: "t" };
const read = (more: object): CloudEventsRead => readCloudEvent(JSON.stringify({ ...required, ...more }));
const readText = (members: string): CloudEventsRead => readCloudEvent(`{"specversion":"1.0","id":"1","source":"/s","type":"t",${members}}`);

function taken(result: CloudEventsRead): CloudEvent {
  if (!result.ok || result.events.length !== 1) throw new Error(`expected one event, got ${JSON.stringify(result)}`);
  return result.events[0] as CloudEvent;
}

function faults(result: CloudEventsRead): readonly string[] {
  if (result.ok || !("errors" in result)) throw new Error(`expected faults, got ${JSON.stringify(result)}`);
  return result.errors.map(({ path }) => path);
}

describe("data", () => {
  test.each(['{"b":1,"1":2,"a":[1.0,1E2,-0]}', "12345678901234567890", '"text"', "null", "[]", "false", '{"__proto__":{"data":1}}'])(
    "that is JSON is kept to the character: %s",
    (text) => {
      for (const more of ["", '"datacontenttype":"application/vnd.x+json; a=b",', '"datacontenttype":null,']) {
        const event = taken(readText(`${more}"data":${text}`));
        expect(event.data).toBe(text);
        expect(event.cloudevent.dataform).toBeUndefined();
      }
    },
  );

  test("that is missing is null, and said to be missing", () => {
    expect(taken(read({}))).toMatchObject({ data: "null", cloudevent: { dataform: "none" } });
    expect(taken(read({ data_base64: null }))).toMatchObject({ data: "null", cloudevent: { dataform: "none" } });
    expect(taken(read({ data: null })).cloudevent).toEqual({});
  });

  test("in base64 is kept as it is, whatever its type, and empty too", () => {
    for (const data_base64 of ["AAEC/w==", ""]) {
      for (const type of [{}, { datacontenttype: "application/json" }, { datacontenttype: "image/png" }])
        expect(taken(read({ ...type, data_base64 }))).toMatchObject({ data: JSON.stringify(data_base64), cloudevent: { ...type, dataform: "bytes" } });
    }
  });

  test("that is a text of another type is its UTF-8 in base64, and said to be a text", () => {
    const event = taken(read({ datacontenttype: "text/plain", data: "é😀" }));
    expect(event).toMatchObject({ data: `"${Buffer.from("é😀").toString("base64")}"`, cloudevent: { dataform: "text" } });
  });

  test("beside data_base64 is refused, even where it is null", () => {
    for (const data of [1, "", null]) expect(faults(read({ data, data_base64: "TWE=" }))).toEqual(["data_base64"]);
  });

  test.each([5, {}, "TWE", "TWE=\n", "-_-_", true])("in base64 that is %j is refused", (data_base64) => {
    expect(faults(read({ data_base64 }))).toEqual(["data_base64"]);
  });

  test.each([5, {}, ["a"], null])("that is %j though its type is not JSON is refused", (data) => {
    expect(faults(read({ datacontenttype: "text/plain", data }))).toEqual(["data"]);
  });

  test("with a lone surrogate, a name twice or nested too deeply is refused, with its path", () => {
    expect(faults(readText('"data":{"a":["\\ud800"]}'))).toEqual(["data.a[0]"]);
    expect(faults(readText('"data":{"a":1,"a":2}'))).toEqual(["data.a"]);
    expect(faults(readText(`"data":${"[".repeat(65)}${"]".repeat(65)}`))[0]).toMatch(/^data\[0\]/);
  });
});

describe("an attribute", () => {
  test("whose name is not of a-z and 0-9 is refused, even where it is null", () => {
    for (const name of ["A", "a_b", "a-b", "a.b", "é", "", " a", "data_", "__proto__"]) {
      for (const value of ["null", '"x"']) expect(faults(readText(`${JSON.stringify(name)}:${value}`))).toEqual([name]);
    }
  });

  test("may have a long name, and one that JavaScript's objects have", () => {
    const extensions = { ["x".repeat(50)]: "long", constructor: "c", "007": 7, tostring: "", valueof: true };
    expect(taken(read(extensions)).cloudevent.extensions).toEqual(extensions);
  });

  test.each([1.5, 2_147_483_648, -2_147_483_649, 1e21, {}, [], ["a"], "a\nb", "\u0000", "\u007f", "\ufffe"])("that is %j is refused", (value) => {
    expect(faults(read({ ext: value }))).toEqual(["ext"]);
  });

  test.each([2_147_483_647, -2_147_483_648, 0, true, false, "", "é😀", "a b%"])("that is %j is kept", (ext) => {
    expect(taken(read({ ext })).cloudevent).toEqual({ extensions: { ext }, dataform: "none" });
  });

  test("with a lone surrogate is refused", () => {
    expect(faults(readText('"ext":"\\ud800"'))).toEqual(["ext"]);
  });

  test("that stands twice is refused", () => {
    expect(faults(readText('"ext":1,"ext":1'))).toEqual(["ext"]);
  });

  test("of the specification is refused where it is no text", () => {
    for (const name of ["specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype"])
      for (const value of [5, true, {}, []]) expect(faults(read({ [name]: value }))).toContain(name);
  });

  test("that is required is refused where it is null", () => {
    for (const name of ["specversion", "id", "source", "type"]) expect(faults(read({ [name]: null }))).toEqual([name]);
  });

  test("is kept up to the platform's own limits", () => {
    expect(taken(read({ id: "x".repeat(256), source: `/${"x".repeat(1023)}`, type: "x".repeat(256), subject: "x".repeat(5000) })).id).toHaveLength(256);
    expect(faults(read({ id: "x".repeat(257), source: `/${"x".repeat(1024)}`, type: "x".repeat(257) }))).toEqual(["id", "source", "type"]);
  });
});

test("attributes of megabytes are refused and break nothing", () => {
  const huge = "A".repeat(9_000_000);
  const attributes = { source: `/${huge}`, dataschema: `a:${huge}`, datacontenttype: `a/${huge}`, time: huge };
  expect([...faults(read(attributes))].sort()).toEqual(["datacontenttype", "dataschema", "source", "time"]);
  expect(taken(read({ ext: huge })).cloudevent.extensions).toEqual({ ext: huge });
  const long = "%41".repeat(21_000);
  expect(read({ dataschema: `a:/${long}`, datacontenttype: `a/b;c="${"\\a".repeat(30_000)}"` }).ok).toBe(true);
});

describe("what is wrong is told", () => {
  test("all at once", () => {
    const result = readCloudEvent(JSON.stringify({ specversion: "0.3", type: "", time: "x", Ext: 1, ext: 0.5, data: 1, data_base64: "" }));
    expect([...faults(result)].sort()).toEqual(["Ext", "data_base64", "ext", "id", "source", "specversion", "time", "type"]);
  });

  test("by its place in a batch", () => {
    const result = readCloudEventBatch(JSON.stringify([required, { ...required, id: "" }, 7, { ...required, data: 1 }, { ...required, type: 1 }, null, []]));
    expect(faults(result)).toEqual(["[1].id", "[2]", "[4].type", "[5]", "[6]"]);
  });

  test("up to a hundred times", () => {
    expect(faults(readCloudEventBatch(JSON.stringify(Array.from({ length: 500 }, () => ({})))))).toHaveLength(100);
  });
});

test("what is no object, or no array, is refused", () => {
  for (const text of ["[]", "null", "7", '"x"', `[${JSON.stringify(required)}]`]) expect(faults(readCloudEvent(text))).toEqual([""]);
  for (const text of ["{}", "null", "7", '"x"', JSON.stringify(required)]) expect(faults(readCloudEventBatch(text))).toEqual([""]);
});

test("what is no JSON is told apart from what is wrong", () => {
  for (const text of ["", "{", "[1,]", "{'a':1}"])
    for (const result of [readCloudEvent(text), readCloudEventBatch(text)]) expect(result).toHaveProperty("syntax");
});

test("in a batch each event has its own data, also where some have none", () => {
  const events = [{ ...required, data: 1 }, required, { ...required, data_base64: "TWE=" }, { ...required, data: { a: 2 } }];
  for (const text of [JSON.stringify(events), JSON.stringify(events, null, 1)]) {
    const result = readCloudEventBatch(text);
    expect(result.ok && result.events.map(({ data }) => data)).toEqual(["1", "null", '"TWE="', '{"a":2}']);
  }
});
