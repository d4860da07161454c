import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Report } from "../../bench/report.ts";
import { isRunning, usersOf } from "./processes.ts";
import { newFolder, ROOT, until } from "./server.ts";

interface Bench {
  readonly pid: number;
  output(): string;
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<number | null>;
}

/** Runs the bench with its state under a folder of ours. */
function bench(folder: string, ...args: readonly string[]): Bench {
  const child = spawn(process.execPath, [join(ROOT, "bench/main.ts"), ...args], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return {
    pid: child.pid as number,
    output: () => output,
    signal: (name) => void child.kill(name),
    ended: once(child, "close").then(([code]) => code as number | null),
  };
}

test("a quick run measures what it is asked for, writes it as JSON without saying where it ran, and leaves nothing behind", async () => {
  const [folder, results] = [await newFolder(), await newFolder()];
  const file = join(results, "run.json");
  const run = bench(folder, "--quick", "--only", "hot-1", "--only", "cost", "--json", file);
  expect(await run.ended, run.output()).toBe(0);

  const text = await readFile(file, "utf8");
  const { form, quick, machine, figures, costs } = JSON.parse(text) as Report;
  expect({ form, quick }).toEqual({ form: 1, quick: true });
  expect(machine).toEqual({
    cores: expect.any(Number),
    processor: expect.any(String),
    memoryGiB: expect.any(Number),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    workerd: expect.stringMatching(/^\d/),
    miniflare: expect.stringMatching(/^\d/),
  });
  for (const secret of [ROOT, folder, hostname()]) expect(text).not.toContain(secret);

  expect(figures.map(({ name }) => name)).toEqual(["hot-1"]);
  const [hot] = figures as [Report["figures"][number]];
  expect(hot.refused).toEqual({});
  expect(hot.samples).toBeGreaterThan(0);
  for (const number of [hot.perSecond, ...Object.values(hot.latency ?? {}), hot.ratios.hello, hot.ratios.insert]) expect(number).toBeGreaterThan(0);
  expect(run.output()).toMatch(/^[-+=?] +hot-1 +[\d,]+ appends/m);

  // Counts, unlike times, are the same on any machine: what the engine's own tests assert, seen from outside.
  const used = Object.fromEntries(costs.map(({ name, perEvent }) => [name, perEvent]));
  expect(used["lone"]).toMatchObject({ requests: 1, objectRowsWritten: 2, queueOperations: 3 });
  expect(used["batch"]).toMatchObject({ requests: 0.01, objectRowsWritten: 1.01, queueOperations: 0.03 });
  expect(used["busy"]?.requests).toBe(1);
  for (const { dollarsPerMillion } of costs) expect(dollarsPerMillion).toBeGreaterThan(0);

  expect(await readdir(folder)).toEqual([]);
});

test("a change is measured beside the revision before it, and a revision that git does not know is said", async () => {
  const folder = await newFolder();
  const run = bench(folder, "--quick", "--only", "hot-1", "--beside", "HEAD");
  expect(await run.ended, run.output()).toBe(0);
  expect(run.output()).toMatch(/^figure +as fast +by round +as little processor +by round$/m);
  expect(run.output()).toMatch(/^hot-1 +\d+\.\d\d +\d+\.\d\d to \d+\.\d\d/m);
  const unknown = bench(folder, "--quick", "--only", "hot-1", "--beside", "no-such-revision");
  expect(await unknown.ended).toBe(1);
  expect(unknown.output()).toContain('expected --beside to name a revision that git knows, got "no-such-revision"');
  const kept = bench(folder, "--beside", "HEAD", "--write");
  expect(await kept.ended).toBe(1);
  expect(kept.output()).toContain("expected --beside with figures that take time, and without --write or --json");
  expect(await readdir(folder)).toEqual([]);
});

test("a run that is interrupted stops its runtime and removes its folder", async () => {
  const folder = await newFolder();
  const run = bench(folder, "--quick", "--only", "hot-1", "--only", "hot-16", "--only", "hot-64");
  expect(await until(run.output, (output) => output.includes("hot-1:"), 60_000)).toContain("hot-1:");
  run.signal("SIGINT");
  await run.ended;
  expect(await readdir(folder)).toEqual([]);
  expect(
    await until(
      () => usersOf(folder),
      (users) => users.length === 0,
      2_000,
    ),
  ).toEqual([]);
  expect(isRunning(run.pid)).toBe(false);
});

test("an unknown figure is refused in one sentence that names those there are", async () => {
  const run = bench(await newFolder(), "--only", "hot-2");
  expect(await run.ended).toBe(1);
  expect(run.output()).toMatch(/^expected --only to be one of hot-1, .*, got "hot-2"\n$/);
});
