import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { flagsOf } from "../src/local/flags.ts";
import { ROOT } from "../src/local/root.ts";
import { runCommand } from "../src/local/stop-signal.ts";
import type { Figure } from "./figure.ts";
import { chosen, COST, FIGURES } from "./figures.ts";
import type { Result } from "./measure.ts";
import type { Report } from "./report.ts";
import type { Workplace } from "./platform.ts";

const HELP = `Measures the built worker against bare ones, in one workerd, on sockets of their own: npm run bench

  --quick         short rounds, one of each, of what goes over HTTP against a yardstick: under 40 s on two idle cores
  --only NAME     only this figure; may be repeated:
                  ${[...FIGURES.map(({ name }) => name), COST].join(", ")}
  --json FILE     writes everything there
  --write         keeps the run in bench/last.json and README.md; with --only the rest stays as it was kept
  --beside REV    instead of yardsticks: this tree's worker beside that of another revision in one runtime, round by round, and what
                  came of the change, as ratios (above 1: this tree is better)
  --compare FILE  the run to compare with (bench/last.json)
  --help

Every figure stands between two runs of its yardsticks: hello (a bare Worker), insert (a bare Worker and a Durable Object
that inserts one row) and, for reading, a constant of the same size. A ratio of 1 is as fast as the yardstick, above is faster.
In the first column: = as in the run before (within 15 %), + better, - worse, ? not in it. Times are milliseconds. µs is the
processor time of the runtime for one unit, all that follows from it (the log, the views) included: the figure to trust on a busy
machine. State is in a new folder under TMPDIR, which decides how much the disk counts.`;

const PACE = { seconds: 3, yardstickSeconds: 1.5, rounds: 3 };
/** More and shorter rounds: they take turns, so drift meets both, and outliers can be seen as such. */
const BESIDE_PACE = { seconds: 1.5, yardstickSeconds: 0, rounds: 8 };
const QUICK_PACE = { seconds: 0.3, yardstickSeconds: 0.1, rounds: 1 };

async function main(stop: AbortSignal): Promise<number> {
  const flags = flagsOf(
    {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      beside: { type: "string" },
      json: { type: "string" },
      write: { type: "boolean", default: false },
      compare: { type: "string", default: join(ROOT, "bench/last.json") },
      help: { type: "boolean", short: "h", default: false },
    },
    "npm run bench -- --help",
  );
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const { figures: asked, withCost } = chosen(flags.only);
  const figures = flags.quick && flags.only.length === 0 ? asked.filter(({ isNotQuick }) => isNotQuick !== true) : asked;
  if (flags.beside !== undefined && ((withCost && flags.only.length > 0) || flags.write || flags.json !== undefined))
    throw new Error("expected --beside with figures that take time, and without --write or --json: what it shows is of two revisions, no run to keep");
  if (flags.beside !== undefined)
    return showBeside(
      flags.beside,
      figures.filter(({ isBare }) => isBare !== true),
      flags.quick,
      stop,
    );
  const before = await reportIn(flags.compare);
  const report = await measured({ figures, withCost, quick: flags.quick, before, stop });
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (flags.write) await keep(before === undefined ? report : merged(before, report));
  return 0;
}

async function showBeside(revision: string, figures: readonly Figure[], quick: boolean, stop: AbortSignal): Promise<number> {
  const [{ workplace }, { besides, besideTable }] = await Promise.all([import("./platform.ts"), import("./beside.ts")]);
  console.log(`building this tree and ${revision} …`);
  const place = await workplace(stop);
  try {
    const compared = await besides(place, revision, figures, quick ? QUICK_PACE : BESIDE_PACE, stop);
    console.log(`\n${besideTable(compared)}`);
    return 0;
  } finally {
    await place.remove();
  }
}

/** What was measured now, and of what was not measured now what was kept before. */
function merged(before: Report, report: Report): Report {
  const fresh = new Map(report.figures.map((figure) => [figure.name, figure]));
  const kept = new Map(before.figures.map((figure) => [figure.name, figure]));
  const figures = FIGURES.flatMap(({ name }) => fresh.get(name) ?? kept.get(name) ?? []);
  return { ...report, figures, costs: report.costs.length > 0 ? report.costs : before.costs };
}

/** As the run that others are compared with, and in README. */
async function keep(report: Report): Promise<void> {
  const [{ benchTable }, { keepSection }] = await Promise.all([import("./readme-table.ts"), import("./readme-section.ts")]);
  await writeFile(join(ROOT, "bench/last.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  await keepSection("bench", benchTable(report));
}

interface Plan {
  readonly figures: readonly Figure[];
  readonly withCost: boolean;
  readonly quick: boolean;
  readonly before: Report | undefined;
  readonly stop: AbortSignal;
}

async function measured({ figures, withCost, quick, before, stop }: Plan): Promise<Report> {
  console.log("building …");
  // Loaded only now: it takes a second, and refusals and --help need none of it.
  const [{ workplace }, { machine }, { startCosts }, report] = await Promise.all([
    import("./platform.ts"),
    import("./machine.ts"),
    import("./cost/profiles.ts"),
    import("./report.ts"),
  ]);
  const place = await workplace(stop);
  // Their streams are let go while the figures are measured: nothing else moves there, so it takes no time of theirs.
  const starting = withCost ? startCosts(place) : undefined;
  starting?.catch(() => undefined);
  try {
    const results = figures.length === 0 ? [] : await measureAll(place, figures, { quick, stop, first: starting });
    const costs = await starting;
    if (results.length > 0) console.log(`\n${report.figureTable(results, before)}\n`);
    for (const line of [...report.yardstickLines(results), ...report.refusalLines(results)]) console.log(line);
    if (costs !== undefined) console.log("\ncounting what is billed …");
    const counted = (await costs?.count()) ?? [];
    if (costs !== undefined) console.log(`\n${report.costTable(counted, before)}`);
    return { form: 1, at: new Date().toISOString(), quick, machine: await machine(), figures: results, costs: counted };
  } finally {
    const costs = await starting?.catch(() => undefined);
    await costs?.stop();
    await place.remove();
  }
}

interface Measuring extends Pick<Plan, "quick" | "stop"> {
  /** Nothing is measured before it. */
  readonly first: Promise<unknown> | undefined;
}

async function measureAll(place: Workplace, figures: readonly Figure[], { quick, stop, first }: Measuring): Promise<readonly Result[]> {
  const [{ platformWorker, startPlatform, UNTRACED, untracedWorker, yardstickWorkers }, { Measurement }, { Stage }] = await Promise.all([
    import("./platform.ts"),
    import("./measure.ts"),
    import("./stage.ts"),
  ]);
  const platform = await startPlatform(place, [
    await platformWorker(place),
    ...(figures.some(({ untraced }) => untraced) ? [await untracedWorker(place)] : []),
    ...(await yardstickWorkers()),
  ]);
  try {
    await first;
    const [hello, insert, constant, pipeline] = ["hello", "insert", "constant", "pipeline"].map((name) => platform.origin(name)) as [
      string,
      string,
      string,
      string,
    ];
    const on = (worker: string) =>
      new Measurement(new Stage(platform.origin(worker), { hello, insert, constant, pipeline }, stop), quick ? QUICK_PACE : PACE, stop);
    const measurement = on("rivulet");
    const results: Result[] = [];
    for (const figure of figures) {
      stop.throwIfAborted();
      console.log(`${figure.name}: ${figure.title}`);
      results.push(await (figure.untraced ? on(UNTRACED) : measurement).result(figure));
    }
    return results;
  } finally {
    await platform.stop();
  }
}

/** The run that is kept there; undefined where there is none, or one of a form that this code does not know. */
async function reportIn(file: string): Promise<Report | undefined> {
  try {
    const report = JSON.parse(await readFile(file, "utf8")) as Report;
    return report.form === 1 ? report : undefined;
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fault;
  }
}

await runCommand(main);
