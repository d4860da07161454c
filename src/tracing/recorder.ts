import type { HopRecord } from "./hop.ts";

/** Where kept hops go. */
export interface TraceSink {
  readonly name: string;
  /** Writes hops; `tenants` are those whose rates are to be read. May reject: then they are lost to this sink. */
  write(hops: readonly HopRecord[], tenants: readonly string[]): Promise<void> | void;
}

/** How long (milliseconds) hops wait for others before they are written. */
const GATHERED = 250;
/** Hops that wait at most: what comes then is lost. */
const MOST_WAITING = 2_000;
/** Hops that are written at once. */
const BATCH = 250;
/** After so long (milliseconds) a writer that said nothing more is taken for gone: its invocation may have been ended. */
const GONE = 15_000;

/**
 * Gathers an isolate's hops and writes them in batches, in the time that some invocation has left after its answer. What it holds is
 * plain data, so whoever comes next may write what others have left.
 */
export class Recorder {
  readonly #now: () => number;
  #waiting: HopRecord[] = [];
  #tenants = new Set<string>();
  #writingSince: number | undefined;
  #lost = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes hops and tenants; gives work for the invocation's `waitUntil` where nobody is at it. */
  add(hops: readonly HopRecord[], tenants: readonly string[], sinks: () => readonly TraceSink[]): Promise<void> | undefined {
    const room = MOST_WAITING - this.#waiting.length;
    this.#waiting.push(...(hops.length > room ? hops.slice(0, Math.max(0, room)) : hops));
    this.#lost += Math.max(0, hops.length - room);
    for (const tenant of tenants) this.#tenants.add(tenant);
    const now = this.#now();
    if (this.#waiting.length === 0 && this.#tenants.size === 0) return undefined;
    if (this.#writingSince !== undefined && now - this.#writingSince < GONE) return undefined;
    this.#writingSince = now;
    return this.#write(sinks(), now);
  }

  async #write(sinks: readonly TraceSink[], since: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHERED));
    while (this.#waiting.length > 0 || this.#tenants.size > 0) {
      const hops = this.#waiting.splice(0, BATCH);
      const tenants = [...this.#tenants];
      this.#tenants = new Set();
      await Promise.all(sinks.map((sink) => written(sink, hops, tenants)));
    }
    if (this.#lost > 0) console.warn("tracing: too many hops at once, lost", this.#lost);
    this.#lost = 0;
    if (this.#writingSince === since) this.#writingSince = undefined;
  }
}

/** A sink that fails is nobody's fault but its own. */
async function written(sink: TraceSink, hops: readonly HopRecord[], tenants: readonly string[]): Promise<void> {
  try {
    await sink.write(hops, tenants);
  } catch (fault) {
    console.warn("tracing: not written to", sink.name, hops.length, String(fault));
  }
}
