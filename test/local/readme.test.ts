import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ADMIN_KEY, leftOf, startServer } from "./server.ts";

const run = promisify(execFile);

test("every curl in README works as it stands", async () => {
  const readme = await readFile("README.md", "utf8");
  const lines = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => (block as string).split("\n")).filter((line) => line.startsWith("curl "));
  expect(lines.length).toBeGreaterThan(8);
  const server = await startServer();
  const runtime = server.runtime();
  try {
    for (const line of lines) {
      // -f makes curl fail on any answer but a good one; README leaves it out, for it hides what a problem says.
      await expect(
        run("bash", ["-c", line.replace(/^curl/, "curl -f")], { env: { ...process.env, URL: server.url, KEY: ADMIN_KEY } }),
        line,
      ).resolves.toBeTruthy();
    }
  } finally {
    server.signal("SIGINT", "group");
    await server.ended;
  }
  expect(await leftOf(server, runtime)).toEqual([]);
});
