import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Appended, AppendRequest } from "../../durable-objects/aggregate/contract.ts";
import { dataHash, jsonText } from "../../src/kernel/index.ts";
import { JoinedAppends } from "../../src/joined-appends.ts";
import { metadata } from "../support/metadata.ts";

/** A call that a stream's object got, until the test answers it. */
interface Call {
  readonly name: string;
  /** How the object was called. */
  readonly by: "append" | "appendEach";
  readonly notes: readonly unknown[];
  answer(): void;
  fail(fault: Error): void;
}

let calls: Call[];
let kept: Promise<unknown>[];
let now: number;
/** Whether objects run the code from before they took several at once. */
let isOld: boolean;
let joined: JoinedAppends;

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  kept = [];
  now = 0;
  isOld = false;
  joined = new JoinedAppends({ object, waitUntil: (work) => kept.push(work), now: () => now, maySettleAcross: true });
});
afterEach(() => vi.useRealTimers());

function request(note: unknown): AppendRequest {
  const data = jsonText({ note });
  return { events: [{ source: "/v1", type: "notes.Added", schemaVersion: 1, metadata, data, dataHash: dataHash(data) }], precondition: { kind: "none" } };
}

const noteOf = ({ events: [event] }: AppendRequest): unknown => (JSON.parse(event?.data ?? "") as { note: unknown }).note;

/** The id of what was written says which note it was. */
const answerOf = (append: AppendRequest): Appended => ({
  ok: true,
  created: true,
  replayed: false,
  events: [{ id: String(noteOf(append)).slice(0, 10), version: 1, hash: "sha256:0" }],
});

function object(tenant: string, stream: string) {
  const asked = <Answer>(by: Call["by"], requests: readonly AppendRequest[], answer: Answer): Promise<Answer> => {
    if (by === "appendEach" && isOld) return Promise.reject(new TypeError('The RPC receiver does not implement the method "appendEach".'));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    calls.push({ name: `${tenant}/${stream}`, by, notes: requests.map(noteOf), answer: () => resolve(answer), fail: reject });
    return promise;
  };
  const stub = {
    append: (append: AppendRequest) => asked("append", [append], answerOf(append)),
    appendEach: (text: string) => {
      const requests = JSON.parse(text) as readonly AppendRequest[];
      return asked(
        "appendEach",
        requests,
        JSON.stringify(requests.map((append) => (noteOf(append) === "thrown" ? { thrown: "Error: a bug" } : answerOf(append)))),
      );
    },
  };
  return stub as unknown as ReturnType<ConstructorParameters<typeof JoinedAppends>[0]["object"]>;
}

const append = async (stream: string, note: unknown): Promise<unknown> => {
  const answer = await joined.append("t", stream, request(note));
  return answer.ok ? answer.events[0]?.id : answer.code;
};
const endOfTurn = () => vi.advanceTimersByTimeAsync(0);
const notes = () => calls.map((call) => call.notes);

test("what comes while nothing of its stream is under way goes at once, and alone", async () => {
  const first = append("a-1", 1);
  expect(notes()).toEqual([[1]]);
  calls[0]?.answer();
  expect(await first).toBe("1");
  const second = append("a-1", 2);
  expect(notes()).toEqual([[1], [2]]);
  calls[1]?.answer();
  expect(await second).toBe("2");
  expect(kept).toEqual([]);
});

test("what comes meanwhile goes together at the end of the turn, without waiting for what is under way, and each has its own answer", async () => {
  const first = append("a-1", 1);
  const others = [append("a-1", 2), append("a-1", 3)];
  expect(notes()).toEqual([[1]]);
  await endOfTurn();
  const last = append("a-1", 4);
  await endOfTurn();
  expect(notes()).toEqual([[1], [2, 3], [4]]);
  // One alone is called as if nobody had waited: a list of one is read and written for nothing.
  expect(calls.map(({ by }) => by)).toEqual(["append", "appendEach", "append"]);
  for (const call of calls.toReversed()) call.answer();
  expect(await Promise.all([first, ...others, last])).toEqual(["1", "2", "3", "4"]);
});

test("what gathered behind one that is over by then is under way like any other", async () => {
  const first = append("a-1", 1);
  void append("a-1", 2);
  calls[0]?.answer();
  expect(await first).toBe("1");
  await endOfTurn();
  void append("a-1", 3);
  void append("a-1", 4);
  expect(notes()).toEqual([[1], [2]]);
  await endOfTurn();
  expect(notes()).toEqual([[1], [2], [3, 4]]);
});

test("what comes while a group is under way waits for the end of the turn, like behind one alone", async () => {
  const first = append("a-1", 1);
  void append("a-1", 2);
  void append("a-1", 3);
  await endOfTurn();
  calls[0]?.answer();
  expect(await first).toBe("1");
  void append("a-1", 4);
  void append("a-1", 5);
  expect(notes()).toEqual([[1], [2, 3]]);
  await endOfTurn();
  expect(notes()).toEqual([[1], [2, 3], [4, 5]]);
});

test("nobody waits for one that is large: it is as if it were not under way", () => {
  void append("a-1", "x".repeat(17_000));
  void append("a-1", 2);
  expect(calls).toHaveLength(2);
});

test("streams do not wait for each other", async () => {
  const both = [append("a-1", 1), append("a-2", 2)];
  expect(calls.map(({ name }) => name)).toEqual(["t/a-1", "t/a-2"]);
  for (const call of calls) call.answer();
  expect(await Promise.all(both)).toEqual(["1", "2"]);
});

test("64 go together at most", async () => {
  const all = Array.from({ length: 1 + 64 + 3 }, (_, note) => append("a-1", note));
  await endOfTurn();
  expect(calls.map(({ notes }) => notes.length)).toEqual([1, 64, 3]);
  for (const call of calls) call.answer();
  expect(await Promise.all(all)).toEqual(Array.from({ length: 68 }, (_, note) => `${note}`));
});

test.each(["data", "metadata"] as const)("one whose %s is large goes alone, and the others do not wait for it", async (where) => {
  const large = request(where === "data" ? "x".repeat(17_000) : "large");
  const given =
    where === "data" ? large : { ...large, events: large.events.map((event) => ({ ...event, metadata: { ...metadata, tag: "x".repeat(17_000) } })) };
  const first = append("a-1", 1);
  const alone = joined.append("t", "a-1", given);
  const other = append("a-1", 2);
  await endOfTurn();
  expect(calls.map(({ notes }) => notes.length)).toEqual([1, 1, 1]);
  for (const call of calls) call.answer();
  expect(await Promise.all([first, other])).toEqual(["1", "2"]);
  expect(await alone).toMatchObject({ ok: true });
});

test("where a call fails, those that went with it are told why, and nobody else", async () => {
  const first = append("a-1", 1);
  const others = Promise.allSettled([append("a-1", 2), append("a-1", 3)]);
  await endOfTurn();
  const last = append("a-1", 4);
  await endOfTurn();
  const fault = new Error("the object is overloaded");
  calls[1]?.fail(fault);
  calls[0]?.answer();
  calls[2]?.answer();
  expect(await others).toEqual([
    { status: "rejected", reason: fault },
    { status: "rejected", reason: fault },
  ]);
  expect(await Promise.all([first, last])).toEqual(["1", "4"]);
});

test("what threw in the object throws here, for the one that it was", async () => {
  const first = append("a-1", 1);
  const others = Promise.allSettled([append("a-1", 2), append("a-1", "thrown")]);
  await endOfTurn();
  for (const call of calls) call.answer();
  expect(await first).toBe("1");
  expect(await others).toEqual([
    { status: "fulfilled", value: "2" },
    { status: "rejected", reason: new Error("Error: a bug") },
  ]);
});

test("an object that does not take several at once yet gets one after the other", async () => {
  isOld = true;
  const first = append("a-1", 1);
  const others = Promise.allSettled([append("a-1", 2), append("a-1", 3), append("a-1", 4)]);
  await endOfTurn();
  expect(calls.map(({ by, notes }) => [by, notes])).toEqual([1, 2, 3, 4].map((note) => ["append", [note]]));
  calls[2]?.fail(new Error("lost"));
  for (const call of calls) call.answer();
  expect(await first).toBe("1");
  expect(await others).toEqual([
    { status: "fulfilled", value: "2" },
    { status: "rejected", reason: new Error("lost") },
    { status: "fulfilled", value: "4" },
  ]);
});

test("whoever sends for others stays until they have their answers", async () => {
  void append("a-1", 1);
  const others = [append("a-1", 2), append("a-1", 3)];
  expect(kept).toHaveLength(1);
  let isOver = false;
  void kept[0]?.then(() => (isOver = true));
  await endOfTurn();
  expect(isOver).toBe(false);
  calls[1]?.answer();
  expect(await Promise.all(others)).toEqual(["2", "3"]);
  expect(isOver).toBe(true);
});

test("nobody joins those whose sender is no more", async () => {
  void append("a-1", 1);
  void append("a-1", 2);
  // Its timer is gone with it.
  vi.clearAllTimers();
  now = 999;
  void append("a-1", 3);
  await endOfTurn();
  expect(notes()).toEqual([[1]]);
  now = 1_000;
  const last = append("a-1", 4);
  await endOfTurn();
  expect(notes()).toEqual([[1], [4]]);
  calls[1]?.answer();
  expect(await last).toBe("4");
});

test("streams whose appends never end are forgotten when there are too many of them", async () => {
  for (let index = 0; index < 10_001; index++) void append(`a-${index}`, index);
  expect(calls).toHaveLength(10_001);
  void append("a-0", "again");
  expect(notes().at(-1)).toEqual(["again"]);
  void append("a-10000", "joins");
  expect(calls).toHaveLength(10_002);
});

test("a stream that was forgotten under way, and is begun anew, does not end with what ends of before", async () => {
  const before = append("a-0", 0);
  for (let index = 1; index <= 10_000; index++) void append(`a-${index}`, index);
  void append("a-0", "anew");
  calls[0]?.answer();
  expect(await before).toBe("0");
  void append("a-0", "joins");
  expect(notes().at(-1)).toEqual(["anew"]);
});

test("streams whose appends are over are too many for nobody", async () => {
  void append("a-0", 0);
  for (let index = 1; index <= 10_000; index++) {
    const over = append(`a-${index}`, index);
    calls.at(-1)?.answer();
    await over;
  }
  void append("a-0", "joins");
  expect(calls).toHaveLength(10_001);
});

test("where no request may wake another, all go at once, and alone", async () => {
  joined = new JoinedAppends({ object, waitUntil: (work) => kept.push(work), now: () => now, maySettleAcross: false });
  const all = [1, 2, 3].map((note) => append("a-1", note));
  expect(notes()).toEqual([[1], [2], [3]]);
  for (const call of calls) call.answer();
  expect(await Promise.all(all)).toEqual(["1", "2", "3"]);
});
