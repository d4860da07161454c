import { describe, expect, test } from "vitest";
import { append, expectProblem, get, type HeaderFields, newerThan, ok, send, type StoredEvent } from "../support/http.ts";
import { eventually } from "./eventually.ts";
import { act, made, pull, type Subscription } from "./subscriptions.ts";

type Leased = { readonly items: readonly (StoredEvent & { readonly position: number; readonly attempt: number })[]; readonly until: string };

/** Appends an event and waits until the log has it; its position. */
async function log(stream: string, type: string, headers: HeaderFields, data: unknown = 1): Promise<number> {
  const write = await append(stream, [{ type, data }], headers);
  const found = await get(`/v1/events?stream=${stream}&limit=1000`, { ...headers, ...newerThan(write) });
  return found.json<{ items: readonly { position: number }[] }>().items.at(-1)?.position as number;
}
const lease = async (id: string, query = "", headers: HeaderFields = {}): Promise<Leased> =>
  ok<Leased>(await get(`/v1/subscriptions/${id}/events${query}`, headers));
const positions = ({ items }: Leased): readonly number[] => items.map(({ position }) => position);
/** A pulled subscription of a tenant of its own. */
async function puller(name: string, more: object = {}): Promise<{ id: string; headers: HeaderFields }> {
  const headers = { "tenant-id": `pull-${name.replaceAll(" ", "-")}` };
  return { id: await made(name, { sink: pull, types: ["pull.#"], ...more }, headers), headers };
}

describe("one who pulls", () => {
  test("is given what matches, as the log has it, with position and attempt, and until when it is theirs", async () => {
    const { id, headers } = await puller("given");
    await log("other-1", "other.Thing", headers);
    const position = await log("pull-1", "pull.Thing", headers, { b: 1, a: 12345678901234567890n.toString() });
    const { items, until } = await lease(id, "?leaseMs=60000", headers);
    const [event] = ok<{ items: readonly object[] }>(await get("/v1/events?stream=pull-1", headers)).items;
    expect(items).toEqual([{ ...event, position, attempt: 1 }]);
    expect(Math.abs(Date.parse(until) - Date.now() - 60_000)).toBeLessThan(30_000);
  });

  test("is given numbers to the digit, and names in their order", async () => {
    const { id, headers } = await puller("digits");
    const data = '{"2":1.10,"1":12345678901234567890}';
    const write = await send("POST", "/v1/streams/pull-1/events", `{"events":[{"type":"pull.Thing","data":${data}}]}`, headers);
    await get("/v1/events", { ...headers, ...newerThan(write) });
    expect((await get(`/v1/subscriptions/${id}/events`, headers)).text).toContain(`"data":${data}`);
  });

  test("has it alone while the lease lasts, and is done with what is acknowledged", async () => {
    const { id, headers } = await puller("alone");
    const [one, two] = [await log("pull-1", "pull.A", headers), await log("pull-2", "pull.B", headers)];
    expect(positions(await lease(id, "?limit=1", headers))).toEqual([one]);
    expect(positions(await lease(id, "", headers))).toEqual([two]);
    expect((await lease(id, "", headers)).items).toEqual([]);
    expect(ok(await act(id, "ack", { positions: [one, two, 999] }, headers))).toEqual({ acknowledged: 2 });
    expect(ok(await act(id, "ack", { positions: [one] }, headers))).toEqual({ acknowledged: 0 });
    expect((await lease(id, "", headers)).items).toEqual([]);
    expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`, headers))["counts"]).toEqual({ delivered: 2, failed: 0, parked: 0 });
  });

  test("is given what it refused again, as another attempt", async () => {
    const { id, headers } = await puller("refused", { retry: { minDelayMs: 1, maxDelayMs: 1 } });
    const position = await log("pull-1", "pull.A", headers);
    await lease(id, "", headers);
    expect(ok(await act(id, "nack", { positions: [position, 999], reason: "not now" }, headers))).toEqual({ refused: 1 });
    expect(ok(await act(id, "nack", { positions: [position] }, headers))).toEqual({ refused: 0 });
    const again = await eventually(
      "it again",
      () => lease(id, "", headers),
      ({ items }) => items.length > 0,
    );
    expect(again.items).toMatchObject([{ position, attempt: 2 }]);
  });

  test("who names a position twice in a request names it once", async () => {
    const { id, headers } = await puller("twice", { retry: { minDelayMs: 1, maxDelayMs: 1 } });
    const position = await log("pull-1", "pull.A", headers);
    await lease(id, "", headers);
    expect(ok(await act(id, "nack", { positions: [position, position] }, headers))).toEqual({ refused: 1 });
    const again = await eventually(
      "it again",
      () => lease(id, "", headers),
      ({ items }) => items.length > 0,
    );
    expect(again.items).toMatchObject([{ position, attempt: 2 }]);
    expect(ok(await act(id, "ack", { positions: [position, position] }, headers))).toEqual({ acknowledged: 1 });
    expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`, headers))["counts"]).toEqual({ delivered: 1, failed: 1, parked: 0 });
  });

  test("is given what it let lie again", async () => {
    const { id, headers } = await puller("lain", { retry: { minDelayMs: 1, maxDelayMs: 1 } });
    const position = await log("pull-1", "pull.A", headers);
    await lease(id, "?leaseMs=1", headers);
    const again = await eventually(
      "it again",
      () => lease(id, "", headers),
      ({ items }) => items.length > 0,
    );
    expect(again.items).toMatchObject([{ position, attempt: 2 }]);
  });

  test("is given nothing while it is paused, and all of it when it is resumed", async () => {
    const { id, headers } = await puller("paused");
    await act(id, "pause", undefined, headers);
    const position = await log("pull-1", "pull.A", headers);
    expect((await lease(id, "", headers)).items).toEqual([]);
    await act(id, "resume", undefined, headers);
    expect(positions(await lease(id, "", headers))).toEqual([position]);
  });

  test("takes nothing by HEAD", async () => {
    const { id, headers } = await puller("head");
    const position = await log("pull-1", "pull.A", headers);
    const head = await send("HEAD", `/v1/subscriptions/${id}/events`, undefined, headers);
    expect([head.status, head.text, head.headers.get("content-type")]).toEqual([200, "", "application/json"]);
    expect(positions(await lease(id, "", headers))).toEqual([position]);
  });
});

describe("what is asked of a lease", () => {
  test.each(["limit=0", "limit=1001", "limit=x", "leaseMs=0", "leaseMs=43200001", "leaseMs=-1", "leaseMs=1.5"])(
    "is 422 with its place for ?%s",
    async (query) => {
      const { id, headers } = await puller(`query ${query.replaceAll(/\W/g, "").toLowerCase()}`);
      const { errors } = expectProblem(await get(`/v1/subscriptions/${id}/events?${query}`, headers), 422, "invalid_input");
      expect(errors?.map(({ path }) => path)).toEqual([query.slice(0, query.indexOf("="))]);
    },
  );

  test.each<[string, unknown]>([
    ["positions", {}],
    ["positions", { positions: [] }],
    ["positions", { positions: 5 }],
    ["positions[0]", { positions: [0] }],
    ["positions[1]", { positions: [1, 1.5] }],
    ["positions", { positions: Array.from({ length: 1_001 }, (_, n) => n + 1) }],
    ["", { positions: [1], all: true }],
  ])("is 422 at %s where what is settled is %j", async (path, body) => {
    const id = await made(`settled ${JSON.stringify(body).slice(0, 60)}`, { sink: pull });
    for (const operation of ["ack", "nack"])
      expect(expectProblem(await act(id, operation, body), 422, "invalid_input").errors?.map((error) => error.path)).toEqual([path]);
  });
});
