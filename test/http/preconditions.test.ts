import { describe, expect, test } from "vitest";
import { append, eventsOf, expectProblem, type HeaderFields } from "../support/http.ts";

const drawn = { type: "map.Drawn", data: {} };
const match = (tag: string): HeaderFields => ({ "if-match": tag });

/** A stream of two events. */
async function atTwo(stream: string): Promise<string> {
  await append(stream, [drawn, drawn]);
  return stream;
}

async function isRefused(stream: string, headers: HeaderFields, currentVersion: number): Promise<void> {
  expect(expectProblem(await append(stream, [drawn], headers), 412).currentVersion).toBe(currentVersion);
  expect(await eventsOf(stream)).toHaveLength(currentVersion);
}

describe("If-Match", () => {
  test("lets an append through that knows the stream's version", async () => {
    const stream = await atTwo("map-known");
    expect((await append(stream, [drawn], match('"2"'))).status).toBe(201);
    expect((await append(stream, [drawn], match('"3"'))).status).toBe(201);
    expect(await eventsOf(stream)).toHaveLength(4);
  });

  test("takes the ETag of an answer as it is", async () => {
    const first = await append("map-etag", [drawn]);
    expect((await append("map-etag", [drawn], match(first.headers.get("etag") as string))).status).toBe(201);
  });

  test.each(['"1"', '"3"', '"0"', '"99999999999999999999"', '"two"', '"02"', '""'])("refuses %s at version 2 with 412 and the current version", async (tag) => {
    await isRefused(await atTwo(`map-stale${encodeURIComponent(tag).replaceAll("%22", ".")}`), match(tag), 2);
  });

  test("never matches a weak tag", async () => {
    await isRefused(await atTwo("map-weak"), match('W/"2"'), 2);
    await isRefused("map-weak-new", match('W/"0"'), 0);
  });

  test('takes "0" for a stream that does not exist yet', async () => {
    expect((await append("map-zero", [drawn], match('"0"'))).status).toBe(201);
    await isRefused("map-zero", match('"0"'), 1);
  });

  test("takes * for a stream that exists", async () => {
    expect((await append(await atTwo("map-star"), [drawn], match("*"))).status).toBe(201);
    await isRefused("map-star-new", match("*"), 0);
  });

  test("is 412 with currentVersion 0 for a version of a stream that does not exist", async () => {
    await isRefused("map-nowhere", match('"1"'), 0);
  });

  test.each(["2", "0", "abc", '"2', '2"', "w/2", '"1", "2"', '*, "2"'])("that reads %s is 400", async (tag) => {
    const stream = await atTwo(`map-syntax-${tag.replaceAll(/[^a-z0-9]/g, "_")}${tag.length}`);
    expectProblem(await append(stream, [drawn], match(tag)), 400);
    expect(await eventsOf(stream)).toHaveLength(2);
  });

  test("lets one through of many that know the same version", async () => {
    const stream = await atTwo("map-race");
    const answers = await Promise.all(Array.from({ length: 12 }, () => append(stream, [drawn], match('"2"'))));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array<number>(11).fill(412)]);
    for (const answer of answers.filter(({ status }) => status === 412)) expect(expectProblem(answer, 412).currentVersion).toBe(3);
    expect(await eventsOf(stream)).toHaveLength(3);
  });
});

describe("If-None-Match: *", () => {
  test("lets an append through that makes the stream", async () => {
    expect((await append("map-made", [drawn], { "if-none-match": "*" })).status).toBe(201);
  });

  test("is 412 with the current version for a stream that exists", async () => {
    await isRefused(await atTwo("map-there"), { "if-none-match": "*" }, 2);
  });

  test("lets one through of many that want to make the stream", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => append("map-first", [drawn], { "if-none-match": "*" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(11).fill(412)]);
    expect(await eventsOf("map-first")).toHaveLength(1);
  });
});

test("a stream whose first append was refused can still be made", async () => {
  await isRefused("map-later", match('"5"'), 0);
  expect((await append("map-later", [drawn], { "if-none-match": "*" })).status).toBe(201);
});
