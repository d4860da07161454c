import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./root.ts";

/** wrangler's own entry. */
export const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");

/** What tries the network at start, switched off; and what would ask, told that nobody is there to answer. */
export const QUIET = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_HIDE_BANNER: "true", CI: "true" } as const;

interface BuildOptions {
  /** Added to the environment of the build. */
  readonly mark?: Readonly<Record<string, string>>;
  readonly stop?: AbortSignal;
  /** The source to build, where it is not this one. */
  readonly root?: string;
}

/** Bundles the worker as `wrangler deploy` would, and gives the file. */
export async function build(outDir: string, { mark = {}, stop, root = ROOT }: BuildOptions = {}): Promise<string> {
  await mkdir(outDir, { recursive: true });
  const wrangler = spawn(process.execPath, [WRANGLER, "deploy", "--dry-run", "--outdir", outDir], {
    cwd: root,
    env: { ...process.env, ...QUIET, ...mark },
    stdio: ["ignore", "pipe", "pipe"],
    ...(stop && { signal: stop }),
  });
  let output = "";
  wrangler.stdout.on("data", (chunk) => (output += chunk));
  wrangler.stderr.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve, reject) => wrangler.on("close", resolve).on("error", reject));
  if (code !== 0) throw new Error(`expected the worker to build, got exit code ${code}:\n${output}`);
  return join(outDir, "worker.js");
}
