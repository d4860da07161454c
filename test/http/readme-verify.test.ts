import { expect, test } from "vitest";
import { firstBadVersion } from "../readme/verify-stream.ts";
import { append, get, type Page, send } from "../support/http.ts";

const events = async (stream: string) => (await get(`/v1/streams/${stream}/events`)).json<Page>().items as unknown as Record<string, unknown>[];

test("README's page of code checks a stream from its JSON alone", async () => {
  await append("page-1", [
    { type: "notes.NoteAdded", data: { text: "hello", n: 1.0 }, id: "a", source: "/shop", metadata: { own: [1] } },
    { type: "notes.NoteAdded", data: null },
  ]);
  const binary = { "content-type": "text/plain", "ce-specversion": "1.0", "ce-id": "b", "ce-source": "/shop", "ce-type": "notes.Text" };
  expect((await send("POST", "/v1/streams/page-1/events", "no JSON", binary)).status).toBe(201);
  const good = await events("page-1");
  expect(good).toHaveLength(3);
  expect(firstBadVersion("default", good)).toBeUndefined();
  expect(firstBadVersion("another", good)).toBe(1);
  expect(firstBadVersion("default", good.with(1, { ...good[1], data: 1 }))).toBe(2);
  expect(firstBadVersion("default", [good[0] as object as Record<string, unknown>, good[2] as object as Record<string, unknown>])).toBe(3);
  await send("DELETE", "/v1/streams/page-1?purge=true");
  expect(firstBadVersion("default", await events("page-1"))).toBeUndefined();
});
