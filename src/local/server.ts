import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { applyMigrations } from "./migrations.ts";
import { claimState } from "./state-lock.ts";

/** How the local platform runs. */
export interface ServerSettings {
  readonly port: number;
  /** The folder that holds all local state. */
  readonly stateDir: string;
  /** The worker's variables: keys and switches. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A platform that serves; `stop` ends all that it started. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

const ROOT = new URL("../..", import.meta.url).pathname;

/** What tries the network at start, switched off. */
export const QUIET = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_HIDE_BANNER: "true", CI: "true" } as const;

/** Bundles the worker as `wrangler deploy` would, and gives the file. */
export async function build(outDir: string): Promise<string> {
  await mkdir(outDir, { recursive: true });
  const wrangler = spawn(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--outdir", outDir], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  wrangler.stdout.on("data", (chunk) => (output += chunk));
  wrangler.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => wrangler.on("close", resolve));
  if (code !== 0) throw new Error(`expected the worker to build, got exit code ${code}:\n${output}`);
  return join(outDir, "worker.js");
}

/** Serves the built worker on Miniflare with wrangler.toml's bindings, through a socket of the worker's own. */
export async function serve({ port, stateDir, variables }: ServerSettings): Promise<RunningServer> {
  const release = await claimState(stateDir);
  const script = await build(join(stateDir, "build"));
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      log: new Log(LogLevel.WARN),
      cf: false,
      resourcePersistencePath: join(stateDir, "v3"),
      workers: [
        {
          ...workerOptions,
          name: "rivulet",
          modulesRoot: dirname(script),
          modules: [{ type: "ESModule", path: script }],
          bindings: { ...(workerOptions["bindings"] as object), ...variables },
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
        },
      ],
    }),
  );
  try {
    await miniflare.ready;
    await applyMigrations(await miniflare.getD1Database("LOG_0"), join(ROOT, "migrations/log"));
    await applyMigrations(await miniflare.getD1Database("VIEWS_0"), join(ROOT, "migrations/views"));
    await release.serving();
    const url = (await miniflare.unsafeGetDirectURL("rivulet")).origin;
    return {
      url,
      async stop() {
        await miniflare.dispose();
        await release.released();
      },
    };
  } catch (fault) {
    await miniflare.dispose();
    throw fault;
  }
}
