import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { afterAll } from "vitest";
import { endLeftBehind } from "../../src/local/left-behind.ts";
import { scratchFolder } from "../support/scratch-folder.ts";
import { freePort, pause, until } from "./waiting.ts";
import { descendantsOf, isRunning, processes, usersOf } from "./processes.ts";

export { freePort, pause, until };

/** The folder of the project. */
export const ROOT = join(import.meta.dirname, "../..");

export const ADMIN_KEY = "the-admin-key-of-the-local-tests";

/** How a command is run: `npm run <script>` where `npm` is set, else its file by node. */
export interface CommandOptions {
  readonly npm?: boolean;
  readonly args?: readonly string[];
  /** Where the project is; a copy of it, for tests that change files. */
  readonly root?: string;
  readonly cwd?: string;
  /** Undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A command that runs, in a process group of its own. */
export interface Command {
  readonly pid: number;
  /** All that it has said so far. */
  output(): string;
  /** Resolves when it says something that matches; rejects when it ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** To it alone, or to its whole group as Ctrl-C does. */
  signal(name: NodeJS.Signals, to?: "it" | "group"): void;
}

const SCRIPTS = {
  start: "src/local/start.ts",
  dev: "src/local/dev.ts",
  demo: "src/cli/demo.ts",
  reconcile: "src/cli/reconcile.ts",
  rivulet: "src/cli/rivulet.mjs",
} as const;

/** What is to be done at the end of the file, the newest first. */
const endings: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of endings.toReversed()) await end();
});

/** Runs one of package.json's commands; whatever is left of it at the end of the file is ended. */
export function command(script: keyof typeof SCRIPTS, { npm = false, args = [], root = ROOT, cwd = root, environment = {} }: CommandOptions = {}): Command {
  const [file, all] = npm ? ["npm", ["run", script, "--", ...args]] : [process.execPath, [join(root, SCRIPTS[script]), ...args]];
  const mark = randomUUID();
  endings.push(() => endLeftBehind("RIVULET_TEST", mark));
  const variables = { ...process.env, ...USUAL, ...environment, RIVULET_TEST: mark };
  const child = spawn(file, all, {
    cwd,
    env: Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined)),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const pid = child.pid as number;
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  // `exit` and not `close`: what a killed process leaves behind keeps its output open.
  const ended = once(child, "exit").then(([code, signal]) => ({ code: code as number | null, signal: signal as string | null }));
  return {
    pid,
    output: () => output,
    ended,
    signal: (name, to = "it") => process.kill(to === "group" ? -pid : pid, name),
    async says(pattern) {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found;
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`expected ${script} to say ${pattern}, got its end after:\n${output}`);
        await pause(20);
      }
    },
  };
}

/** Keys of ours, and nothing of what the tests themselves were started with. */
const USUAL = {
  ADMIN_KEY,
  MASTER_KEY: "the-master-key-of-the-local-tests",
  MASTER_KEY_OLD: undefined,
  npm_lifecycle_event: undefined,
  RIVULET_URL: undefined,
  PORT: undefined,
  STATE_DIR: undefined,
  ALLOW_LOCAL_TARGETS: undefined,
  LOG_LEVEL: undefined,
};

/** A server that is ready. */
export interface Server extends Command {
  readonly url: string;
  readonly port: number;
  readonly stateDir: string;
  /** The processes that it started: the runtime. */
  runtime(): readonly number[];
}

export interface ServerOptions extends CommandOptions {
  readonly script?: "start" | "dev";
  readonly port?: number;
  readonly stateDir?: string;
}

/** Starts a server, on a free port and a new state unless told otherwise, and waits until it is ready. */
export async function startServer({ script = "start", port, stateDir, environment, ...options }: ServerOptions = {}): Promise<Server> {
  const chosen = { port: port ?? (await freePort()), stateDir: stateDir ?? (await newFolder()) };
  const started = command(script, { ...options, environment: { PORT: String(chosen.port), STATE_DIR: chosen.stateDir, ...environment } });
  const [, url = ""] = await started.says(/ready(?: on)? (http:\/\/\S+)/i);
  return { ...started, ...chosen, url, runtime: () => descendantsOf(started.pid) };
}

/** Ends a server as Ctrl-C does, and waits. */
export async function stop(server: Command): Promise<void> {
  server.signal("SIGINT", "group");
  await server.ended;
}

/** An empty folder that is gone when the test ends. */
export async function newFolder(name = "rivulet-"): Promise<string> {
  const folder = await scratchFolder(name);
  endings.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return folder;
}

/** What is left of a server: its processes, whatever uses its state, and whoever answers on its port. Waits a moment for none. */
export function leftOf({ pid, port, stateDir }: Server, runtime: readonly number[]): Promise<readonly string[]> {
  const look = async (): Promise<readonly string[]> => [
    ...[pid, ...runtime].filter(isRunning).map((left) => `process ${left}`),
    ...processes()
      .filter(({ group }) => group === pid)
      .map((left) => `process ${left.pid} of its group`),
    ...usersOf(stateDir).map((left) => `process ${left} on its state`),
    ...(await fetch(`http://127.0.0.1:${port}/health`).then(
      () => ["an answer on its port"],
      () => [],
    )),
  ];
  return until(look, (left) => left.length === 0, 500);
}
