import { beforeAll, describe, expect, test } from "vitest";
import { append, expectProblem, get, newerThan, ok, type Page, send } from "../support/http.ts";
import { type Heard, type Listening, listen } from "./listen.ts";
import { open } from "./open.ts";

const tenant = { "tenant-id": "live-filters" };
const noted = (n: number, type = "notes.NoteAdded"): object => ({ type, data: { n } });
const numbers = (heard: readonly Heard[]): number[] => heard.map(({ event }) => event.data.n);

/** Three events of two streams and types, one of a source, one more. */
beforeAll(async () => {
  const writes = [
    await append("note-1", [noted(1)], { ...tenant, "x-correlation-id": "flow-1" }),
    await append("parcel-1", [noted(2, "orders.Paid"), noted(3, "orders.item.Added")], tenant),
    await send("PUT", "/v1/sources/shop", { scheme: "none" }, tenant),
    await append("note-2", [noted(4)], { ...tenant, "x-correlation-id": "flow-1" }),
  ];
  for (const write of writes) await get("/v1/events?limit=1", { ...tenant, ...newerThan(write) });
});

async function leaving<Result>(live: Listening, work: (live: Listening) => Promise<Result>): Promise<Result> {
  const result = await work(live);
  await live.leave();
  return result;
}

describe("the live log takes the filters of the log:", () => {
  test.each([
    ["type=orders.*", [2]],
    ["type=orders.%23", [2, 3]],
    ["category=parcel", [2, 3]],
    ["stream=note-2", [4]],
    ["correlationId=flow-1", [1, 4]],
    ["since=1970-01-01T00:00:00Z&until=2999-01-01T00:00:00%2B01:00&category=note", [1, 4]],
  ])("%s", async (query, expected) => {
    const listed = ok<Page<Heard["event"]>>(await get(`/v1/events?${query}`, tenant)).items;
    expect(listed.map(({ data }) => data.n)).toEqual(expected);
    const heard = await leaving(await listen(`/v1/events/live?after=0&${query}`, tenant), (live) => live.hear(expected.length));
    expect(heard.map(({ event }) => event)).toEqual(listed);
    expect(heard.map(({ id }) => id)).toEqual(listed.map(({ position }) => position));
  });

  test("the platform's own events are heard only where their type or category is named", async () => {
    const all = await leaving(await listen("/v1/events/live?after=0", tenant), (live) => live.hear(4));
    expect(numbers(all)).toEqual([1, 2, 3, 4]);
    for (const query of ["category=rivulet_source", "type=rivulet.SourceConfigured"]) {
      const [own] = await leaving(await listen(`/v1/events/live?after=0&${query}`, tenant), (live) => live.hear(1));
      expect(own?.event.stream).toBe("rivulet_source-shop");
    }
  });

  test.each(["type=a..b", "category=A", "stream=x", "since=now", "after=-1", "after=x", "correlationId="])("?%s is 422 with its place", async (query) => {
    const { errors } = expectProblem(await get(`/v1/events/live?${query}`, tenant), 422);
    expect(errors?.map(({ path }) => path)).toEqual([query.split("=")[0]]);
  });
});

describe("what a listener resumes by", () => {
  test("is Last-Event-ID rather than the address, which a browser sends again as it was", async () => {
    const byVersion = await listen("/v1/streams/parcel-1/live?from=1", { ...tenant, "last-event-id": "1" });
    expect((await leaving(byVersion, (live) => live.hear(1))).map(({ id }) => id)).toEqual([2]);
    const byPosition = await listen("/v1/events/live?after=0", { ...tenant, "last-event-id": "2" });
    expect((await leaving(byPosition, (live) => live.hear(1))).map(({ id }) => id)).toEqual([3]);
  });

  test.each(["x", "-1", "1.5", "1,2", "99999999999999999999"])("is never %s: 422", async (id) => {
    for (const path of ["/v1/streams/note-1/live", "/v1/events/live"])
      expect(expectProblem(await get(path, { ...tenant, "last-event-id": id }), 422).errors).toMatchObject([{ path: "Last-Event-ID" }]);
  });

  test.each(["0", "-1", "x", "1.5", ""])("as a version is never %j: 422", async (from) => {
    expect(expectProblem(await get(`/v1/streams/note-1/live?from=${from}`, tenant), 422).errors).toMatchObject([{ path: "from" }]);
  });
});

describe("an event that is heard", () => {
  test("live in a stream is the stream's to the letter, without a position", async () => {
    const { items } = ok<Page<Heard["event"]>>(await get("/v1/streams/parcel-1/events", tenant));
    const heard = await leaving(await listen("/v1/streams/parcel-1/live?from=1", tenant), (live) => live.hear(2));
    expect(heard.map(({ event }) => event)).toEqual(items);
    for (const { event } of heard) expect(event).not.toHaveProperty("position");
  });

  test("over a WebSocket of the log has its position, and is acknowledged by it", async () => {
    const response = await open("/v1/events/live?after=0&category=parcel", { ...tenant, upgrade: "websocket" });
    const socket = response.webSocket as WebSocket;
    const positions: number[] = [];
    const heard = new Promise<void>((resolve) =>
      socket.addEventListener("message", ({ data }) => {
        const { position } = JSON.parse(data as string) as { position: number };
        positions.push(position);
        socket.send(JSON.stringify({ ack: position }));
        if (positions.length === 2) resolve();
      }),
    );
    socket.accept();
    await heard;
    expect(positions).toEqual([2, 3]);
    socket.close();
  });
});

test("a listener that hears nothing hears a heartbeat", { timeout: 40_000 }, async () => {
  const live = await listen("/v1/streams/note-1/live", tenant);
  expect(await live.rest(2)).toEqual([expect.stringMatching(/^retry: \d+$/), expect.stringMatching(/^:/)]);
  await live.leave();
});

describe("a ticket", () => {
  test("is good for the live log and for a WebSocket too, once", async () => {
    for (const headers of [{}, { upgrade: "websocket" }]) {
      const { ticket } = ok<{ ticket: string }>(await send("POST", "/v1/tickets", undefined, tenant));
      const path = `/v1/events/live?after=0&ticket=${ticket}`;
      const response = await open(path, { authorization: undefined, ...headers });
      expect(response.status).toBe(headers.upgrade === undefined ? 200 : 101);
      response.webSocket?.accept();
      response.webSocket?.close();
      await response.body?.cancel();
      const again = await get(path, { authorization: undefined });
      expectProblem(again, 401);
      expect(again.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
  });

  test("is good for 60 seconds, and is kept by nobody on the way", async () => {
    const before = Date.now();
    const answer = await send("POST", "/v1/tickets", undefined, tenant);
    const { expiresAt } = answer.json<{ expiresAt: string }>();
    expect(Date.parse(expiresAt) - before).toBeGreaterThanOrEqual(60_000);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});
