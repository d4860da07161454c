import { describe, expect, test } from "vitest";
import { append, expectProblem, get, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { listen } from "./listen.ts";
import { open } from "./open.ts";

const note = (n: number) => ({ type: "notes.NoteAdded", data: { n } });

describe("a live stream", () => {
  test("gives what is there from a version on, then what happens, in order", async () => {
    await append("live-1", [note(1), note(2), note(3)]);
    const live = await listen("/v1/streams/live-1/live?from=2");
    expect(live.response.headers.get("content-type")).toBe("text/event-stream");
    expect((await live.hear(2)).map(({ id }) => id)).toEqual([2, 3]);
    await append("live-1", [note(4)]);
    const [next] = await live.hear(1);
    expect(next).toMatchObject({ id: 4, event: { version: 4, data: { n: 4 } } });
    await live.leave();
  });

  test("begins now where nothing is said", async () => {
    await append("live-2", [note(1)]);
    const live = await listen("/v1/streams/live-2/live");
    await append("live-2", [note(2)]);
    expect((await live.hear(1)).map(({ id }) => id)).toEqual([2]);
    await live.leave();
  });

  test("resumes after Last-Event-ID, also from the very beginning", async () => {
    await append("live-3", [note(1), note(2)]);
    for (const [last, expected] of [
      ["1", [2]],
      ["0", [1, 2]],
    ] as const) {
      const live = await listen("/v1/streams/live-3/live", { "last-event-id": last });
      expect((await live.hear(expected.length)).map(({ id }) => id)).toEqual(expected);
      await live.leave();
    }
  });

  test("has no gap and no repeat while appends run at full speed, from wherever it is resumed", async () => {
    await append("live-4", [note(0)]);
    const total = 300;
    const writing = (async () => {
      for (let n = 1; n < total; n += 3) await append("live-4", [note(n), note(n + 1), note(n + 2)]);
    })();
    const seen: number[] = [];
    while (seen.length < total) {
      const live = await listen("/v1/streams/live-4/live", { "last-event-id": String(seen.at(-1) ?? 0) });
      for (const { id } of await live.hear(Math.min(37, total - seen.length))) seen.push(id);
      await live.leave();
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: total }, (_, index) => index + 1));
  });

  test("of an unknown stream is 404, before what is kept 410, with a bad id 422", async () => {
    expect((await get("/v1/streams/live-unknown/live")).status).toBe(404);
    await append(
      "live-5",
      Array.from({ length: 5 }, (_, n) => note(n)),
    );
    await send("PATCH", "/v1/streams/live-5", { retention: { maxCount: 2 } });
    expect((await get("/v1/streams/live-5/live?from=1")).status).toBe(410);
    expect((await get("/v1/streams/live-5/live", { "last-event-id": "x" })).status).toBe(422);
  });

  test("ends with the event that closes it, and a listener that comes again is told to stay away with 204", async () => {
    await append("live-6", [note(1)]);
    const live = await listen("/v1/streams/live-6/live?from=1");
    await live.hear(1);
    await send("DELETE", "/v1/streams/live-6");
    expect((await live.hear(1))[0]?.event.type).toBe("rivulet.StreamClosed");
    await live.end();
    expect((await get("/v1/streams/live-6/live", { "last-event-id": "2" })).status).toBe(204);
  });
});

describe("the live log", () => {
  const headers = { "tenant-id": "live-log" };

  test("gives what matches after a position, then what happens, and is resumed by position", async () => {
    const first = await append("note-1", [note(1), { type: "other.Thing", data: { n: 2 } }, note(3)], headers);
    await get("/v1/events", { ...headers, "consistency-token": first.headers.get("consistency-token") ?? "" });
    const live = await listen("/v1/events/live?after=0&type=notes.*", headers);
    expect((await live.hear(2)).map(({ id, event }) => [id, event.position])).toEqual([
      [1, 1],
      [3, 3],
    ]);
    await append("note-2", [note(4)], headers);
    expect((await live.hear(1)).map(({ id }) => id)).toEqual([4]);
    await live.leave();
    const again = await listen("/v1/events/live", { ...headers, "last-event-id": "1" });
    expect((await again.hear(3)).map(({ id }) => id)).toEqual([2, 3, 4]);
    await again.leave();
  });

  test("begins now where nothing is said", async () => {
    const live = await listen("/v1/events/live", headers);
    await append("note-3", [note(5)], headers);
    expect((await live.hear(1))[0]?.event.data).toEqual({ n: 5 });
    await live.leave();
  });
});

describe("over a WebSocket", () => {
  async function connect(path: string): Promise<WebSocket> {
    const response = await open(path, { upgrade: "websocket" });
    expect(response.status).toBe(101);
    const socket = response.webSocket as WebSocket;
    socket.accept();
    return socket;
  }
  const collect = (socket: WebSocket, each: (versions: number[]) => void): number[] => {
    const versions: number[] = [];
    socket.addEventListener("message", ({ data }) => {
      versions.push(JSON.parse(data as string).version);
      each(versions);
    });
    return versions;
  };

  test("events come as text messages, and no more than 100 without an acknowledgement", async () => {
    await append(
      "socket-1",
      Array.from({ length: 250 }, (_, n) => note(n)),
    );
    const socket = await connect("/v1/streams/socket-1/live?from=1");
    let acknowledge = false;
    await new Promise<void>((resolve) => {
      collect(socket, (versions) => {
        if (!acknowledge && versions.length === 100) {
          // Another one would come now if nothing held it back.
          setTimeout(() => {
            expect(versions).toHaveLength(100);
            acknowledge = true;
            socket.send(JSON.stringify({ ack: 100 }));
          }, 200);
        }
        if (versions.length === 200) socket.send(JSON.stringify({ ack: 200 }));
        if (versions.length === 250) {
          expect(versions).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
          resolve();
        }
      });
    });
    socket.close();
  });

  test("a message that is no acknowledgement closes it with a reason", async () => {
    await append("socket-2", [note(1)]);
    const socket = await connect("/v1/streams/socket-2/live");
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
    socket.send("hello");
    expect((await closed).code).toBe(1003);
  });
});

describe("a ticket", () => {
  test("is for whoever may read some stream, and is good for those streams alone", async () => {
    await append("ticket-2", [note(1)]);
    await append("locked-2", [note(1)]);
    const { as } = await makeKey("ticket-reader", ["streams:read:ticket-*"]);
    const taken = async () => encodeURIComponent((await send("POST", "/v1/tickets", undefined, as)).json<{ ticket: string }>().ticket);
    const live = await listen(`/v1/streams/ticket-2/live?from=1&ticket=${await taken()}`, { authorization: undefined });
    expect(await live.hear(1)).toHaveLength(1);
    await live.leave();
    expectProblem(await get(`/v1/streams/locked-2/live?from=1&ticket=${await taken()}`, { authorization: undefined }), 403, "missing_scope");
    const writer = await makeKey("ticket-writer", ["events:write:ticket-*"]);
    expectProblem(await send("POST", "/v1/tickets", undefined, writer.as), 403, "missing_scope");
  });

  test("opens one connection without a key, for its own tenant, and no second one", async () => {
    await append("ticket-1", [note(1)], { "tenant-id": "ticket-tenant" });
    const { ticket } = (await send("POST", "/v1/tickets", undefined, { "tenant-id": "ticket-tenant" })).json<{ ticket: string }>();
    const live = await listen(`/v1/streams/ticket-1/live?from=1&ticket=${ticket}`, { authorization: "" });
    expect(await live.hear(1)).toHaveLength(1);
    await live.leave();
    expect((await get(`/v1/streams/ticket-1/live?ticket=${ticket}`, { authorization: undefined })).status).toBe(401);
  });

  test("that nobody made is 401, and it opens nothing but live connections", async () => {
    expect((await get("/v1/streams/ticket-1/live?ticket=default.nonsense", { authorization: undefined })).status).toBe(401);
    const { ticket } = (await send("POST", "/v1/tickets")).json<{ ticket: string }>();
    expect((await get(`/v1/streams?ticket=${ticket}`, { authorization: undefined })).status).toBe(401);
  });
});
