import { DurableObject } from "cloudflare:workers";
import type { Batch } from "../src/metrics/registry.ts";
import { addAll, closed, type OpenSeries, opened, type Series } from "../src/metrics/series.ts";

/** How long (milliseconds) what came in may stay in memory alone. */
const WRITE_AFTER = 5_000;
/** Isolates of which is remembered what they sent, and how much of it: a batch that is sent again counts once. */
const MOST_ISOLATES = 500;
const REMEMBERED = 20;
const TENANT = "tenant:";

/**
 * The figures of one shard's tenants: isolates send what they counted. One row for each tenant, written at most every 5 s while
 * something comes; what a crash takes in between is lost. Without news it holds no alarm.
 */
export class MetricsObject<Env = unknown> extends DurableObject<Env> {
  readonly #tenants = new Map<string, OpenSeries>();
  readonly #changed = new Set<string>();
  readonly #seen = new Map<string, readonly number[]>();
  #isArmed = false;

  /** Takes in what an isolate has counted; once, however often it is sent. */
  async add({ from, sequence, tenants }: Batch): Promise<void> {
    const seen = this.#seen.get(from) ?? [];
    if (seen.includes(sequence)) return;
    this.#seen.delete(from);
    this.#seen.set(from, [...seen, sequence].slice(-REMEMBERED));
    for (const isolate of [...this.#seen.keys()].slice(0, -MOST_ISOLATES)) this.#seen.delete(isolate);
    for (const [tenant, added] of Object.entries(tenants)) {
      const series = this.#seriesOf(tenant);
      addAll(series, added);
      this.#changed.add(tenant);
    }
    if (this.#isArmed) return;
    this.#isArmed = true;
    await this.ctx.storage.setAlarm(Date.now() + WRITE_AFTER);
  }

  /** What is known of a tenant. */
  read(tenant: string): Series {
    return closed(this.#seriesOf(tenant));
  }

  /** The tenant is no more. */
  forget(tenant: string): Promise<void> {
    this.#tenants.delete(tenant);
    this.#changed.delete(tenant);
    this.ctx.storage.kv.delete(TENANT + tenant);
    return Promise.resolve();
  }

  override alarm(): void {
    this.#isArmed = false;
    for (const tenant of this.#changed) this.ctx.storage.kv.put(TENANT + tenant, JSON.stringify(this.read(tenant)));
    this.#changed.clear();
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
