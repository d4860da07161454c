import { join } from "node:path";
import { build } from "./build.ts";
import { expectFreePort, portInUse } from "./free-port.ts";
import type { Runtime } from "./runtime.ts";
import type { LocalSettings } from "./settings.ts";
import { claimState, type StateClaim } from "./state-lock.ts";
import { withoutItsSignals } from "./stop-signal.ts";

/** A platform that serves; `stop` ends all that it started. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves the built worker from this machine. With `stop`, the caller answers for signals, and a start that is under way is
 * broken off when it aborts; without, a signal ends the process at once.
 */
export async function serve(settings: LocalSettings, stop?: AbortSignal): Promise<RunningServer> {
  const claim = await claimState(settings.stateDir);
  let runtime: Runtime | undefined;
  try {
    await expectFreePort(settings.port);
    // Loaded while the build runs: it takes as long.
    const [script, { runWorker }] = await Promise.all([
      build(join(claim.folder, "build"), { mark: claim.mark, ...(stop && { stop }) }),
      import("./runtime.ts"),
    ]);
    const run = (): Runtime => runWorker(settings, claim, script);
    runtime = stop ? withoutItsSignals(run) : run();
    const url = await runtime.ready;
    stop?.throwIfAborted();
    return { url, stop: () => end(runtime, claim) };
  } catch (fault) {
    // What is half begun must be gone too; that it cannot be ended in order says no more than the fault itself.
    await end(runtime, claim).catch(() => undefined);
    throw (fault as { code?: string }).code === "ERR_ADDRESS_IN_USE" ? portInUse(settings.port) : fault;
  }
}

async function end(runtime: Runtime | undefined, claim: StateClaim): Promise<void> {
  try {
    await runtime?.dispose();
  } finally {
    await claim.release();
  }
}
