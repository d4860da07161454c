import type { HopRecord } from "./hop.ts";
import type { TraceSink } from "./recorder.ts";

/** How long (milliseconds) hops wait for others before they are written. */
const GATHERED = 250;
/** Hops that wait for one sink at most: what comes then is lost to it. */
const MOST_WAITING = 2_000;
/** Hops that are written at once. */
const BATCH = 250;
/** After so long (milliseconds) what waits is written by those too who would rather leave it to others. */
const LATE = 5_000;
/** How long (milliseconds) they let themselves be held by it: what a sink has not taken by then is lost to it. */
const MOST_HELD = 1_000;
/** After so long (milliseconds) a writer that said nothing more is taken for gone: its invocation may have been ended. */
const GONE = 15_000;

/** Spans of a tenant's that a sink did not take: a hop's, or so many that only the sink knows which. */
export interface LostSpans {
  readonly tenant: string;
  readonly spans: { readonly length: number };
}

/** Who is told what a sink did not get. */
export type Lost = (sink: string, spans: readonly LostSpans[]) => void;

/** What waits for one sink of an isolate: each has its own, so that one that hangs keeps the others from nothing. */
export class SinkLane {
  readonly name: string;
  readonly #lost: Lost;
  #waiting: HopRecord[] = [];
  #tenants = new Set<string>();
  #writingSince: number | undefined;
  /** When the first of what waits came, or somebody last wrote some of it. */
  #waitingSince = 0;

  constructor(name: string, lost: Lost) {
    this.name = name;
    this.#lost = lost;
  }

  /** Takes hops, as far as there is room, and tenants. `now`: milliseconds since 1970. */
  take(hops: readonly HopRecord[], tenants: readonly string[], now: number): void {
    if (!this.#isWaiting) this.#waitingSince = now;
    const room = Math.max(0, MOST_WAITING - this.#waiting.length);
    this.#waiting.push(...(hops.length > room ? hops.slice(0, room) : hops));
    if (hops.length > room) this.#lost(this.name, hops.slice(room));
    for (const tenant of tenants) this.#tenants.add(tenant);
  }

  /** Whether something waits that nobody writes. `now`: milliseconds since 1970. */
  isDue(now: number): boolean {
    return this.#isWaiting && (this.#writingSince === undefined || now - this.#writingSince >= GONE);
  }

  /** Whether nobody has come for a while who writes what waits. */
  isLate(now: number): boolean {
    return this.isDue(now) && now - this.#waitingSince >= LATE;
  }

  /** Writes what waits, and what comes meanwhile, until somebody else takes this over. Never rejects: a sink that fails is nobody's fault but its own. */
  async write(sink: TraceSink, now: number): Promise<void> {
    this.#writingSince = now;
    await new Promise((resolve) => setTimeout(resolve, GATHERED));
    while (this.#isWaiting && this.#writingSince === now) await this.#writeSome(sink);
    if (this.#writingSince === now) this.#writingSince = undefined;
  }

  /** Writes some of what waits, at once and for a second at most, and leaves the rest: for who must be held neither by what comes meanwhile nor by a sink that hangs. Never rejects. */
  async writeOnce(sink: TraceSink, now: number): Promise<void> {
    this.#writingSince = now;
    this.#waitingSince = now;
    await this.#writeSome({ name: sink.name, write: (hops, tenants) => heldBy(sink.write(hops, tenants), hops) });
    if (this.#writingSince === now) this.#writingSince = undefined;
  }

  async #writeSome(sink: TraceSink): Promise<void> {
    const hops = this.#waiting.splice(0, BATCH);
    const tenants = [...this.#tenants];
    this.#tenants = new Set();
    const left = await this.#written(sink, hops, tenants);
    if (left.length > 0) this.#lost(this.name, left);
  }

  async #written(sink: TraceSink, hops: readonly HopRecord[], tenants: readonly string[]): Promise<readonly LostSpans[]> {
    try {
      return (await sink.write(hops, tenants)) ?? [];
    } catch (fault) {
      console.warn("tracing: not written to", sink.name, hops.length, String(fault));
      return hops;
    }
  }

  get #isWaiting(): boolean {
    return this.#waiting.length > 0 || this.#tenants.size > 0;
  }
}

/** What a sink did not take; all of it, where it does not say so in time. */
async function heldBy(writing: ReturnType<TraceSink["write"]>, hops: readonly HopRecord[]): Promise<readonly LostSpans[] | void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<readonly LostSpans[]>((resolve) => (timer = setTimeout(() => resolve(hops), MOST_HELD)));
  return Promise.race([writing, late]).finally(() => clearTimeout(timer));
}
