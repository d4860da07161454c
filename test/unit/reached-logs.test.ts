import { expect, test } from "vitest";
import { ReachedLogs } from "../../src/log/reached-logs.ts";

const at = (position: number) => ({ position, recorded: "2026-11-20T10:00:00.000Z" });

function world() {
  let now = 0;
  const logs = new ReachedLogs(() => now);
  return { logs, pass: (milliseconds: number) => void (now += milliseconds) };
}

test("an answer is passed on for a second, then the log is asked again", async () => {
  const { logs, pass } = world();
  let asked = 0;
  const ask = async () => at(++asked);
  expect(await logs.reached("acme", ask)).toEqual(at(1));
  pass(999);
  expect(await logs.reached("acme", ask)).toEqual(at(1));
  pass(1);
  expect(await logs.reached("acme", ask)).toEqual(at(2));
});

test("while somebody asks, the others go on with what was known", async () => {
  const { logs, pass } = world();
  await logs.reached("acme", async () => at(1));
  pass(5_000);
  expect(logs.known("acme")).toBeUndefined();
  let answer: (reached: ReturnType<typeof at>) => void = () => {};
  const asking = logs.reached("acme", () => new Promise((resolve) => (answer = resolve)));
  expect(logs.known("acme")).toEqual(at(1));
  expect(await logs.reached("acme", () => Promise.reject(new Error("asked twice")))).toEqual(at(1));
  answer(at(2));
  expect(await asking).toEqual(at(2));
  expect(logs.known("acme")).toEqual(at(2));
});

test("who asks and gets no answer holds up the others for a second only, and what is old is no answer", async () => {
  const { logs, pass } = world();
  await logs.reached("acme", async () => at(1));
  pass(5_000);
  void logs.reached("acme", () => new Promise(() => {}));
  pass(1_000);
  expect(logs.known("acme")).toBeUndefined();
  pass(10_000);
  void logs.reached("acme", () => new Promise(() => {}));
  expect(logs.known("acme")).toBeUndefined();
});

test("a tenant's log says nothing of another's", async () => {
  const { logs } = world();
  await logs.reached("acme", async () => at(1));
  expect(logs.known("other")).toBeUndefined();
});
