import type { Buffer } from "node:buffer";
import type { Figure, Measured, Spread } from "./figure.ts";
import { WARM_STREAMS } from "./figure.ts";
import { run } from "./load.ts";
import { insertOf, type Stage } from "./stage.ts";
import { requestBytes } from "./connection.ts";
import { processorTime } from "./processor.ts";
import { mean, type Percentiles, percentiles } from "./statistics.ts";

/** The sizes of a run. */
export interface Pace {
  /** Of a figure's round. */
  readonly seconds: number;
  readonly yardstickSeconds: number;
  readonly rounds: number;
}

/** What a yardstick gave just before or after a figure. */
interface Reading {
  readonly perSecond: number;
  readonly p50: number;
  readonly driverMicros: number;
  /** Of the runtime, for a request; NaN where the system does not tell. */
  readonly processorMicros: number;
}

type YardstickName = "hello" | "insert" | "constant";

/** A figure with its ratios: above 1 is better than the yardstick. */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly unit: Figure["unit"] | null;
  readonly perSecond: number | null;
  /** Milliseconds. */
  readonly latency: Percentiles | null;
  readonly samples: number;
  /** Processor time (microseconds) of the runtime for one unit, all that follows from it included; null where it cannot be told. */
  readonly processorMicros: number | null;
  readonly refused: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Partial<Record<YardstickName, number>>>;
  readonly against: YardstickName;
  readonly aim: Figure["aim"] | null;
  /** The yardsticks' own figures, the mean of the neighbours. */
  readonly yardsticks: Readonly<Partial<Record<YardstickName, Reading>>>;
}

/** Measures figures between yardsticks: yardstick, figure, drain, yardstick. The machine's noise then meets both. */
export class Measurement {
  readonly #stage: Stage;
  readonly #pace: Pace;
  readonly #stop: AbortSignal;
  /** What was read after the figure before: good for the next one where it asks the same. */
  #last = new Map<string, Reading>();

  constructor(stage: Stage, pace: Pace, stop: AbortSignal) {
    this.#stage = stage;
    this.#pace = pace;
    this.#stop = stop;
  }

  /** Where a stop is asked for, rejects between two loads. */
  async result(figure: Figure): Promise<Result> {
    const rounds: Measured[] = [];
    const ratios: Partial<Record<YardstickName, number[]>> = {};
    const readings: Partial<Record<YardstickName, Reading[]>> = {};
    await figure.prepare?.(this.#stage);
    const micros: number[] = [];
    let size = 0;
    const names: readonly YardstickName[] = figure.against === "constant" ? ["hello", "insert", "constant"] : ["hello", "insert"];
    if (figure.against === "constant") size = (await figure.measure(this.#stage, 0.05)).size ?? 0;
    for (let round = 0; round < this.#pace.rounds; round++) {
      const before = await this.#readAll(names, figure, size);
      this.#stop.throwIfAborted();
      const begun = processorTime();
      const measured = await figure.measure(this.#stage, this.#pace.seconds);
      await this.#stage.drain();
      if (measured.units !== undefined) micros.push(taken(begun) / measured.units);
      this.#last.clear();
      const after = await this.#readAll(names, figure, size);
      rounds.push(measured);
      for (const name of names) {
        const around = meanOf([before.get(name) as Reading, after.get(name) as Reading]);
        (readings[name] ??= []).push(around);
        (ratios[name] ??= []).push(ratioOf(measured, around));
      }
    }
    return resultOf(figure, rounds, {
      processorMicros: micros.length === 0 || micros.some(Number.isNaN) ? null : mean(micros),
      ratios: Object.fromEntries(names.map((name) => [name, mean(ratios[name] as number[])])),
      yardsticks: Object.fromEntries(names.map((name) => [name, meanOf(readings[name] as Reading[])])),
    });
  }

  async #readAll(names: readonly YardstickName[], { clients, spread }: Figure, size: number): Promise<ReadonlyMap<YardstickName, Reading>> {
    const all = new Map<YardstickName, Reading>();
    for (const name of names) {
      this.#stop.throwIfAborted();
      const key = `${name} ${clients} ${name === "insert" ? spread : ""} ${name === "constant" ? size : ""}`;
      const reading = this.#last.get(key) ?? (await this.#read(name, clients, requests(name, spread, size, this.#stage)));
      this.#last.set(key, reading);
      all.set(name, reading);
    }
    return all;
  }

  async #read(name: YardstickName, clients: number, request: (n: number) => Buffer): Promise<Reading> {
    const origin = this.#stage.yardsticks[name];
    // Warm, not new: what the first requests cost is no part of a yardstick.
    await run({ origin, clients, seconds: this.#pace.yardstickSeconds / 8, request });
    const begun = processorTime();
    const { answered, seconds, latencies, driverMicros, refused } = await run({ origin, clients, seconds: this.#pace.yardstickSeconds, request });
    const processorMicros = taken(begun) / answered;
    if (answered === 0) throw new Error(`expected the yardstick ${name} to answer, got ${JSON.stringify(refused)}`);
    return { perSecond: answered / seconds, p50: percentiles(latencies)?.p50 ?? 0, driverMicros, processorMicros };
  }
}

/** Processor time since then; NaN where the system does not tell. */
function taken(begun: number | undefined): number {
  return (processorTime() ?? Number.NaN) - (begun ?? Number.NaN);
}

const HELLO = requestBytes("GET", "/");

function requests(name: YardstickName, spread: Spread, size: number, stage: Stage): (n: number) => Buffer {
  if (name === "hello") return () => HELLO;
  if (name === "constant") {
    const request = requestBytes("GET", `/?bytes=${size}`);
    return () => request;
  }
  if (spread === "new") return () => insertOf(stage.newName());
  const objects = Array.from({ length: spread === "one" ? 1 : WARM_STREAMS }, (_, n) => insertOf(`object-${n}`));
  return (n) => objects[n % objects.length] as Buffer;
}

function meanOf(readings: readonly Reading[]): Reading {
  return {
    perSecond: mean(readings.map(({ perSecond }) => perSecond)),
    p50: mean(readings.map(({ p50 }) => p50)),
    driverMicros: mean(readings.map(({ driverMicros }) => driverMicros)),
    processorMicros: mean(readings.map(({ processorMicros }) => processorMicros)),
  };
}

/** By rate where the figure has one, else by the median latency; the larger the better. */
export function ratioOf({ perSecond, latencies }: Measured, yardstick: { readonly perSecond: number; readonly p50: number }): number {
  if (perSecond !== undefined) return perSecond / yardstick.perSecond;
  return yardstick.p50 / (percentiles(latencies)?.p50 ?? Number.NaN);
}

function resultOf(figure: Figure, rounds: readonly Measured[], found: Pick<Result, "ratios" | "yardsticks" | "processorMicros">): Result {
  const { name, title, unit = null, against, aim = null } = figure;
  const latencies = rounds.flatMap((round) => [...round.latencies]);
  const refused: Record<string, number> = {};
  for (const round of rounds) for (const [status, count] of Object.entries(round.refused ?? {})) refused[status] = (refused[status] ?? 0) + count;
  const rates = rounds.flatMap(({ perSecond }) => (perSecond === undefined ? [] : [perSecond]));
  return {
    name,
    title,
    unit,
    perSecond: rates.length === 0 ? null : mean(rates),
    latency: percentiles(latencies) ?? null,
    samples: latencies.length,
    refused,
    against,
    aim,
    ...found,
  };
}
