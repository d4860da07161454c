import { DEFINITIONS, type LabelsOf, type MetricName, type NameOf } from "./definitions.ts";
import { type Gap, withGaps } from "./gaps.ts";
import { addTail, type Tail, type Tails } from "./tails.ts";
import { addTo, closed, GONE, histogramOf, labelsKey, type OpenSeries, type Series, sizeOf, type Value } from "./series.ts";

/** What one isolate has counted, on its way to a shard's metrics object. Sent again, it is the same one: the object takes it once. */
export interface Batch {
  readonly shard: number;
  readonly from: string;
  readonly sequence: number;
  readonly tenants: Readonly<Record<string, Series>>;
  /** By tenant: streams that the log is behind. */
  readonly tails?: Readonly<Record<string, Tails>>;
  /** By tenant: positions that the log lacked. */
  readonly gaps?: Readonly<Record<string, readonly Gap[]>>;
}

/** Series, over all tenants, that an isolate keeps between two flushes; what comes beyond them is not counted. */
const MOST_KEPT = 5_000;
/** Batches that wait to be sent again; older ones are given up. */
const MOST_WAITING = 20;
/** How long (milliseconds) somebody who has promised to flush is believed to be about it, beyond when it is due. */
const GRACE = 10_000;

/** How an isolate sends what it has counted. */
export interface Flushing {
  /** Milliseconds between two flushes, at least. */
  readonly every: number;
  readonly shardOf: (tenant: string) => number;
  readonly send: (batch: Batch) => Promise<void>;
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

/**
 * Counts in an isolate's memory, and sends what was counted at most every few seconds. Counting costs no call and no row; what an
 * isolate has not sent when it is taken away is lost, so the figures are those of what was observed, not of the books.
 */
export class Registry {
  readonly #newId: () => string;
  #from: string | undefined;
  #tenants = new Map<string, OpenSeries>();
  #tails = new Map<string, Map<string, Tail>>();
  #gaps = new Map<string, readonly Gap[]>();
  #waiting: Batch[] = [];
  #sequence = 0;
  #last = 0;
  /** Somebody sees to the next flush until then (milliseconds since 1970). */
  #promised = 0;

  /** `newId` is asked once, with the first flush: where an isolate begins, the runtime lets nobody ask for chance. */
  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** Adds to a counter. */
  count<Name extends NameOf<"counter">>(tenant: string, name: Name, labels: LabelsOf<Name>, by = 1): void {
    if (by > 0) this.#add(tenant, name, labels, by);
  }

  /** Takes an observation (milliseconds; below 0, as where clocks differ, it counts as 0) that was made so many times into a histogram of seconds. */
  observe<Name extends NameOf<"histogram">>(tenant: string, name: Name, labels: LabelsOf<Name>, milliseconds: number, times = 1): void {
    this.#add(tenant, name, labels, histogramOf(Math.max(0, milliseconds) / 1_000, times));
  }

  /** Says what something is at now; undefined where there is no such thing any more. */
  gauge<Name extends NameOf<"gauge">>(tenant: string, name: Name, labels: LabelsOf<Name>, value: number | undefined): void {
    this.#add(tenant, name, labels, value ?? GONE);
  }

  /** Says that the log lacks the end of a stream. */
  tail(tenant: string, stream: string, tail: Tail): void {
    const own = this.#tails.get(tenant) ?? new Map<string, Tail>();
    this.#tails.set(tenant, own);
    addTail(own, stream, tail);
  }

  /** Says which positions the log lacked. */
  gaps(tenant: string, gaps: readonly Gap[]): void {
    if (gaps.length > 0) this.#gaps.set(tenant, withGaps(this.#gaps.get(tenant) ?? [], gaps));
  }

  /**
   * Sees to it that what was counted is sent, at once or when the next flush is due; undefined where there is nothing to send, or
   * somebody sees to it already. The promise is for `waitUntil`: it never rejects, and belongs to the invocation that asked.
   */
  soon(flushing: Flushing): Promise<void> | undefined {
    const now = flushing.now();
    if (this.#isEmpty || now < this.#promised) return undefined;
    const due = Math.max(now, this.#last + flushing.every);
    this.#promised = due + GRACE;
    return due > now ? flushing.wait(due - now).then(() => this.flush(flushing)) : this.flush(flushing);
  }

  /**
   * The same where a flush is due; else what was counted is left to whoever comes next. For an invocation whose end others wait for: it
   * must not wait for the next flush.
   */
  ifDue(flushing: Flushing): Promise<void> | undefined {
    return flushing.now() < this.#last + flushing.every ? undefined : this.soon(flushing);
  }

  /** Sends what was counted. Never rejects: what could not be sent waits. */
  async flush(flushing: Flushing): Promise<void> {
    this.#last = flushing.now();
    this.#promised = 0;
    this.#gather(flushing);
    for (const batch of this.#waiting) {
      try {
        await flushing.send(batch);
        this.#waiting = this.#waiting.filter((one) => one !== batch);
      } catch (fault) {
        console.warn("metrics: will be sent later", String(fault));
        return;
      }
    }
  }

  get #isEmpty(): boolean {
    return this.#tenants.size === 0 && this.#tails.size === 0 && this.#gaps.size === 0 && this.#waiting.length === 0;
  }

  #gather({ shardOf }: Flushing): void {
    const byShard = new Map<number, { tenants: Record<string, Series>; tails: Record<string, Tails>; gaps: Record<string, readonly Gap[]> }>();
    const partOf = (tenant: string) => {
      const shard = shardOf(tenant);
      const own = byShard.get(shard) ?? { tenants: {}, tails: {}, gaps: {} };
      byShard.set(shard, own);
      return own;
    };
    for (const [tenant, series] of this.#tenants) partOf(tenant).tenants[tenant] = closed(series);
    for (const [tenant, tails] of this.#tails) partOf(tenant).tails[tenant] = Object.fromEntries(tails);
    for (const [tenant, gaps] of this.#gaps) partOf(tenant).gaps[tenant] = gaps;
    this.#tenants = new Map();
    this.#tails = new Map();
    this.#gaps = new Map();
    const from = (this.#from ??= this.#newId());
    for (const [shard, part] of byShard) this.#waiting.push({ shard, from, sequence: ++this.#sequence, ...part });
    this.#waiting = this.#waiting.slice(-MOST_WAITING);
  }

  #add(tenant: string, name: MetricName, labels: Readonly<Record<string, string>>, value: Value): void {
    const series: OpenSeries = this.#tenants.get(tenant) ?? new Map<string, Map<string, Value>>();
    const key = labelsKey(DEFINITIONS[name], labels);
    const isNew = series.get(name)?.has(key) !== true;
    if (isNew && [...this.#tenants.values()].reduce((sum, own) => sum + sizeOf(own), 0) >= MOST_KEPT) return;
    this.#tenants.set(tenant, series);
    addTo(series, name, key, value);
  }
}
