import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { migrate } from "./migrations.ts";
import { OUTSIDE, outside } from "./network-policy.ts";
import { CONFIG_FILE } from "./root.ts";
import type { LocalSettings } from "./settings.ts";
import type { StateClaim } from "./state-lock.ts";
import { withoutItsSignals } from "./stop-signal.ts";
import { workerLog } from "./worker-log.ts";

/** A Miniflare that has begun: it may not be ready yet, and must be disposed of even if it never is. */
export interface Runtime {
  /** Resolves to the worker's own address once it serves and its databases are up to date. */
  readonly ready: Promise<string>;
  dispose(): Promise<void>;
}

/** Runs the built worker with wrangler.toml's bindings, on a socket of the worker's own: Miniflare's proxies cost most of the speed. */
export function runWorker({ port, variables }: LocalSettings, claim: StateClaim, script: string): Runtime {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(CONFIG_FILE);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...onState(claim),
      workers: [
        {
          ...workerOptions,
          name: "rivulet",
          modulesRoot: dirname(script),
          modules: [{ type: "ESModule", path: script }],
          bindings: { ...(workerOptions["bindings"] as object), ...variables },
          unsafeDirectSockets: [{ host: "127.0.0.1", port }],
          outboundService: OUTSIDE,
        },
        outside({ allowLocal: variables["ALLOW_LOCAL_TARGETS"] === "1" }),
      ],
    }),
  );
  const ready = async (): Promise<string> => {
    await miniflare.ready;
    await migrate(miniflare);
    return (await miniflare.unsafeGetDirectURL("rivulet")).origin;
  };
  return { ready: ready(), dispose: () => miniflare.dispose() };
}

/** Applies the migrations to a state that is claimed, for a runtime that somebody else starts afterwards. */
export async function migrateOnly(claim: StateClaim): Promise<void> {
  const { d1Databases } = unstable_getMiniflareWorkerOptions(CONFIG_FILE).workerOptions;
  const options = convertV4MiniflareOptions({
    ...onState(claim),
    workers: [{ name: "migrations", modules: true, script: "export default {}", d1Databases: d1Databases as Record<string, { id: string }> }],
  });
  const miniflare = withoutItsSignals(() => new Miniflare(options));
  try {
    await miniflare.ready;
    await migrate(miniflare);
  } finally {
    await miniflare.dispose();
  }
}

function onState({ folder, mark }: StateClaim) {
  return {
    host: "127.0.0.1",
    port: 0,
    log: new Log(LogLevel.WARN),
    handleStructuredLogs: workerLog(process.stdout, process.stderr),
    // No look at the network for what Cloudflare would say of a request's origin.
    cf: false,
    // Where `wrangler dev --persist-to <folder>` keeps things, so that both see the same data.
    resourcePersistencePath: join(folder, "v3"),
    unsafeRuntimeEnv: { ...mark },
  } as const;
}
