import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { serve } from "../../src/local/server.ts";
import { claimState } from "../../src/local/state-lock.ts";
import { append, dataOf } from "./api.ts";
import { descendantsOf } from "./processes.ts";
import { command, leftOf, newFolder, pause, startServer } from "./server.ts";

test.each([
  ["SIGINT", "it"],
  ["SIGINT", "group"],
  ["SIGTERM", "it"],
  ["SIGTERM", "group"],
] as const)("%s to npm start (%s) leaves nothing running, and loses nothing that was acknowledged", async (signal, to) => {
  const stateDir = await stateOfAll;
  const server = await startServer({ npm: true, stateDir });
  expect(await dataOf(server.url, "note-a")).toEqual(acknowledged);
  const runtime = server.runtime();
  expect(runtime.length).toBeGreaterThanOrEqual(2);
  acknowledged.push(`before ${signal} to ${to}`);
  await append(server.url, "note-a", acknowledged.slice(-1));
  server.signal(signal, to);
  expect(await server.ended).toEqual({ code: 0, signal: null });
  expect(await leftOf(server, runtime)).toEqual([]);
  expect(server.output()).toContain("stopping …");
  expect(server.output()).not.toMatch(/^\s+at |crashed|npm error/m);
});

/** What each of the servers above, one after the other on one state, has taken. */
const acknowledged: string[] = [];
const stateOfAll = newFolder();

test.each([700, 1_500, 2_500, 3_500])("a signal %i ms after npm start began leaves nothing running", async (after) => {
  const stateDir = await newFolder();
  const start = command("start", { npm: true, environment: { STATE_DIR: stateDir, PORT: "0" } });
  await pause(after);
  const begun = descendantsOf(start.pid);
  start.signal("SIGTERM");
  await start.ended;
  expect(await leftOf({ ...start, url: "", port: 1, stateDir, runtime: () => [] }, begun)).toEqual([]);
});

test("a start that is broken off lets go of the state", async () => {
  const settings = { port: 0, stateDir: await newFolder(), variables: {} };
  const asked = new AbortController();
  const starting = serve(settings, asked.signal);
  await pause(300);
  await expect(claimState(settings.stateDir)).rejects.toThrow(`got a server that uses it: process ${process.pid}.`);
  asked.abort(new Error("broken off"));
  await expect(starting).rejects.toThrow();
  await (await claimState(settings.stateDir)).release();
});

test("a server ends with the npm that runs it, even where npm is killed and passes nothing on", async () => {
  const server = await startServer({ npm: true });
  const runtime = server.runtime();
  server.signal("SIGKILL");
  await server.ended;
  await pause(1_000);
  expect(await leftOf(server, runtime)).toEqual([]);
});

test("a state that is held by a process which is just ending is waited for, one that is held on is refused", async () => {
  const folder = await newFolder();
  const holding = (ends: string) => `
    const { DatabaseSync } = require("node:sqlite");
    new DatabaseSync(process.argv[1] + "/server.lock").exec("BEGIN EXCLUSIVE");
    console.log("held");
    setTimeout(() => {}, 60_000);
    ${ends}`;
  const held = async (ends = "") => {
    const child = spawn(process.execPath, ["-e", holding(ends), folder], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    return child;
  };
  await held("setTimeout(() => process.kill(process.pid, 'SIGKILL'), 300)");
  await (await claimState(folder)).release();
  const other = await held();
  try {
    await expect(claimState(folder)).rejects.toThrow("to be free, got a server that uses it");
  } finally {
    other.kill("SIGKILL");
  }
});
