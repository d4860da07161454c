import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { build } from "../src/local/build.ts";
import { applyMigrations } from "../src/local/migrations.ts";
import { CONFIG_FILE, ROOT } from "../src/local/root.ts";
import { claimState } from "../src/local/state-lock.ts";
import { withoutItsSignals } from "../src/local/stop-signal.ts";

/** A worker to run: the options that Miniflare takes, by what makes them. */
export type WorkerOptions = Readonly<Record<string, unknown>> & { readonly name: string };

/** The workers that run in one workerd, each on a socket of its own. */
export interface Platform {
  /** `http://127.0.0.1:<port>` of a worker. */
  origin(name: string): string;
  stop(): Promise<void>;
}

/** The key that the platform's workers are given. */
export const ADMIN_KEY = "the-admin-key-of-the-bench";

/** A tree of the project's source, and its worker as `npm start` builds it. */
export interface Built {
  readonly root: string;
  readonly script: string;
}

/** A folder that is gone with `remove`, and what this tree builds there. */
export interface Workplace extends Built {
  readonly folder: string;
  /** To be in the environment of what is started on the folder. */
  readonly mark: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** Builds the worker into a new folder, which will hold all state. */
export async function workplace(stop: AbortSignal): Promise<Workplace> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "rivulet-bench-")));
  const claim = await claimState(folder);
  const remove = async (): Promise<void> => {
    await claim.release();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    return { folder, root: ROOT, script: await build(join(folder, "build"), { mark: claim.mark, stop }), mark: claim.mark, remove };
  } catch (fault) {
    await remove();
    throw fault;
  }
}

/** Starts these workers, and brings the databases of those that have the platform's up to date with the migrations of their own source. */
export async function startPlatform(
  { folder, mark }: Workplace,
  workers: readonly WorkerOptions[],
  rootOf: (worker: string) => string = () => ROOT,
): Promise<Platform> {
  const options = convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    log: new Log(LogLevel.ERROR),
    cf: false,
    resourcePersistencePath: join(folder, "state"),
    unsafeRuntimeEnv: { ...mark },
    workers: workers.map((worker) => ({ ...worker, unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] })) as never,
  });
  // Its own listeners for signals would end the process before the folder is removed.
  const miniflare = withoutItsSignals(() => new Miniflare(options));
  try {
    await miniflare.ready;
    const origins = new Map<string, string>();
    for (const { name } of workers) origins.set(name, (await miniflare.unsafeGetDirectURL(name)).origin);
    await Promise.all(workers.map((worker) => migrate(miniflare, worker, rootOf(worker.name))));
    return { origin: (name) => origins.get(name) ?? fail(name), stop: () => miniflare.dispose() };
  } catch (fault) {
    await miniflare.dispose().catch(() => undefined);
    throw fault;
  }
}

/** As `src/local` does it, for a worker that is not the only one, and may have none of the platform's databases. */
async function migrate(miniflare: Miniflare, { name, d1Databases = {} }: WorkerOptions, root: string): Promise<void> {
  const databases: readonly { readonly binding: string; readonly migrations_dir?: string }[] = unstable_readConfig(
    { config: configOf(root) },
    { hideWarnings: true },
  ).d1_databases;
  await Promise.all(
    databases.map(async ({ binding, migrations_dir: folder }) => {
      if (folder !== undefined && binding in (d1Databases as object)) await applyMigrations(await miniflare.getD1Database(binding, name), join(root, folder));
    }),
  );
}

/** The platform's worker, as the wrangler.toml of its source describes it. */
export async function platformWorker({ root, script }: Built, name = "rivulet"): Promise<WorkerOptions> {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(configOf(root));
  return {
    ...workerOptions,
    name,
    modulesRoot: "/",
    modules: [{ type: "ESModule", path: "/worker.js", contents: await readFile(script, "utf8") }],
    // A line for each request goes where the platform writes its log; here it would go through this process, which is measured too.
    bindings: { ...(workerOptions["bindings"] as object), ADMIN_KEY, MASTER_KEY: "the-master-key-of-the-bench-in-32-characters", LOG_LEVEL: "warn" },
  };
}

/** The worker with names of its own for what it would share with another in the same workerd. */
export function apart(worker: WorkerOptions): WorkerOptions {
  const { name } = worker;
  const own = <Value extends object>(record: unknown, rename: (value: Value) => Value): object =>
    Object.fromEntries(Object.entries(record as Readonly<Record<string, Value>>).map(([key, value]) => [key, rename(value)]));
  return {
    ...worker,
    d1Databases: own<{ id: string }>(worker["d1Databases"], (database) => ({ ...database, id: `${name}-${database.id}` })),
    queueProducers: own<{ queueName: string }>(worker["queueProducers"], (producer) => ({ ...producer, queueName: `${name}-${producer.queueName}` })),
    queueConsumers: Object.fromEntries(Object.entries(worker["queueConsumers"] as object).map(([queue, options]) => [`${name}-${queue}`, options])),
  };
}

/** The platform's worker with tracing switched off, beside the one that has it. */
export async function untracedWorker(place: Workplace): Promise<WorkerOptions> {
  const worker = apart(await platformWorker(place, UNTRACED));
  return { ...worker, bindings: { ...(worker["bindings"] as object), TRACE_RATE: "off" } };
}

/** Its name. */
export const UNTRACED = "untraced";

/** The bare workers that the platform is measured by. */
export async function yardstickWorkers(): Promise<readonly WorkerOptions[]> {
  const bare = async (name: string, more: object = {}): Promise<WorkerOptions> => ({
    name,
    compatibilityDate: unstable_readConfig({ config: CONFIG_FILE }, { hideWarnings: true }).compatibility_date,
    modulesRoot: "/",
    modules: [{ type: "ESModule", path: `/${name}.js`, contents: await readFile(join(ROOT, "bench/yardsticks", `${name}.js`), "utf8") }],
    ...more,
  });
  const durableObjects = { ROWS: { className: "Rows", useSQLite: true } };
  const pipeline = {
    durableObjects,
    d1Databases: { LOG: { id: "bare-log" } },
    queueProducers: { ROWS_QUEUE: { queueName: "bare-rows" } },
    // As wrangler.toml has it for the platform's.
    queueConsumers: { "bare-rows": { maxBatchSize: 100, maxBatchTimeout: 0 } },
  };
  return [await bare("hello"), await bare("insert", { durableObjects }), await bare("constant"), await bare("pipeline", pipeline)];
}

function configOf(root: string): string {
  return join(root, relative(ROOT, CONFIG_FILE));
}

function fail(name: string): never {
  throw new RangeError(`expected a worker that was started, got ${name}`);
}
