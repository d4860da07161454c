import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { endLeftBehind } from "../../src/local/left-behind.ts";
import { append, dataOf } from "./api.ts";
import { isRunning, usersOf } from "./processes.ts";
import { leftOf, startServer, stop, until } from "./server.ts";

test("a runtime whose parent was killed goes on; the next start on that state ends it, takes its port and has its events", async () => {
  const killed = await startServer();
  await append(killed.url, "note-a", ["before"]);
  const orphans = killed.runtime();
  killed.signal("SIGKILL");
  await killed.ended;
  await append(killed.url, "note-a", ["by the orphan"]);
  expect(usersOf(killed.stateDir)).toEqual(orphans);

  const next = await startServer({ stateDir: killed.stateDir, port: killed.port });
  expect(orphans.filter(isRunning)).toEqual([]);
  expect(usersOf(next.stateDir).toSorted()).toEqual([next.pid, ...next.runtime()].toSorted());
  expect(next.output()).toContain(`ended what a killed server had left behind: process ${orphans[0]}`);
  expect(await dataOf(next.url, "note-a")).toEqual(["before", "by the orphan"]);
  await append(next.url, "note-a", ["after"]);
  await stop(next);
  expect(await leftOf(next, orphans)).toEqual([]);
});

test("a runtime that is killed alone is started again, at the same port, and is ended with its server", async () => {
  const server = await startServer();
  await append(server.url, "note-a", ["before"]);
  const [first = 0] = server.runtime();
  process.kill(first, "SIGKILL");
  const answered = await until(
    () => dataOf(server.url, "note-a").catch(() => []),
    (data) => data.length > 0,
    15_000,
  );
  expect(answered).toEqual(["before"]);
  const runtime = server.runtime();
  expect(runtime).not.toContain(first);
  // The new runtime is nowhere noted, and is found all the same.
  server.signal("SIGKILL");
  await server.ended;
  const next = await startServer({ stateDir: server.stateDir, port: server.port });
  expect(runtime.filter(isRunning)).toEqual([]);
  await stop(next);
});

test("only processes that carry this very value are ended", async () => {
  const sleeper = (value: string) => spawn("sleep", ["60"], { env: { ...process.env, RIVULET_TEST_MARK: value } });
  const [ours, longer, other] = [sleeper("/tmp/a"), sleeper("/tmp/a/b"), sleeper("/tmp/c")];
  expect(await endLeftBehind("RIVULET_TEST_MARK", "/tmp/a")).toEqual([ours.pid]);
  expect([ours, longer, other].map(({ pid }) => isRunning(pid as number))).toEqual([false, true, true]);
  longer.kill();
  other.kill();
});
