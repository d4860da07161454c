import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "../src/local/build.ts";
import { ROOT } from "../src/local/root.ts";
import type { Figure, Measured } from "./figure.ts";
import type { Pace } from "./measure.ts";
import { apart, platformWorker, startPlatform, type Built, type WorkerOptions, type Workplace } from "./platform.ts";
import { processorTime } from "./processor.ts";
import { aligned } from "./report.ts";
import { NO_YARDSTICKS, Stage } from "./stage.ts";
import { mean, percentiles } from "./statistics.ts";

const run = promisify(execFile);
/** The worker of the other revision, as it is named beside ours. */
const OTHER = "beside";

/** What a change brought to one figure: by round, ours to the other's, above 1 where ours is better. */
export interface Compared {
  readonly name: string;
  /** By rate where the figure has one, else by the median latency. */
  readonly ratios: readonly number[];
  /** By the runtime's processor time for a unit; empty where it cannot be told. */
  readonly processorRatios: readonly number[];
}

/**
 * Measures this tree's worker and that of another revision in one runtime, a round of the one beside a round of the other, so that the
 * machine's noise meets both. Both run on the packages that are installed now. A revision that git does not know throws.
 */
export async function besides(place: Workplace, revision: string, figures: readonly Figure[], pace: Pace, stop: AbortSignal): Promise<readonly Compared[]> {
  const other = await builtAt(revision, place, stop);
  const untraced = (worker: WorkerOptions): WorkerOptions => ({ ...worker, bindings: { ...(worker["bindings"] as object), TRACE_RATE: "off" } });
  const pair = async (prefix: string, change: (worker: WorkerOptions) => WorkerOptions) =>
    [change(apart(await platformWorker(place, `${prefix}ours`))), change(apart(await platformWorker(other, `${prefix}${OTHER}`)))] as const;
  const workers = [...(await pair("", (worker) => worker)), ...(figures.some((figure) => figure.untraced) ? await pair("untraced-", untraced) : [])];
  const platform = await startPlatform(place, workers, (worker) => (worker.endsWith(OTHER) ? other.root : ROOT));
  try {
    const stages = new Map(workers.map(({ name }) => [name, new Stage(platform.origin(name), NO_YARDSTICKS, stop)]));
    const compared: Compared[] = [];
    for (const figure of figures) {
      console.log(`${figure.name}: ${figure.title}`);
      const prefix = figure.untraced ? "untraced-" : "";
      const [ours, others] = [stages.get(`${prefix}ours`), stages.get(`${prefix}${OTHER}`)] as [Stage, Stage];
      compared.push(await compare(figure, [ours, others], pace, stop));
    }
    return compared;
  } finally {
    await platform.stop();
  }
}

/** A line for each figure: the mean, and the lowest and highest of the rounds, for one round alone says little. */
export function besideTable(compared: readonly Compared[]): string {
  const told = (ratios: readonly number[]): readonly string[] =>
    ratios.length === 0 ? ["", ""] : [mean(ratios).toFixed(2), `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`];
  return aligned([
    ["figure", "as fast", "by round", "as little processor", "by round"],
    ...compared.map(({ name, ratios, processorRatios }) => [name, ...told(ratios), ...told(processorRatios)]),
  ]);
}

/** The source of a revision, in a folder of its own, and its worker. */
async function builtAt(revision: string, { folder, mark }: Workplace, stop: AbortSignal): Promise<Built> {
  const root = join(folder, OTHER);
  const archive = join(folder, `${OTHER}.tar`);
  await mkdir(root);
  await run("git", ["-C", ROOT, "archive", "--format=tar", `--output=${archive}`, "--", revision]).catch(({ stderr }: { stderr?: string }) => {
    throw new Error(`expected --beside to name a revision that git knows, got "${revision}": ${stderr?.trim() ?? ""}`);
  });
  await run("tar", ["-xf", archive, "-C", root]);
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"), "dir");
  return { root, script: await build(join(folder, `build-${OTHER}`), { mark, stop, root }) };
}

interface Round extends Measured {
  readonly processorMicros: number;
}

async function compare(figure: Figure, [ours, others]: readonly [Stage, Stage], pace: Pace, stop: AbortSignal): Promise<Compared> {
  const ratios: number[] = [];
  const processorRatios: number[] = [];
  for (const stage of [ours, others]) await figure.prepare?.(stage);
  for (let round = 0; round < pace.rounds; round++) {
    stop.throwIfAborted();
    // Who comes second finds a machine that is warmer, or more tired: they take turns.
    const isFirst = round % 2 === 0;
    const first = await measured(figure, isFirst ? ours : others, pace);
    const second = await measured(figure, isFirst ? others : ours, pace);
    const [own, other] = isFirst ? [first, second] : [second, first];
    ratios.push(ratioOf(own, other));
    const processor = other.processorMicros / own.processorMicros;
    if (Number.isFinite(processor)) processorRatios.push(processor);
  }
  return { name: figure.name, ratios, processorRatios };
}

async function measured(figure: Figure, stage: Stage, { seconds }: Pace): Promise<Round> {
  const begun = processorTime() ?? Number.NaN;
  const found = await figure.measure(stage, seconds);
  await stage.drain();
  return { ...found, processorMicros: ((processorTime() ?? Number.NaN) - begun) / (found.units ?? Number.NaN) };
}

function ratioOf(own: Measured, other: Measured): number {
  if (own.perSecond !== undefined && other.perSecond !== undefined) return own.perSecond / other.perSecond;
  const p50 = ({ latencies }: Measured): number => percentiles(latencies)?.p50 ?? Number.NaN;
  return p50(other) / p50(own);
}
