import { expect, test } from "vitest";
import { append, get, send, type StoredEvent } from "../support/http.ts";
import { assertEvent, open } from "./open.ts";

const lines = { accept: "application/x-ndjson" };
const note = (n: number) => ({ type: "notes.NoteAdded", data: { n } });
const versions = (text: string): number[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as StoredEvent).version);

test("a stream is read as lines, each an event, with a tag of its own and 304 for who has it", async () => {
  await append("lines-1", [note(1), note(2)]);
  const answer = await get("/v1/streams/lines-1/events", lines);
  expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
  expect(answer.headers.get("vary")).toBe("Accept");
  expect(answer.text).toMatch(/^\{.*\}\n\{.*\}\n$/);
  expect(versions(answer.text)).toEqual([1, 2]);
  for (const line of answer.text.trimEnd().split("\n")) await assertEvent(line);
  const etag = answer.headers.get("etag") as string;
  expect(etag).not.toBe((await get("/v1/streams/lines-1/events")).headers.get("etag"));
  expect((await get("/v1/streams/lines-1/events", { ...lines, "if-none-match": etag })).status).toBe(304);
});

test("lines come backward and by range too", async () => {
  await append(
    "lines-2",
    Array.from({ length: 5 }, (_, n) => note(n)),
  );
  expect(versions((await get("/v1/streams/lines-2/events?direction=backward&from=2&to=4", lines)).text)).toEqual([4, 3, 2]);
});

test("an unknown stream is 404, a truncated version 410, as for a page", async () => {
  expect((await get("/v1/streams/lines-unknown/events", lines)).status).toBe(404);
  await append("lines-3", [note(1), note(2)]);
  await send("PATCH", "/v1/streams/lines-3", { retention: { maxCount: 1 } });
  expect((await get("/v1/streams/lines-3/events?from=1", lines)).status).toBe(410);
});

test("a stream of 100,000 events is read to its end, page by page as it is taken, both ways", async () => {
  const thousand = Array.from({ length: 1000 }, (_, n) => note(n));
  for (let i = 0; i < 100; i++) expect((await append("lines-many", thousand)).status).toBe(201);
  for (const direction of ["forward", "backward"]) {
    const response = await open(`/v1/streams/lines-many/events?direction=${direction}`, lines);
    const seen: number[] = [];
    let largest = 0;
    let rest = "";
    for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      largest = Math.max(largest, chunk.length);
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() as string;
      for (const line of parts) seen.push(Number(/"version":(\d+)/.exec(line)?.[1]));
      // Each line is looked at above; the schema is asked of one in each chunk.
      await assertEvent(parts[0] as string);
    }
    const expected = Array.from({ length: 100_000 }, (_, index) => (direction === "forward" ? index + 1 : 100_000 - index));
    expect(seen.length).toBe(100_000);
    expect(seen.findIndex((version, index) => version !== expected[index])).toBe(-1);
    expect(largest).toBeLessThanOrEqual(2_000_000);
  }
}, 120_000);
