import { freePort, pause } from "../../local/waiting.ts";
import { randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { endLeftBehind } from "../../../src/local/left-behind.ts";
import { scratchFolder } from "../../support/scratch-folder.ts";
import { descendantsOf, isRunning } from "../../local/processes.ts";

const START = join(import.meta.dirname, "../../../src/local/start.ts");

/** How long (milliseconds) a server may take to be ready, and killed processes to be gone. */
const READY_WITHIN = 60_000;
const GONE_WITHIN = 10_000;

/** A server that is started, killed and started again, always on the same port and the same state. It needs no test runner. */
export interface KillableServer {
  readonly url: string;
  readonly key: string;
  readonly stateDir: string;
  start(): Promise<void>;
  /** SIGKILL to all of its processes, found beforehand so that nothing comes between the decision and the blow. */
  prepareKill(): () => Promise<void>;
  /** Ends whatever is left, and removes the state. */
  dispose(): Promise<void>;
}

/** Nothing is started yet. `settings` are variables of its environment beside the usual ones. */
export async function killableServer(settings: Readonly<Record<string, string>> = {}): Promise<KillableServer> {
  const folder = await scratchFolder("rivulet-kills-");
  const [stateDir, scratch] = [join(folder, "state"), join(folder, "tmp")];
  await mkdir(scratch);
  const port = await freePort();
  const key = randomUUID();
  const mark = randomUUID();
  let pid = 0;
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    stateDir,
    async start() {
      const { npm_lifecycle_event: _, ALLOW_LOCAL_TARGETS: __, ...environment } = process.env;
      // What a killed runtime leaves in its folder for passing files goes with the rest.
      const own = {
        TMPDIR: scratch,
        PORT: String(port),
        STATE_DIR: stateDir,
        ADMIN_KEY: key,
        MASTER_KEY: "the-master-key-of-the-kills",
        RIVULET_TEST: mark,
        LOG_LEVEL: "warn",
      };
      const child = spawn(process.execPath, [START], { env: { ...environment, ...own, ...settings }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
      pid = child.pid as number;
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
      const deadline = Date.now() + READY_WITHIN;
      while (!/ready http/.test(output)) {
        const isOver = child.exitCode !== null || child.signalCode !== null || Date.now() > deadline;
        if (isOver) throw new Error(`expected the server to be ready, got its end or no answer in ${READY_WITHIN} ms after:\n${output}`);
        await pause(20);
      }
    },
    prepareKill() {
      // Parent first: it would start the runtime again.
      const doomed = [pid, ...descendantsOf(pid)];
      return async () => {
        for (const each of doomed) process.kill(each, "SIGKILL");
        const deadline = Date.now() + GONE_WITHIN;
        while (doomed.some(isRunning)) {
          if (Date.now() > deadline) throw new Error(`expected the processes ${doomed.join(", ")} to be gone ${GONE_WITHIN} ms after SIGKILL`);
          await pause(10);
        }
      };
    },
    async dispose() {
      await endLeftBehind("RIVULET_TEST", mark);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
