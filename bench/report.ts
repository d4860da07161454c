import { type Cost } from "./cost/profiles.ts";
import { KINDS } from "./cost/prices.ts";
import type { Result } from "./measure.ts";
import { type Mark, markOf } from "./statistics.ts";

/** What is known of where a run was made; neither names nor paths. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly workerd: string;
  readonly miniflare: string;
}

/** A whole run, as `--json` writes it. */
export interface Report {
  readonly form: 1;
  readonly at: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly figures: readonly Result[];
  readonly costs: readonly Cost[];
}

/** A figure's mark against the run before. */
export function figureMark({ name, against, ratios }: Pick<Result, "name" | "against" | "ratios">, before: Report | undefined): Mark {
  return markOf(ratios[against] ?? Number.NaN, before?.figures.find((figure) => figure.name === name)?.ratios[against]);
}

/** A cost's mark: counts are exact, but how much is shared under load is not. Less is better. */
export function costMark({ name, dollarsPerMillion }: Pick<Cost, "name" | "dollarsPerMillion">, before: Report | undefined): Mark {
  const dollars = before?.costs.find((cost) => cost.name === name)?.dollarsPerMillion;
  return markOf(1 / dollarsPerMillion, dollars === undefined ? undefined : 1 / dollars, 0.05);
}

/** Whether a figure reaches what it is to reach: undefined where there is no aim. */
export function aimOf({ aim, ratios, against, perSecond, latency }: Pick<Result, "aim" | "ratios" | "against" | "perSecond" | "latency">): string | undefined {
  if (aim === null || aim === undefined) return undefined;
  const parts = [
    aim.ratio !== undefined && { text: `${aim.ratio}× ${against}`, reached: (ratios[against] ?? 0) >= aim.ratio },
    aim.perSecond !== undefined && { text: `${count(aim.perSecond)}/s`, reached: (perSecond ?? 0) >= aim.perSecond },
    aim.p50 !== undefined && { text: `p50 ${aim.p50} ms`, reached: (latency?.p50 ?? Infinity) <= aim.p50 },
  ].filter((part) => part !== false);
  return parts.map(({ text, reached }) => `${text} ${reached ? "yes" : "no"}`).join(", ");
}

const COLUMNS = ["", "figure", "per second", "p50", "p95", "p99", "p99.9", "× hello", "× insert", "× const", "µs", "aim"] as const;

/** The table of figures, in milliseconds and, of the processor, microseconds; the first column compares with the run before. */
export function figureTable(figures: readonly Result[], before: Report | undefined): string {
  return aligned([
    COLUMNS,
    ...figures.map((figure) => {
      const { name, unit, perSecond, latency, ratios } = figure;
      const times = latency ? [latency.p50, latency.p95, latency.p99, latency.p999].map(milliseconds) : ["", "", "", ""];
      const multiples = (["hello", "insert", "constant"] as const).map((yardstick) => ratios[yardstick]?.toFixed(2) ?? "");
      return [
        figureMark(figure, before),
        name,
        perSecond === null ? "" : `${count(perSecond)} ${unit}`,
        ...times,
        ...multiples,
        micros(figure),
        aimOf(figure) ?? "",
      ];
    }),
  ]);
}

/** What the yardsticks themselves gave, and what the driver took of it. */
export function yardstickLines(figures: readonly Result[]): readonly string[] {
  const seen = figures.find(({ name }) => name === "hot-64") ?? figures.at(-1);
  if (seen === undefined) return [];
  const { hello, insert } = seen.yardsticks;
  if (hello === undefined || insert === undefined) return [];
  const share = (hello.driverMicros * hello.perSecond) / 10_000;
  return [
    `yardsticks beside ${seen.name}: hello ${count(hello.perSecond)}/s, bare insert ${count(insert.perSecond)}/s`,
    `the driver took ${hello.driverMicros.toFixed(0)} µs of processor time for a request of hello, ${share.toFixed(0)} % of a core`,
  ];
}

/** Refusals, a line for each figure that had any: a figure with refusals is none. */
export function refusalLines(figures: readonly Result[]): readonly string[] {
  return figures.flatMap(({ name, refused }) =>
    Object.keys(refused).length === 0 ? [] : [`${name} was refused: ${Object.entries(refused).map(([status, times]) => `${status} ${times} times`)}`],
  );
}

/** The cost table: by the event, and dollars for a million. */
export function costTable(costs: readonly Cost[], before: Report | undefined): string {
  return aligned([
    ["by the event", ...costs.map(({ title }) => title)],
    ...KINDS.map((kind) => [words(kind), ...costs.map(({ perEvent }) => perEvent[kind].toFixed(3))]),
    ["dollars per million events", ...costs.map((cost) => `${costMark(cost, before)} ${cost.dollarsPerMillion.toFixed(2)}`)],
  ]);
}

/** The runtime's processor time for one unit, and how many bare inserts one has for that. */
function micros({ processorMicros, yardsticks: { insert } }: Result): string {
  if (processorMicros === null) return "";
  const inserts = processorMicros / (insert?.processorMicros ?? Number.NaN);
  return `${count(processorMicros)}${Number.isFinite(inserts) ? ` = ${inserts.toFixed(1)} inserts` : ""}`;
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function milliseconds(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1);
}

/** Columns of equal width: numbers to the right, the first two and the last to the left. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const isNumber = /^[-+=?]? ?[\d.,-]+( \w+)?$/.test(rows[1]?.[column] ?? "");
          return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
