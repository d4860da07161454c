import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CloudEvent, type JsonText, parseStreamName, sha256, streamOfCloudEvent } from "../../src/kernel/index.ts";

const streamOf = (source: string, extensions: Record<string, string | number | boolean> = {}, subject?: string): string | undefined =>
  streamOfCloudEvent({
    id: "1",
    source,
    type: "t",
    data: "1" as JsonText,
    cloudevent: { ...(subject !== undefined && { subject }), extensions },
  } satisfies CloudEvent);

const digits = (text: string): string => sha256(text).slice(7, 15);

describe("the category is the last part of the source", () => {
  test.each([
    ["/sensors/tn-1234567/alerts", "alerts"],
    ["/sensors/alerts/", "alerts"],
    ["https://example.org/Shop/Orders", "orders"],
    ["https://example.org/orders?a=b/c#d/e", "orders"],
    ["https://example.org", "example_org"],
    ["https://example.org:8080/", "example_org_8080"],
    ["//authority/path", "path"],
    ["urn:example:shop:orders", "orders"],
    ["mailto:orders@example.org", "orders_example_org"],
    ["orders", "orders"],
    ["/a_b.c-d~e", "a_b_c_d_e"],
    ["/caf%C3%A9", "caf_c3_a9"],
    ["/İ", "i_"],
    ["/1-555-123-4567", "source_1_555_123_4567"],
    ["/_x", "source__x"],
    ["#fragment", "source__fragment"],
    ["/", "source__"],
  ])("%s: %s", (source, category) => {
    expect(streamOf(source)).toBe(`${category}-default`);
  });

  test("cut at 200, with 8 digits of its hash", () => {
    const part = "A".repeat(201);
    expect(streamOf(`/x/${part}`)).toBe(`${"a".repeat(192)}${digits(part)}-default`);
    expect(streamOf(`/x/${"a".repeat(200)}`)).toBe(`${"a".repeat(200)}-default`);
    expect(streamOf(`/x/9${"a".repeat(199)}`)).toBe(`source_9${"a".repeat(184)}${digits(`9${"a".repeat(199)}`)}-default`);
  });
});

describe("the id is", () => {
  test("the partitionkey, else the subject, else default", () => {
    expect(streamOf("/s", { partitionkey: "K1" }, "sub")).toBe("s-K1");
    expect(streamOf("/s", {}, "Sub")).toBe("s-Sub");
    expect(streamOf("/s", { partitionkey: "" }, "Sub")).toBe("s-Sub");
    expect(streamOf("/s")).toBe("s-default");
    expect(streamOf("/s", { partitionkey: 5 })).toBe("s-5");
    expect(streamOf("/s", { partitionkey: true })).toBe("s-true");
  });

  test.each([
    ["partnerid/5/clientid/100", "partnerid_5_clientid_100"],
    ["A-Z.a_z~0:9", "A-Z.a_z~0:9"],
    ["a b%é😀", "a_b___"],
    [".", "_"],
    ["..", "__"],
    ["...", "..."],
  ])("%s as %s", (key, id) => {
    expect(streamOf("/s", {}, key)).toBe(`s-${id}`);
    expect(streamOf("/s", { partitionkey: key })).toBe(`s-${id}`);
  });

  test("cut at 200, with 8 digits of its hash, so that two long ones stay two", () => {
    const [one, two] = [`${"é".repeat(300)}1`, `${"é".repeat(300)}2`];
    expect(streamOf("/s", {}, one)).toBe(`s-${"_".repeat(192)}${digits(one)}`);
    expect(streamOf("/s", {}, one)).not.toBe(streamOf("/s", {}, two));
    expect(streamOf("/s", {}, "x".repeat(200))).toBe(`s-${"x".repeat(200)}`);
  });
});

describe("the extension stream", () => {
  test("goes before all else", () => {
    expect(streamOf("/s", { stream: "note-n1", partitionkey: "k" }, "sub")).toBe("note-n1");
    expect(streamOf("/s", { stream: "" }, "sub")).toBe("s-sub");
  });

  test.each(["note", "Note-1", "note-..", "note-a b", 5, true])("that is %j is no stream", (stream) => {
    expect(streamOf("/s", { stream })).toBeUndefined();
  });
});

test("there is a stream for whatever a CloudEvent says, always the same", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ minLength: 190, maxLength: 400 }), fc.webUrl());
  fc.assert(
    fc.property(
      text,
      fc.option(
        text.filter((subject) => subject !== ""),
        { nil: undefined },
      ),
      fc.option(fc.oneof(text, fc.integer(), fc.boolean()), { nil: undefined }),
      (source, subject, partitionkey) => {
        const stream = streamOf(source, partitionkey === undefined ? {} : { partitionkey }, subject);
        expect(parseStreamName(stream as string), stream).toBeDefined();
        expect(stream?.length).toBeLessThanOrEqual(401);
        expect(streamOf(source, partitionkey === undefined ? {} : { partitionkey }, subject)).toBe(stream);
      },
    ),
    { numRuns: 500 },
  );
});
