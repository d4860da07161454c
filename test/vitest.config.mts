import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = new URL("..", import.meta.url).pathname;

/** Tests that run inside workerd, against real Durable Objects, D1 databases and queues. */
const inWorkerd = async (name: string, main: string) => ({
  plugins: [
    cloudflareTest({
      main,
      wrangler: { configPath: `${root}wrangler.toml` },
      miniflare: {
        bindings: {
          ADMIN_KEY: "test-admin-key",
          MASTER_KEY: "test-master-key-of-32-characters",
          METRICS_EVERY_MS: "50",
          // A line for each request would hide what a test has to say.
          LOG_LEVEL: "warn",
          LOG_MIGRATIONS: await readD1Migrations(`${root}migrations/log`),
          VIEWS_MIGRATIONS: await readD1Migrations(`${root}migrations/views`),
          TELEMETRY_MIGRATIONS: await readD1Migrations(`${root}migrations/telemetry`),
        },
      },
    }),
  ],
  test: { name, root, include: [`test/${name}/**/*.test.ts`], setupFiles: [`${root}test/support/migrate.ts`], testTimeout: 60_000, hookTimeout: 60_000 },
});

/** The evidence, the longest first: two files run at a time, and the last one should be a short one. */
const LONGEST_FIRST = ["guards", "robustness", "sagas", "kills", "followers", "simulation"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => LONGEST_FIRST.findIndex((name) => moduleId.endsWith(`/evidence/${name}.test.ts`));
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "unit", root, include: ["test/unit/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "local", root, include: ["test/local/**/*.test.ts"], testTimeout: 180_000, hookTimeout: 60_000, fileParallelism: false } },
      {
        resolve: { alias: { "cloudflare:workers": `${root}test/simulation/cloudflare-workers.ts` } },
        test: {
          name: "evidence",
          root,
          include: ["test/evidence/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          // Two at a time: half of them wait, for alarms, restarts and a receiver's patience, while the others reckon.
          maxWorkers: 2,
          // After the others: what is under load and killed here would only wait for them.
          sequence: { groupOrder: 1 },
        },
      },
      await inWorkerd("http", `${root}src/worker.ts`),
      await inWorkerd("engine", `${root}test/support/worker.ts`),
    ],
  },
});
