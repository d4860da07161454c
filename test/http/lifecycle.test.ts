import { describe, expect, test } from "vitest";
import { append, get, newerThan, type Page, type Problem, send } from "../support/http.ts";

const note = (n: number) => ({ type: "notes.NoteAdded", data: { n } });

describe("closing a stream", () => {
  test("refuses further appends with 410, also to one whose precondition fails", async () => {
    await append("note-closed", [note(1)]);
    const closed = await send("DELETE", "/v1/streams/note-closed");
    expect(closed.status).toBe(200);
    expect(closed.json()).toEqual({ stream: "note-closed", version: 2, closed: true, purged: false });
    const refused = await append("note-closed", [note(2)], { "if-match": '"7"' });
    expect(refused.status).toBe(410);
    expect(refused.json<Problem>().code).toBe("stream_closed");
    expect((await get("/v1/streams/note-closed")).json()).toMatchObject({ version: 2, closed: true });
    expect((await get("/v1/streams/note-closed/events")).json<Page>().items).toHaveLength(2);
  });

  test("still answers a repeat with 200", async () => {
    const event = { ...note(1), id: "once" };
    await append("note-closed-repeat", [event]);
    await send("DELETE", "/v1/streams/note-closed-repeat");
    expect((await append("note-closed-repeat", [event])).status).toBe(200);
  });

  test("twice changes nothing, of a stream that does not exist is 404, with another version 412, of the platform's 403", async () => {
    await append("note-closed-twice", [note(1)]);
    for (const stale of [{ "if-match": '"9"' }, { "if-none-match": "*" }])
      expect((await send("DELETE", "/v1/streams/note-closed-twice", undefined, stale)).status).toBe(412);
    await send("DELETE", "/v1/streams/note-closed-twice");
    expect((await send("DELETE", "/v1/streams/note-closed-twice")).json()).toMatchObject({ version: 2 });
    expect((await send("DELETE", "/v1/streams/note-never")).status).toBe(404);
    expect((await send("DELETE", "/v1/streams/rivulet_source-x")).status).toBe(403);
  });

  test("is an event that travels: it is in the log where its type is named", async () => {
    await append("note-closed-logged", [note(1)]);
    const closed = await send("DELETE", "/v1/streams/note-closed-logged");
    const { items } = (await get("/v1/events?type=rivulet.StreamClosed&stream=note-closed-logged", newerThan(closed))).json<Page>();
    expect(items).toMatchObject([{ stream: "note-closed-logged", version: 2 }]);
  });
});

test("a purge empties the data everywhere at once, and the stream still verifies", async () => {
  const first = await append("note-purged", [{ type: "notes.NoteAdded", data: { secret: "whisper" }, id: "p1" }, note(2)]);
  await get("/v1/events", newerThan(first));
  expect((await send("DELETE", "/v1/streams/note-purged?purge=true")).json()).toMatchObject({ version: 3, purged: true });
  for (const path of ["/v1/streams/note-purged/events", "/v1/events?stream=note-purged", "/v1/events/p1"]) {
    const answer = await get(path);
    expect(answer.text).not.toContain("whisper");
    expect(answer.text).toContain('"purged":true');
    expect(answer.text).toContain('"dataHash":"sha256:');
  }
  expect((await get("/v1/streams/note-purged/verify")).json()).toMatchObject({ valid: true, to: 3 });
  expect((await append("note-purged", [note(1)])).status).toBe(410);
});

describe("retention", () => {
  const patch = (stream: string, retention: unknown, headers = {}) =>
    send("PATCH", `/v1/streams/${stream}`, { retention }, { "content-type": "application/merge-patch+json", ...headers });

  test("by count truncates: older versions are 410 with firstVersion, the rest reads on", async () => {
    await append(
      "note-kept",
      Array.from({ length: 10 }, (_, n) => note(n)),
    );
    expect((await patch("note-kept", { maxCount: 3 })).json()).toMatchObject({ firstVersion: 8, retention: { maxCount: 3 } });
    const gone = await get("/v1/streams/note-kept/events?from=1");
    expect(gone.status).toBe(410);
    expect(gone.json<Problem & { firstVersion: number }>()).toMatchObject({ code: "stream_truncated", firstVersion: 8 });
    expect((await get("/v1/streams/note-kept/events")).json<Page>().items.map(({ version }) => version)).toEqual([8, 9, 10]);
    expect((await get("/v1/streams/note-kept/events?direction=backward")).json<Page>().items.map(({ version }) => version)).toEqual([10, 9, 8]);
    expect((await get("/v1/streams/note-kept")).json()).toMatchObject({ version: 10, firstVersion: 8, retention: { maxCount: 3 } });
    expect((await get("/v1/streams/note-kept/verify")).json()).toMatchObject({ valid: true, from: 8, to: 10 });
  });

  test("is patched as RFC 7396 says: null takes a rule away, what is left out stays", async () => {
    await append("note-patched", [note(1)]);
    await patch("note-patched", { maxCount: 5, maxAge: "P30D" });
    expect((await patch("note-patched", { maxCount: null, before: 1 })).json()).toMatchObject({ retention: { maxAge: "P30D", before: 1 } });
    expect((await patch("note-patched", null)).json()).toMatchObject({ retention: null });
  });

  test.each([{ maxCount: 0 }, { maxCount: 1.5 }, { maxAge: "P1M" }, { maxAge: "soon" }, { before: -1 }, { keep: 1 }])(
    "%j is 422 with the place",
    async (retention) => {
      await append("note-invalid", [note(1)]);
      const answer = await patch("note-invalid", retention);
      expect(answer.status).toBe(422);
      expect(answer.json<Problem>().errors?.[0]?.path).toMatch(/^retention/);
    },
  );

  test("of an unknown stream is 404, of an aggregate or the platform's 403, at another version 412", async () => {
    expect((await patch("note-unknown", { maxCount: 1 })).status).toBe(404);
    expect((await patch("rivulet_source-x", { maxCount: 1 })).status).toBe(403);
    await append("note-moved", [note(1)]);
    for (const stale of [{ "if-match": '"5"' }, { "if-none-match": "*" }]) expect((await patch("note-moved", { maxCount: 1 }, stale)).status).toBe(412);
  });
});
