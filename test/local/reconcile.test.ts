import { createServer } from "node:http";
import { once } from "node:events";
import { readdir, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { all, append, ask } from "./api.ts";
import { command, newFolder, ROOT, type Server, startServer, stop, until } from "./server.ts";

interface Logged {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly hash: string;
}

const STREAMS = Array.from({ length: 6 }, (_, index) => `note-n${index}`);
const databases = (stateDir: string): string => join(stateDir, "v3/d1/miniflare-D1DatabaseObject");
const objects = (stateDir: string): string => join(stateDir, "v3/do/rivulet-Aggregate");

/** Runs `reconcile` against a server; gives what it said and its exit code. */
async function reconcile(
  { url, stateDir }: Server,
  args: readonly string[] = [],
  environment = {},
): Promise<{ readonly code: number | null; readonly said: string }> {
  const run = command("reconcile", { args, environment: { RIVULET_URL: url, STATE_DIR: stateDir, ...environment } });
  const { code } = await run.ended;
  return { code, said: run.output() };
}

const log = (server: Server): Promise<readonly Logged[]> => all<Logged>(server.url, "/v1/events");

/** The tables of a SQLite database that nobody writes to. */
async function tablesOf(file: string): Promise<readonly string[]> {
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(file, { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  db.close();
  return tables.map(({ name }) => String(name));
}

/** The ids of the objects that have a stream; an object that was only asked has none. */
async function idsOfStreams(server: Server): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of (await readdir(objects(server.stateDir))).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))) {
    const tables = await tablesOf(join(objects(server.stateDir), name));
    if (tables.length > 0) ids.push(name.slice(0, 64));
  }
  return ids;
}

/** How many objects an alarm is to wake: they have not let go of what they sent, and would send it again to a log that lacks it. */
async function alarms(server: Server): Promise<number> {
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(join(objects(server.stateDir), "metadata.sqlite"), { readOnly: true });
  const row = db.prepare("SELECT count(*) AS count FROM _cf_ALARM").get();
  db.close();
  return Number(row?.count);
}

/** A server with six streams, all in its log and their outboxes at rest, that has then lost some of its databases. */
async function afterLoss(isLost: (tables: readonly string[]) => boolean): Promise<{ readonly server: Server; readonly before: readonly Logged[] }> {
  const server = await startServer();
  for (const stream of STREAMS) await append(server.url, stream, [1, 2, 3]);
  const before = await until(
    () => log(server),
    (events) => events.length === 18,
    20_000,
  );
  expect(before).toHaveLength(18);
  await until(
    () => all<{ count: number }>(server.url, "/v1/event-types"),
    ([row]) => row?.count === 18,
    20_000,
  );
  const waiting = await until(
    () => alarms(server),
    (count) => count === 0,
    20_000,
  );
  expect(waiting).toBe(0);
  await stop(server);
  for (const file of (await readdir(databases(server.stateDir))).filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")) {
    if (!isLost(await tablesOf(join(databases(server.stateDir), file)))) continue;
    for (const suffix of ["", "-wal", "-shm"]) await rm(join(databases(server.stateDir), `${file}${suffix}`), { force: true });
  }
  return { server: await startServer({ stateDir: server.stateDir, port: server.port }), before };
}

describe("after the D1 state was deleted and the objects' kept", () => {
  let server: Server;
  let before: readonly Logged[];

  beforeAll(async () => {
    ({ server, before } = await afterLoss(() => true));
    return () => stop(server);
  }, 120_000);

  test("the log is empty and nobody refills it by himself; --check says what it lacks, changes nothing and exits with 1", async () => {
    expect(await log(server)).toEqual([]);
    const { code, said } = await reconcile(server, ["--check"]);
    expect([code, said]).toEqual([1, expect.stringMatching(/6 streams in 6 objects: 0 refilled, 0 were complete, 6 not in the log/)]);
    for (const stream of STREAMS) expect(said).toMatch(new RegExp(`default +${stream} +3 +0 +behind`));
    expect(await log(server)).toEqual([]);
  });

  test("reconcile refills it: each stream is there once, in order, with the hashes it had, and the views are folded anew", async () => {
    const { code, said } = await reconcile(server);
    expect([code, said]).toEqual([0, expect.stringMatching(/6 streams in 6 objects: 6 refilled, 0 were complete, 0 not in the log/)]);
    const after = await log(server);
    expect(after.map(({ position }) => position)).toEqual(before.map((_, index) => index + 1));
    const hashes = (events: readonly Logged[], stream: string) => events.filter((event) => event.stream === stream).map(({ version, hash }) => [version, hash]);
    for (const stream of STREAMS) expect(hashes(after, stream)).toEqual(hashes(before, stream));
    const types = await until(
      () => all<{ count: number; streams: number }>(server.url, "/v1/event-types"),
      ([row]) => row?.count === 18,
      20_000,
    );
    expect(types).toMatchObject([{ count: 18, streams: 6 }]);
  });

  test("once more it finds nothing to do; the streams go on and verify", async () => {
    expect(await reconcile(server)).toMatchObject({ code: 0, said: expect.stringContaining("0 refilled, 6 were complete, 0 not in the log") });
    for (const stream of STREAMS) {
      await append(server.url, stream, [4]);
      expect((await ask(server.url, `/v1/streams/${stream}/verify`)).body).toMatchObject({ valid: true, to: 4 });
    }
  });

  test("ids come from a file or from Cloudflare's API as well", async () => {
    const ids = await idsOfStreams(server);
    const file = join(await newFolder(), "ids");
    await writeFile(file, `${ids.slice(0, 2).join("\n")}\n`);
    expect(await reconcile(server, ["--ids", file])).toMatchObject({ code: 0, said: expect.stringContaining("2 streams in 2 objects") });
    const asked: string[] = [];
    const cloudflare = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`);
      const isFirst = !request.url?.includes("cursor=");
      const result = (isFirst ? ids.slice(0, 4) : ids.slice(4)).map((id) => ({ id, hasStoredData: true }));
      response.end(JSON.stringify({ success: true, errors: [], result, result_info: { cursor: isFirst ? "second" : "" } }));
    }).listen(0, "127.0.0.1");
    await once(cloudflare, "listening");
    onTestFinished(() => void cloudflare.close());
    const api = `http://127.0.0.1:${(cloudflare.address() as AddressInfo).port}`;
    const access = { CLOUDFLARE_API_BASE_URL: api, CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_API_TOKEN: "tok", NAMESPACE_ID: "ns" };
    expect(await reconcile(server, [], access)).toMatchObject({ code: 0, said: expect.stringContaining("6 streams in 6 objects") });
    expect(asked).toEqual([
      "Bearer tok /accounts/acc/workers/durable_objects/namespaces/ns/objects?limit=1000",
      "Bearer tok /accounts/acc/workers/durable_objects/namespaces/ns/objects?limit=1000&cursor=second",
    ]);
  });

  test("an id that is none of an Aggregate is 422", async () => {
    const { status, body } = await ask<{ code: string }>(server.url, "/v1/reconcile", { method: "POST", body: { objects: ["0".repeat(64)] } });
    expect([status, body.code]).toEqual([422, "invalid_input"]);
  });

  test("who acts for another tenant is not told: 403", async () => {
    const answer = await ask(server.url, "/v1/reconcile", { method: "POST", body: { objects: ["0".repeat(64)] }, headers: { "tenant-id": "other" } });
    expect(answer.status).toBe(403);
  });
});

describe("after the log alone was lost, and the views kept", () => {
  test("the refilled log has another epoch: the views stop instead of skipping, and say so", async () => {
    const { server } = await afterLoss((tables) => tables.includes("heads"));
    onTestFinished(() => stop(server));
    expect((await reconcile(server)).code).toBe(0);
    const projections = await until(
      () => all<{ name: string; state: string; error?: string }>(server.url, "/v1/projections"),
      ([row]) => row?.state === "faulted",
      20_000,
    );
    for (const { state, error } of projections) expect([state, error]).toEqual(["faulted", expect.stringContaining("epoch")]);
    expect(await all(server.url, "/v1/event-types")).toMatchObject([{ count: 18 }]);
  });
});

test("reconcile says how it is used, and what it lacks", async () => {
  const help = command("reconcile", { args: ["--help"] });
  expect((await help.ended).code).toBe(0);
  expect(help.output()).toContain("npm run reconcile");
  const nowhere = command("reconcile", { cwd: ROOT, environment: { RIVULET_URL: "http://127.0.0.1:1", STATE_DIR: join(await newFolder(), "none") } });
  expect((await nowhere.ended).code).toBe(2);
  expect(nowhere.output()).toMatch(/^reconcile: expected the objects' files in .+ STATE_DIR\.$/m);
});
