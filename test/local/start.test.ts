import { join } from "node:path";
import { expect, test } from "vitest";
import { append, ask, dataOf } from "./api.ts";
import { usersOf } from "./processes.ts";
import { command, freePort, newFolder, startServer, stop } from "./server.ts";

test("a server is ready at the port it was given, and knows the key of the environment alone", async () => {
  const server = await startServer();
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect(server.output()).not.toMatch(/made|\.dev\.vars/);
  expect((await ask(server.url, "/health")).status).toBe(200);
  expect((await ask(server.url, "/v1/events")).status).toBe(200);
  expect((await ask(server.url, "/v1/events", { key: "another" })).status).toBe(401);

  // The server goes on while others try to take its state or its port.
  const sameState = command("start", { environment: { STATE_DIR: server.stateDir, PORT: String(await freePort()) } });
  expect((await sameState.ended).code).toBe(1);
  expect(sameState.output()).toContain(`expected ${server.stateDir} to be free, got a server that uses it: process ${server.pid}.`);
  expect(sameState.output()).not.toMatch(/^\s+at /m);

  const samePort = command("start", { environment: { STATE_DIR: await newFolder(), PORT: String(server.port) } });
  expect((await samePort.ended).code).toBe(1);
  expect(samePort.output()).toContain(`expected port ${server.port} to be free, got something that listens on it.`);
  expect(samePort.output()).not.toMatch(/^\s+at /m);

  const dev = command("dev", { environment: { STATE_DIR: server.stateDir, PORT: String(await freePort()) } });
  expect((await dev.ended).code).toBe(1);
  expect(dev.output()).toContain(`expected ${server.stateDir} to be free`);

  expect((await ask(server.url, "/health")).status).toBe(200);
  expect(usersOf(server.stateDir)).toEqual(expect.arrayContaining([...server.runtime()]));
  await stop(server);
});

test("two servers run side by side, each with a state of its own (a relative one is where it was started), PORT=0 being any port that is free", async () => {
  const folder = await newFolder();
  const [one, other] = await Promise.all([startServer(), startServer({ cwd: folder, environment: { STATE_DIR: "here/state", PORT: "0" } })]);
  expect(other.url).not.toBe("http://127.0.0.1:0");
  await append(one.url, "note-a", ["one"]);
  await append(other.url, "note-a", ["other"]);
  expect(await dataOf(one.url, "note-a")).toEqual(["one"]);
  expect(await dataOf(other.url, "note-a")).toEqual(["other"]);
  expect(usersOf(join(folder, "here/state"))).toEqual(expect.arrayContaining([...other.runtime()]));
  await Promise.all([stop(one), stop(other)]);
});

test.each(["abc", "70000", "-1", "80.5"])("PORT=%s is refused in a sentence", async (port) => {
  const start = command("start", { environment: { PORT: port, STATE_DIR: await newFolder() } });
  expect((await start.ended).code).toBe(1);
  expect(start.output().trim()).toBe(`expected PORT to be a number from 0 to 65535, got "${port}"`);
});

test.each(["start", "dev"] as const)("%s --help tells the settings and starts nothing", async (script) => {
  const help = command(script, { args: ["--help"] });
  expect((await help.ended).code).toBe(0);
  for (const name of ["PORT", "STATE_DIR", "ADMIN_KEY", "MASTER_KEY", "ALLOW_LOCAL_TARGETS"]) expect(help.output()).toContain(name);
});
