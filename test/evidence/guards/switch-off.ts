import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Guard } from "./guards.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** What a copy of the project needs to run its evidence. */
const PARTS = ["src", "durable-objects", "migrations", "test", "package.json", "tsconfig.json", "wrangler.toml"];
/** Seeds of the simulation; it ends at the first that fails. */
const SEEDS = 1_000;

/** What became of the evidence with a guard switched off. */
export interface Outcome {
  readonly guard: Guard;
  readonly isCaught: boolean;
  /** The last line that says why, or what it said at all. */
  readonly said: string;
  readonly seconds: number;
}

/** Runs one guard's evidence in a copy of the project without that guard. Throws where the guard's code is not there exactly once. */
export async function switchOff(guard: Guard): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "rivulet-guard-"));
  try {
    for (const part of PARTS) await cp(join(ROOT, part), join(folder, part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const file = join(folder, guard.file);
    const code = await readFile(file, "utf8");
    const places = code.split(guard.code).length - 1;
    if (places !== 1) throw new Error(`expected the guard "${guard.name}" once in ${guard.file}, got it ${places} times`);
    await writeFile(
      file,
      code.replace(guard.code, () => guard.without),
    );
    const began = Date.now();
    const early = guard.seed === undefined ? undefined : await run(folder, guard.caughtBy, guard.seed);
    const { code: exit, output } = early?.code === 1 ? early : await run(folder, guard.caughtBy);
    const line = output.split("\n").find((line) => / fails: |FAIL|AssertionError|does not settle/.test(line));
    return { guard, isCaught: exit === 1, said: (line ?? output.trim().split("\n").at(-1) ?? "").trim(), seconds: (Date.now() - began) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function run(folder: string, evidence: string, seed?: number): Promise<{ code: number | null; output: string }> {
  const args =
    evidence === "simulation"
      ? ["test/simulation/main.ts", ...(seed === undefined ? ["--seeds", String(SEEDS)] : ["--seed", String(seed)]), "--stop", "--no-shrink"]
      : ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.mts", "--project", evidence.split("/")[1] as string, evidence];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, output };
}
