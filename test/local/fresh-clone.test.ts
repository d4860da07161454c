import { execFile } from "node:child_process";
import { cp, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { append, ask, dataOf } from "./api.ts";
import { leftOf, newFolder, ROOT, type Server, startServer, until } from "./server.ts";

const NO_KEYS = { ADMIN_KEY: undefined, MASTER_KEY: undefined };

/** The project as a clone has it, in a folder with a space in its name; what is installed is shared. */
async function clone(): Promise<string> {
  const root = await newFolder("a clone ");
  for (const name of ["package.json", "wrangler.toml", "tsconfig.json", "src", "durable-objects", "migrations"])
    await cp(join(ROOT, name), join(root, name), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
  return root;
}

/** How long (milliseconds) Ctrl-C may take: less than what wrangler is given to end in order. */
const ENDS_WITHIN = 4_000;

async function end(server: Server): Promise<void> {
  const runtime = server.runtime();
  const begun = Date.now();
  server.signal("SIGINT", "group");
  expect((await server.ended).code).toBe(0);
  expect(Date.now() - begun).toBeLessThan(ENDS_WITHIN);
  expect(await leftOf(server, runtime)).toEqual([]);
}

test("npm run dev makes keys, says so and keeps them; npm start has the same keys and data; and dev again, which takes up changes", async () => {
  const root = await clone();
  const file = join(root, ".dev.vars");
  // A relative one, to be found from the clone by each command.
  const options = { npm: true, root, stateDir: join(root, "else where/state"), environment: { ...NO_KEYS, STATE_DIR: "else where/state" } };

  const first = await startServer({ ...options, script: "dev" });
  expect(first.output()).toContain(`made ADMIN_KEY and MASTER_KEY, kept in ${file}`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const [, key = ""] = /^ADMIN_KEY=(.+)$/m.exec(await readFile(file, "utf8")) ?? [];
  const authorization = { authorization: `Bearer ${key}` };
  await append(first.url, "note-a", ["by dev"], authorization);
  expect(await logged(first, key, 1)).toBe(1);
  await end(first);

  const start = await startServer(options);
  expect(await dataOf(start.url, "note-a", key)).toEqual(["by dev"]);
  await append(start.url, "note-a", ["by start"], authorization);
  expect(await logged(start, key, 2)).toBe(2);
  await end(start);

  const dev = await startServer({ ...options, script: "dev" });
  expect(await dataOf(dev.url, "note-a", key)).toEqual(["by dev", "by start"]);
  const source = join(root, "src/api/app.ts");
  await writeFile(source, (await readFile(source, "utf8")).replace(/VERSION = ".*"/, 'VERSION = "9.9.9"'));
  const health = await until(
    () => ask<{ version?: string }>(dev.url, "/health").catch(() => undefined),
    (answer) => answer?.body.version === "9.9.9",
    20_000,
  );
  expect(health?.body.version).toBe("9.9.9");
  await end(dev);

  for (const server of [start, dev]) expect(server.output()).not.toContain("made ");
  for (const server of [first, start, dev]) expect(server.output()).not.toContain(key);
  await expect(stat(join(options.stateDir, "dev.vars"))).rejects.toThrow("ENOENT");
  // wrangler's own command finds our migrations applied.
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const { stdout } = await promisify(execFile)(process.execPath, [wrangler, "d1", "migrations", "list", "LOG_0", "--local", "--persist-to", options.stateDir], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" },
  });
  expect(stdout).toContain("No migrations to apply");
});

/** How many events the log comes to have: that takes the migrations, the queue and the databases. */
function logged(server: Server, key: string, expected: number): Promise<number | undefined> {
  const count = async (): Promise<number | undefined> => (await ask<{ items?: readonly unknown[] }>(server.url, "/v1/events", { key })).body.items?.length;
  return until(count, (found) => found === expected, 10_000);
}
