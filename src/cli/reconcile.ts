import { resolve } from "node:path";
import { type Client, client, unexpected } from "./client.ts";
import { flagsOf } from "../local/flags.ts";
import { deployedObjectIds, localObjectIds, objectIdsFrom } from "./object-ids.ts";
import { progress } from "./progress.ts";
import { table } from "./table.ts";

const HELP = `Finds streams that the log does not know, or not to their end, and refills the log: npm run reconcile

For after a log's database was lost or restored from a backup: the streams are in their objects, whole, but nobody would look.
The server must run. Every object is asked once, then those that were behind until the log has them.

  --check         only compare; exit code 1 where the log lacks anything
  --ids FILE      the objects' ids, one a line (- is standard input), instead of the files in STATE_DIR
  --wait SECONDS  how long the refill may take (600)

After npm, flags come behind two dashes: npm run reconcile -- --check

Settings come from the environment:
  RIVULET_URL, PORT, ADMIN_KEY  the server and its key, as for npm run demo
  STATE_DIR                     where a local server keeps its objects (.wrangler/state)
  CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN, NAMESPACE_ID
                                list a deployment's objects by Cloudflare's API; not tried on a real account yet

Exit codes: 0 the log has every stream; 1 it lacks something; 2 it could not be found out.`;

/** Objects of one request. */
const BATCH = 100;

interface Compared {
  readonly object: string;
  readonly state: "empty" | "complete" | "behind" | "lost" | "forked";
  readonly tenant?: string;
  readonly stream?: string;
  readonly version?: number;
  readonly loggedVersion?: number;
  readonly reason?: string;
}

async function main(): Promise<number> {
  const flags = flagsOf(
    { help: { type: "boolean", short: "h" }, check: { type: "boolean" }, ids: { type: "string" }, wait: { type: "string" } },
    "npm run reconcile -- --help",
  );
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const seconds = Number(flags.wait ?? "600");
  if (!(seconds >= 0)) throw new Error(`expected --wait to be seconds, got "${flags.wait}"`);
  const server = await client(process.env);
  const ids = await objectIds(flags.ids);
  if (ids.length === 0) {
    console.log("There are no objects, so the log lacks nothing.");
    return 0;
  }
  const first = await compare(server, ids, { repair: !flags.check, shows: "objects compared" });
  const behind = first.filter(({ state }) => state === "behind");
  const still = flags.check ? behind : await refilled(server, behind, seconds * 1000);
  const bad = [...first.filter(({ state }) => state === "lost" || state === "forked"), ...still];
  tell(bad);
  const streams = first.filter(({ state }) => state !== "empty").length;
  const brought = behind.length - still.length;
  console.log(
    `${streams} streams in ${ids.length} objects: ${brought} refilled, ${streams - brought - bad.length} were complete, ${bad.length} not in the log`,
  );
  return bad.length > 0 ? 1 : 0;
}

async function objectIds(file: string | undefined): Promise<readonly string[]> {
  if (file !== undefined) return objectIdsFrom(file);
  const { CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token, NAMESPACE_ID: namespace } = process.env;
  if (!namespace) return localObjectIds(resolve(process.env["STATE_DIR"] || ".wrangler/state"));
  if (!account || !token) throw new Error("expected CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN beside NAMESPACE_ID, got only the latter");
  const api = process.env["CLOUDFLARE_API_BASE_URL"] || "https://api.cloudflare.com/client/v4";
  return Array.fromAsync(deployedObjectIds({ api, account, namespace, token }));
}

async function compare(server: Client, ids: readonly string[], { repair, shows }: { repair: boolean; shows?: string }): Promise<readonly Compared[]> {
  const found: Compared[] = [];
  const shown = shows === undefined ? undefined : progress(ids.length, shows);
  for (let first = 0; first < ids.length; first += BATCH) {
    const answer = await server.ask("/v1/reconcile", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ objects: ids.slice(first, first + BATCH), repair }),
    });
    if (answer.status !== 200) throw unexpected("expected the server to compare the objects", answer);
    found.push(...(answer.body as { items: readonly Compared[] }).items);
    shown?.step(Math.min(BATCH, ids.length - first));
  }
  shown?.stop();
  return found;
}

/** Waits until the log has them; gives those that it has not in time. */
async function refilled(server: Client, behind: readonly Compared[], milliseconds: number): Promise<readonly Compared[]> {
  const deadline = Date.now() + milliseconds;
  const shown = behind.length > 0 ? progress(behind.length, "streams refilled") : undefined;
  let left = behind;
  for (let pause = 100; left.length > 0 && Date.now() < deadline; pause = Math.min(pause * 2, 2_000)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const now = await compare(
      server,
      left.map(({ object }) => object),
      { repair: false },
    );
    const open = now.filter(({ state }) => state !== "complete");
    shown?.step(left.length - open.length);
    left = open;
  }
  shown?.stop();
  return left;
}

function tell(bad: readonly Compared[]): void {
  if (bad.length === 0) return;
  const columns = [
    { heading: "tenant", cell: ({ tenant = "" }: Compared) => tenant },
    { heading: "stream", cell: ({ stream = "" }: Compared) => stream },
    { heading: "version", cell: ({ version = 0 }: Compared) => version },
    { heading: "in the log", cell: ({ loggedVersion = 0 }: Compared) => loggedVersion },
    { heading: "state", cell: ({ state }: Compared) => state },
    { heading: "why", cell: ({ reason = "" }: Compared) => reason },
  ];
  console.log(`${table(columns, bad)}\n`);
}

try {
  process.exitCode = await main();
} catch (fault) {
  console.error(`reconcile: ${(fault as Error).message}`);
  process.exitCode = 2;
}
