import type { Run } from "./load.ts";
import type { Stage } from "./stage.ts";

/** Over what the bare insert is spread, as the figure is: one object, 200 that are warm, or a new one each time. */
export type Spread = "one" | "warm" | "new";

/** What one round of a figure found. */
export interface Measured {
  /** Of the figure's unit. */
  readonly perSecond?: number;
  /** How many units that were, where it can be said what one takes of the processor. */
  readonly units?: number;
  /** In milliseconds. */
  readonly latencies: readonly number[];
  /** Answers that were no 2xx, by status. */
  readonly refused?: Run["refused"];
  /** Bytes of one answer, where the third yardstick is to send as many. */
  readonly size?: number;
}

/** Something that is measured. */
export interface Figure {
  readonly name: string;
  readonly title: string;
  /** What is counted in a second; left out, only the latency is of interest, and ratios are of the yardsticks' p50 to its p50. */
  readonly unit?: "appends" | "events" | "reads";
  /** How the yardsticks are run. */
  readonly clients: number;
  readonly spread: Spread;
  /** The ratio that is compared with the last run's. */
  readonly against: "hello" | "insert" | "constant";
  /** What it is to reach. */
  readonly aim?: { readonly ratio?: number; readonly perSecond?: number; readonly p50?: number };
  /** Left out of a quick run, unless it is named: what compares two ways of ours, or needs no platform, rather than ours with a yardstick. */
  readonly isNotQuick?: true;
  /** Measured on a platform of its own that traces nothing. */
  readonly untraced?: true;
  /** Measured on bare workers alone: two revisions of the platform do not differ in it. */
  readonly isBare?: true;
  /** Before the first round. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** One round, for about so many seconds. */
  readonly measure: (stage: Stage, seconds: number) => Promise<Measured>;
}

/** Streams, or objects, that a load is spread over. */
export const WARM_STREAMS = 200;
