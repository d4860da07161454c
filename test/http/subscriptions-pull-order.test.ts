import { describe, expect, test } from "vitest";
import { get, type HeaderFields, ok, send } from "../support/http.ts";
import { type DeadLetter, logged, pulled, strict } from "./dead-letters.ts";
import { act } from "./subscriptions.ts";

/** Two events of one stream, leased together by one who pulls; a subscription of a tenant of its own. */
async function leasedTogether(name: string, more: object = {}) {
  const headers = { "tenant-id": `pull-order-${name}` };
  const id = await strict(name, headers, more);
  const [first, second] = [await logged("dead-1", headers), await logged("dead-1", headers)];
  expect(await next(id, headers)).toEqual([first, second]);
  const letters = async (): Promise<readonly string[]> =>
    ok<{ items: readonly DeadLetter[] }>(await get("/v1/dead-letters", headers)).items.map(({ id }) => id);
  const settle = async (operation: "ack" | "nack", ...positions: readonly number[]) => ok(await act(id, operation, { positions }, headers));
  return { id, headers, first, second, letter: `${id}~${first}`, letters, settle };
}
const next = async (id: string, headers: HeaderFields): Promise<readonly number[]> => (await pulled(id, headers)).map(({ position }) => position);
const redrive = async (letter: string, headers: HeaderFields) => ok(await send("POST", `/v1/dead-letters/${letter}/redrive`, undefined, headers));

describe("of two events of a stream that are leased together,", () => {
  test("both given up, the first is the dead letter, and the second waits behind it until it is redriven", async () => {
    const { id, headers, first, second, letter, letters, settle } = await leasedTogether("both");
    expect(await settle("nack", second, first)).toEqual({ refused: 2 });
    expect(await letters()).toEqual([letter]);
    expect(ok<DeadLetter>(await get(`/v1/dead-letters/${letter}`, headers)).waitingBehind).toBe(1);
    await redrive(letter, headers);
    expect(await next(id, headers)).toEqual([first]);
    await settle("ack", first);
    expect(await letters()).toEqual([]);
    expect(await next(id, headers)).toEqual([second]);
  });

  test("the second given up before the first, it waits all the same, until the first is dropped", async () => {
    const { id, headers, first, second, letter, letters, settle } = await leasedTogether("second");
    await settle("nack", second);
    expect(await letters()).toEqual([`${id}~${second}`]);
    await settle("nack", first);
    expect(await letters()).toEqual([letter]);
    expect((await send("DELETE", `/v1/dead-letters/${letter}?reason=test`, undefined, headers)).status).toBe(204);
    expect(await next(id, headers)).toEqual([second]);
  });

  test("the second acknowledged after the first was given up, the dead letter stays, and can be redriven", async () => {
    const { id, headers, first, second, letter, letters, settle } = await leasedTogether("beside");
    await settle("nack", first);
    expect(await settle("ack", second)).toEqual({ acknowledged: 1 });
    expect(await letters()).toEqual([letter]);
    await redrive(letter, headers);
    expect(await next(id, headers)).toEqual([first]);
  });
});

describe("of two events that waited behind a dead letter,", () => {
  /** Both leased, after what they waited for. */
  async function waited(name: string, more: object = {}) {
    const { id, headers, first, second, letter, letters, settle } = await leasedTogether(name, more);
    await settle("nack", first, second);
    if ((await letters()).length === 0) await settle("nack", ...(await next(id, headers)));
    const third = await logged("dead-1", headers);
    await redrive(letter, headers);
    expect(await next(id, headers)).toEqual([first]);
    await settle("ack", first);
    expect(await next(id, headers)).toEqual([second, third]);
    return { id, headers, second, third, letters, settle };
  }

  test("the first refused comes again, though the second is done already, which comes no more", async () => {
    const { id, headers, second, third, letters, settle } = await waited("again", { retry: { maxAttempts: 2, minDelayMs: 1, maxDelayMs: 1 } });
    await settle("ack", third);
    await settle("nack", second);
    expect(await next(id, headers)).toEqual([second]);
    await settle("ack", second);
    const fourth = await logged("dead-1", headers);
    expect(await next(id, headers)).toEqual([fourth]);
    expect(await letters()).toEqual([]);
  });

  test("the first given up, then the second acknowledged, the first is a dead letter that can be redriven", async () => {
    const { id, headers, second, third, letters, settle } = await waited("later");
    await settle("nack", second);
    await settle("ack", third);
    expect(await letters()).toEqual([`${id}~${second}`]);
    await redrive(`${id}~${second}`, headers);
    expect(await next(id, headers)).toEqual([second]);
  });
});
