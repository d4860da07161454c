import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { ROOT } from "../../src/local/root.ts";

const run = promisify(execFile);

test.each([
  ["src/cli/demo.ts --al", "Unknown option '--al'. See npm run demo -- --help.", 1],
  ["src/cli/reconcile.ts --chek", "reconcile: Unknown option '--chek'. See npm run reconcile -- --help.", 2],
  [
    "src/cli/reconcile.ts ids.txt",
    "reconcile: Unexpected argument 'ids.txt'. This command does not take positional arguments. See npm run reconcile -- --help.",
    2,
  ],
  ["src/cli/reconcile.ts --ids", "reconcile: Option '--ids <value>' argument missing. See npm run reconcile -- --help.", 2],
  ["src/cli/reconcile.ts --ids /none", "reconcile: expected a file of objects' ids at /none, got ENOENT", 2],
  ["src/cli/rivulet.mjs reseal --al", "reseal: Unknown option '--al'. See npx rivulet reseal --help.", 2],
  ["src/cli/rivulet.mjs generate domain tickets --no", "rivulet generate: Unknown option '--no'. See npx rivulet generate --help.", 2],
  ["src/local/start.ts --al", "Unknown option '--al'. See npm start -- --help.", 1],
  ["src/local/dev.ts --al", "Unknown option '--al'. See npm run dev -- --help.", 1],
  ["bench/main.ts --bogus", "Unknown option '--bogus'. See npm run bench -- --help.", 1],
  ["bench/main.ts hot", "Unexpected argument 'hot'. This command does not take positional arguments. See npm run bench -- --help.", 1],
  ["test/simulation/main.ts --al", "simulation: Unknown option '--al'. See node test/simulation/main.ts --help.", 2],
  ["test/simulation/main.ts --seeds none", 'simulation: expected --seeds to be a number from 1 on, got "none"', 2],
  ["test/evidence/main.ts --al", "evidence: Unknown option '--al'. See npm run evidence -- --help.", 2],
  ["test/evidence/main.ts --only sage", 'evidence: expected --only to be one of followers, guards, kills, robustness, sagas, simulation, got "sage"', 2],
])("what is not understood is said in one sentence: %s", async (line, sentence, code) => {
  const environment = { ...process.env, RIVULET_URL: "http://127.0.0.1:1", ADMIN_KEY: "any" };
  await expect(run(process.execPath, line.split(" "), { cwd: ROOT, env: environment })).rejects.toMatchObject({ code, stdout: "", stderr: `${sentence}\n` });
});

test.each([
  ["start", "Runs Rivulet on this machine"],
  ["dev", "npm run dev"],
])("npm run %s -- --help tells what there is to set, and starts nothing", async (script, words) => {
  // Where it starts all the same it is not waited for, and leaves nothing.
  const { stdout } = await run("npm", ["run", script, "--", "--help"], { cwd: ROOT, timeout: 20_000, env: { ...process.env, STATE_DIR: "/dev/null/none" } });
  expect(stdout).toContain(words);
  expect(stdout).toContain("STATE_DIR");
});
