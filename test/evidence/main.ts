import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flagsOf } from "../../src/local/flags.ts";
import { keepSection } from "../../bench/readme-section.ts";
import { pageTable } from "./page.ts";
import { EVIDENCE, type Told } from "./told.ts";

const HELP = `Tries to break the platform's promises, and prints one page of figures: npm run evidence

  simulation    1,000 seeded histories of the real engine over stores, a queue, a clock and alarms that fail
  crash points  a crash at every step of one story
  kill -9       a real server killed under load, at least 20 times
  followers     20 subscriptions whose receiver fails at random, server and receiver killed under them
  sagas         a real server killed at each step of each saga, and 1,000 orders at once with too little stock
  guards        each guard switched off in turn: the evidence must turn red
  robustness    every operation of /openapi.json with valid, forbidden, malformed and naughty input

  --write       keeps the page in test/evidence/last.json and README.md
  --only NAME   runs one file of test/evidence (simulation, kills, followers, sagas, guards, robustness); the rest is told as it was kept

Other sizes come from the environment: SEEDS, KILLS, EVENTS, ORDERS, SEED, FULL=1 for every naughty string in every place, and
OPERATIONS for a pattern of the operation ids that robustness asks.
Exit codes: 0 all of it holds; 1 something does not; 2 it could not be found out.`;

const ROOT = join(import.meta.dirname, "../..");

async function main(): Promise<number> {
  const flags = flagsOf({ help: { type: "boolean", short: "h" }, write: { type: "boolean" }, only: { type: "string" } }, "npm run evidence -- --help");
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const files = (await readdir(import.meta.dirname)).filter((file) => file.endsWith(".test.ts")).map((file) => file.slice(0, -".test.ts".length));
  if (flags.only !== undefined && !files.includes(flags.only)) throw new Error(`expected --only to be one of ${files.join(", ")}, got "${flags.only}"`);
  const folder = await mkdtemp(join(tmpdir(), "rivulet-evidence-"));
  try {
    const file = join(folder, "page");
    await writeFile(file, "");
    const code = await runTests(file, flags.only);
    const fresh = (await readFile(file, "utf8"))
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Told);
    const kept = flags.only === undefined ? [] : (JSON.parse(await readFile(join(ROOT, "test/evidence/last.json"), "utf8")) as { told: Told[] }).told;
    const told = EVIDENCE.flatMap((name) => (fresh.some((line) => line.name === name) ? fresh : kept).filter((line) => line.name === name));
    const page = { at: new Date().toISOString().slice(0, 10), told };
    console.log(`\n${pageTable(page)}\n`);
    const missing = EVIDENCE.filter((name) => told.every((line) => line.name !== name));
    if (code !== 0 || missing.length > 0) {
      console.log(`The evidence does not hold${missing.length > 0 ? `; nothing was told of ${missing.join(", ")}` : ""}. See above.`);
      return 1;
    }
    if (flags.write) {
      await writeFile(join(ROOT, "test/evidence/last.json"), `${JSON.stringify(page, undefined, 2)}\n`);
      await keepSection("evidence", pageTable(page));
      console.log("Kept in test/evidence/last.json and README.md.");
    }
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runTests(page: string, only: string | undefined): Promise<number> {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--config", "test/vitest.config.mts", "--project", "evidence", ...(only === undefined ? [] : [`test/evidence/${only}`])];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, EVIDENCE_PAGE: page } });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

try {
  process.exitCode = await main();
} catch (fault) {
  console.error(`evidence: ${(fault as Error).message}`);
  process.exitCode = 2;
}
