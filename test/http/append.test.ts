import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";

test("an appended event comes back", async () => {
  const api = (exports as unknown as { default: Fetcher }).default;
  const headers = { authorization: "Bearer test-admin-key", "content-type": "application/json" };
  const answer = await api.fetch("http://rivulet/v1/streams/note-1/events", {
    method: "POST",
    headers,
    body: '{"events":[{"type":"notes.NoteAdded","data":{"a":1}}]}',
  });
  expect(answer.status).toBe(201);
  const read = await api.fetch("http://rivulet/v1/streams/note-1/events", { headers });
  expect((await read.json<{ items: unknown[] }>()).items).toHaveLength(1);
});
