import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { append, eventsOf, expectProblem, type HeaderFields, send } from "../support/http.ts";

const events = "/v1/streams/note-coded/events";
const body = JSON.stringify({ events: [{ type: "notes.NoteAdded", data: 1 }] });
const packed = new Uint8Array(gzipSync(body));
const binary = { "ce-specversion": "1.0", "ce-id": "packed", "ce-source": "/packer", "ce-type": "pictures.PictureTaken", "content-type": "image/png" };

const coded: readonly [string, string, Uint8Array | string, HeaderFields][] = [
  ["an append", events, packed, { "content-type": "application/json" }],
  ["an append that only says so", events, body, { "content-type": "application/json" }],
  ["a CloudEvent with data of any kind, which would be kept packed", events, packed, binary],
  ["a CloudEvent for no stream", "/v1/events", packed, binary],
  ["a key", "/v1/keys", packed, { "content-type": "application/json" }],
];

test.each(coded)("%s in a content coding is 415, and says that there is none to be", async (_, path, sent, headers) => {
  for (const coding of ["gzip", "br", "identity, gzip", "GZIP"]) {
    const answer = await send("POST", path, sent, { ...headers, "content-encoding": coding });
    expectProblem(answer, 415, "unsupported_content_encoding");
    expect(answer.headers.get("accept-encoding")).toBe("identity");
  }
});

test("identity is no content coding, and where there is no body there is none to be coded", async () => {
  expect((await append("note-plain", [{ type: "notes.NoteAdded", data: 1 }], { "content-encoding": "identity" })).status).toBe(201);
  expect(await eventsOf("note-plain", { "content-encoding": "gzip" })).toHaveLength(1);
});
