import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { curlLines, listLines, snippets } from "../readme/first-domain.ts";
import { ask } from "./api.ts";
import { ADMIN_KEY, leftOf, newFolder, ROOT, startServer, until } from "./server.ts";

const run = promisify(execFile);
const PROJECT = ["package.json", "tsconfig.json", "wrangler.toml", ".oxlintrc.json", ".oxfmtrc.json", "src", "durable-objects", "migrations"];

/** What cards of former days look like in their streams, and the address that they have today. */
const OLD_CARDS = [
  [1, { holder: "Ada", pinHash: "h1" }, "nobody@library.example"],
  [2, { name: "Ada", mail: "ada@old.example", pinHash: "h1" }, "ada@old.example"],
] as const;

/** The project with the page's files typed into it, to the letter. */
async function withTheDomain(): Promise<string> {
  const root = await newFolder("rivulet-first-domain-");
  await mkdir(join(root, "test"));
  for (const path of [...PROJECT, "test/vitest.config.mts", "test/support"]) await cp(join(ROOT, path), join(root, path), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
  for (const { path, code } of snippets()) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), code);
  }
  const list = join(root, "src/domains/index.ts");
  const { statement, name } = listLines();
  await writeFile(list, `${statement}\n${(await readFile(list, "utf8")).replace("Module[] = [", `Module[] = [${name}, `)}`);
  return root;
}

test("who types the page's files has a domain that compiles, passes lint and its spec, and answers as the page says", async () => {
  const root = await withTheDomain();
  const tool = (name: string, ...args: readonly string[]) =>
    run(join(ROOT, "node_modules/.bin", name), args, { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
  await tool("tsc", "-p", ".");
  await tool("oxlint", "--deny-warnings", "src/domains/library", "test/unit/domains/library");
  const { stdout } = await tool("vitest", "run", "--config", "test/vitest.config.mts", "--project", "unit", "test/unit/domains/library");
  expect(stdout).toMatch(/Tests\s+4 passed/);

  const server = await startServer({ root });
  const runtime = server.runtime();
  const answers: string[] = [];
  try {
    for (const line of curlLines()) {
      // -f makes curl fail on any answer but a good one.
      answers.push((await run("bash", ["-c", line], { env: { ...process.env, URL: server.url, KEY: ADMIN_KEY } })).stdout);
    }
    const rows = await until(
      () => ask<{ items: readonly { bookId: string; reader: string }[] }>(server.url, "/v1/views/books_lent?q=ada"),
      ({ body }) => body.items?.length === 1,
      20_000,
    );
    expect(rows.body.items).toMatchObject([{ bookId: "b1", reader: "Ada" }]);
    for (const [schemaVersion, data, email] of OLD_CARDS) {
      const stream = `library_card-${schemaVersion}`;
      const events = [{ type: "library.CardIssued", schemaVersion, data }];
      expect(await ask(server.url, `/v1/streams/${stream}/events`, { method: "POST", body: { events } })).toMatchObject({ status: 201 });
      const state = await ask(server.url, `/v1/aggregates/library_card/${schemaVersion}`);
      expect(state.body).toMatchObject({ state: { name: "Ada", email } });
    }
  } finally {
    server.signal("SIGINT", "group");
    await server.ended;
  }
  expect(answers[0]).toContain('"type":"library.BookLent"');
  expect(answers[1]).toContain('"state":{"reader":"Ada"}');
  expect(answers[3]).toContain('"state":{"name":"Ada","email":"ada@example.com"}');
  expect(answers[4]).toContain('"type":"library.PinChanged"');
  expect(answers.slice(0, 2).join("") + answers[3]).not.toContain("1234");
  expect(await leftOf(server, runtime)).toEqual([]);
});
