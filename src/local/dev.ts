import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { QUIET, WRANGLER } from "./build.ts";
import { flagsOf } from "./flags.ts";
import { expectFreePort } from "./free-port.ts";
import { readVariables } from "./keys.ts";
import { ROOT, SECRETS_FILE } from "./root.ts";
import { localSettings, SETTINGS_HELP } from "./settings.ts";
import { claimState } from "./state-lock.ts";
import { aborted, runCommand } from "./stop-signal.ts";

const HELP = `Runs Rivulet under wrangler dev, which builds it anew at each change: npm run dev

${SETTINGS_HELP}

The state is the same as that of npm start; only one of the two can use it at a time. Ctrl-C stops it.`;

/** How long (milliseconds) wrangler may take to end in order before it is made to. */
const PATIENCE = 5_000;

async function main(stop: AbortSignal): Promise<number> {
  const flags = flagsOf({ help: { type: "boolean", short: "h" } }, "npm run dev -- --help");
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const { port, stateDir, variables } = await localSettings(process.env);
  const claim = await claimState(stateDir);
  const variablesFile = join(claim.folder, "dev.vars");
  try {
    await expectFreePort(port);
    // Loaded only now: it takes a second, and refusals and --help need none of it.
    const { migrateOnly } = await import("./runtime.ts");
    await migrateOnly(claim);
    await writeVariables(variablesFile, { ...(await readVariables(SECRETS_FILE)), ...variables });
    stop.throwIfAborted();
    const flags = ["--ip", "127.0.0.1", "--port", `${port}`, "--inspector-port", "0", "--persist-to", claim.folder, "--env-file", variablesFile];
    return await runWrangler(flags, { ...claim.mark, WRANGLER_REGISTRY_PATH: join(claim.folder, "registry") }, stop);
  } finally {
    await rm(variablesFile, { force: true });
    await claim.release();
  }
}

/** The worker's variables go to wrangler by a file, for a command line can be read by everybody on the machine. */
async function writeVariables(file: string, variables: Readonly<Record<string, string | undefined>>): Promise<void> {
  const lines = Object.entries(variables).map(([name, value = ""]) => `${name}=${value.includes("'") ? `"${value}"` : `'${value}'`}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
}

async function runWrangler(flags: readonly string[], environment: Readonly<Record<string, string>>, stop: AbortSignal): Promise<number> {
  const wrangler = spawn(process.execPath, [WRANGLER, "dev", ...flags], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET, X_LOCAL_OBSERVABILITY: "false", ...environment },
    // It must not read the terminal: it is not in the terminal's foreground group.
    stdio: ["ignore", "inherit", "inherit"],
    // In a group of its own, so that all of it can be ended at once: wrangler does not end what it started when it is ended.
    detached: true,
  });
  const ended = once(wrangler, "close").then(([code]) => (code as number | null) ?? 1);
  const code = await Promise.race([ended, aborted(stop)]);
  if (code !== undefined) return code;
  console.log("\nstopping …");
  if (wrangler.pid !== undefined) process.kill(-wrangler.pid, "SIGTERM");
  // What has not ended by then is ended with the claim on the state.
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())]);
  return 0;
}

await runCommand(main);
