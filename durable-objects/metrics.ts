import { DurableObject } from "cloudflare:workers";
import type { Batch } from "../src/metrics/registry.ts";
import { type Gap, withGaps, withoutGaps } from "../src/metrics/gaps.ts";
import { addTail, forgetTails, type Tail, type Tails } from "../src/metrics/tails.ts";
import { addAll, closed, type OpenSeries, opened, type Series } from "../src/metrics/series.ts";

/** How long (milliseconds) what came in may stay in memory alone. */
const WRITE_AFTER = 5_000;
/** Isolates of which is remembered what they sent, and how much of it: a batch that is sent again counts once. */
const MOST_ISOLATES = 500;
const REMEMBERED = 20;
const TENANT = "tenant:";
const TAILS = "tails:";
const GAPS = "gaps:";
/** A tenant that is deleted: isolates that counted something of it may come late, and its id is never given again. */
const GONE = "gone:";

/**
 * The figures of one shard's tenants: isolates send what they counted. One row for each tenant, and one where streams wait for its log,
 * written at most every 5 s while something comes; what a crash takes in between is lost. Without news it holds no alarm.
 */
export class MetricsObject<Env = unknown> extends DurableObject<Env> {
  readonly #tenants = new Map<string, OpenSeries>();
  readonly #tails = new Map<string, Map<string, Tail>>();
  readonly #changed = new Set<string>();
  readonly #changedTails = new Set<string>();
  readonly #seen = new Map<string, readonly number[]>();
  #isArmed = false;

  /** Takes in what an isolate has counted; once, however often it is sent. */
  async add({ from, sequence, tenants, tails = {}, gaps = {} }: Batch): Promise<void> {
    const seen = this.#seen.get(from) ?? [];
    if (seen.includes(sequence)) return;
    this.#seen.delete(from);
    this.#seen.set(from, [...seen, sequence].slice(-REMEMBERED));
    for (const isolate of [...this.#seen.keys()].slice(0, -MOST_ISOLATES)) this.#seen.delete(isolate);
    for (const [tenant, added] of Object.entries(tenants)) {
      if (this.#isGone(tenant)) continue;
      const series = this.#seriesOf(tenant);
      addAll(series, added);
      this.#changed.add(tenant);
    }
    for (const [tenant, added] of Object.entries(tails)) {
      if (this.#isGone(tenant)) continue;
      const own = this.#tailsOf(tenant);
      // Those that are over make room.
      forgetTails(own, Date.now());
      for (const [stream, tail] of Object.entries(added)) addTail(own, stream, tail);
      this.#changedTails.add(tenant);
    }
    // Rare, and not said again: written at once.
    for (const [tenant, added] of Object.entries(gaps)) if (!this.#isGone(tenant)) this.#keepGaps(tenant, withGaps(this.gaps(tenant), added));
    if (this.#isArmed) return;
    this.#isArmed = true;
    await this.ctx.storage.setAlarm(Date.now() + WRITE_AFTER);
  }

  /** What is known of a tenant. */
  read(tenant: string): Series {
    return closed(this.#seriesOf(tenant));
  }

  /** The streams of a tenant that said of late that the log lacks their end. `now`: milliseconds since 1970. */
  tails(tenant: string, now: number): Tails {
    const own = this.#tailsOf(tenant);
    forgetTails(own, now);
    return Object.fromEntries(own);
  }

  /** The positions of a tenant's log that somebody missed, until they are said to be over. */
  gaps(tenant: string): readonly Gap[] {
    return JSON.parse(this.ctx.storage.kv.get<string>(GAPS + tenant) ?? "[]") as readonly Gap[];
  }

  /** Positions that were missed are there by now. */
  closeGaps(tenant: string, over: readonly Gap[]): void {
    this.#keepGaps(tenant, withoutGaps(this.gaps(tenant), over));
  }

  /** The tenant is no more: nothing of it is taken in from now on. */
  forget(tenant: string): Promise<void> {
    this.#tenants.delete(tenant);
    this.#changed.delete(tenant);
    this.#tails.delete(tenant);
    this.#changedTails.delete(tenant);
    this.ctx.storage.kv.put(GONE + tenant, true);
    this.ctx.storage.kv.delete(TENANT + tenant);
    this.ctx.storage.kv.delete(TAILS + tenant);
    this.#keepGaps(tenant, []);
    return Promise.resolve();
  }

  override alarm(): void {
    this.#isArmed = false;
    for (const tenant of this.#changed) this.ctx.storage.kv.put(TENANT + tenant, JSON.stringify(this.read(tenant)));
    this.#changed.clear();
    for (const tenant of this.#changedTails) this.ctx.storage.kv.put(TAILS + tenant, JSON.stringify(Object.fromEntries(this.#tailsOf(tenant))));
    this.#changedTails.clear();
  }

  #isGone(tenant: string): boolean {
    return this.ctx.storage.kv.get(GONE + tenant) !== undefined;
  }

  #keepGaps(tenant: string, gaps: readonly Gap[]): void {
    if (gaps.length === 0) this.ctx.storage.kv.delete(GAPS + tenant);
    else this.ctx.storage.kv.put(GAPS + tenant, JSON.stringify(gaps));
  }

  #tailsOf(tenant: string): Map<string, Tail> {
    const known = this.#tails.get(tenant);
    if (known !== undefined) return known;
    const tails = new Map(Object.entries(JSON.parse(this.ctx.storage.kv.get<string>(TAILS + tenant) ?? "{}") as Tails));
    this.#tails.set(tenant, tails);
    return tails;
  }

  #seriesOf(tenant: string): OpenSeries {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const stored = this.ctx.storage.kv.get<string>(TENANT + tenant);
    const series = opened(stored === undefined ? {} : (JSON.parse(stored) as Series));
    this.#tenants.set(tenant, series);
    return series;
  }
}
