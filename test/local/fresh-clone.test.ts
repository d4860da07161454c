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

async function end(server: Server): Promise<void> {
  const runtime = server.runtime();
  server.signal("SIGINT", "group");
  expect((await server.ended).code).toBe(0);
  expect(await leftOf(server, runtime)).toEqual([]);
}

test("npm start makes keys, says so and keeps them; npm run dev has the same keys and data, and takes up changes", async () => {
  const root = await clone();
  const file = join(root, ".dev.vars");
  const options = { npm: true, root, stateDir: join(root, ".wrangler/state"), environment: { ...NO_KEYS, STATE_DIR: undefined } };

  const first = await startServer(options);
  expect(first.output()).toContain(`made ADMIN_KEY and MASTER_KEY, kept in ${file}`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const [, key = ""] = /^ADMIN_KEY=(.+)$/m.exec(await readFile(file, "utf8")) ?? [];
  expect(first.output()).not.toContain(key);
  const authorization = { authorization: `Bearer ${key}` };
  await append(first.url, "note-a", ["by start"], authorization);
  await end(first);

  const dev = await startServer({ ...options, script: "dev" });
  expect(dev.output()).not.toContain("made ");
  expect(dev.output()).not.toContain(key);
  expect(await dataOf(dev.url, "note-a", key)).toEqual(["by start"]);
  await append(dev.url, "note-a", ["by dev"], authorization);
  const source = join(root, "src/api/app.ts");
  await writeFile(source, (await readFile(source, "utf8")).replace(/VERSION = ".*"/, 'VERSION = "9.9.9"'));
  const health = await until(
    () => ask<{ version?: string }>(dev.url, "/health").catch(() => undefined),
    (answer) => answer?.body.version === "9.9.9",
    20_000,
  );
  expect(health?.body.version).toBe("9.9.9");
  await end(dev);
  await expect(stat(join(options.stateDir, "dev.vars"))).rejects.toThrow("ENOENT");

  // wrangler's own command finds the migrations of ours applied.
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const { stdout } = await promisify(execFile)(process.execPath, [wrangler, "d1", "migrations", "list", "LOG_0", "--local"], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" },
  });
  expect(stdout).toContain("No migrations to apply");

  const again = await startServer(options);
  expect(again.output()).not.toContain("made ");
  expect(await dataOf(again.url, "note-a", key)).toEqual(["by start", "by dev"]);
  await end(again);
});
