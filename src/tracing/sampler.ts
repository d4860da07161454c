/** New traces that an isolate keeps of a tenant in a second, whatever the rate: what is beyond would cost more than it shows. */
export const MOST_NEW = 20;
/** Hops that failed or were slow, of traces that are not kept: so many an isolate keeps of a tenant in a second, for where all fails, or all is slow, more of the same shows nothing. */
export const MOST_NOTABLE = 50;
/** How long (milliseconds) a tenant's rate is believed. */
export const BELIEVED = 5_000;

interface Known {
  rate: number | undefined;
  readAt: number;
  second: number;
  begun: number;
  notable: number;
}

/** Decides which new traces are kept: by a tenant's rate, the same wherever it is asked, and at most so many a second. */
export class Sampler {
  readonly #rate: number;
  readonly #known = new Map<string, Known>();

  /** `rate`, from 0 to 1, is for tenants that have none of their own. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Whether a new trace is kept. */
  begins(tenant: string, traceId: string, now: number): boolean {
    const known = this.#at(tenant, now);
    return isBelow(traceId, known.rate ?? this.#rate) && known.begun++ < MOST_NEW;
  }

  /** Whether a hop that failed or was slow is kept, though its trace is not. */
  takesNotable(tenant: string, now: number): boolean {
    return this.#at(tenant, now).notable++ < MOST_NOTABLE;
  }

  /** Whether the tenant's rate is to be read again; said once in a while. */
  isDue(tenant: string, now: number): boolean {
    const known = this.#of(tenant);
    if (now - known.readAt < BELIEVED) return false;
    known.readAt = now;
    return true;
  }

  /** What was read: undefined where the tenant has no rate of its own. */
  learn(tenant: string, rate: number | undefined): void {
    this.#of(tenant).rate = rate;
  }

  #at(tenant: string, now: number): Known {
    const known = this.#of(tenant);
    const second = Math.floor(now / 1_000);
    if (known.second !== second) Object.assign(known, { second, begun: 0, notable: 0 });
    return known;
  }

  #of(tenant: string): Known {
    let known = this.#known.get(tenant);
    if (known === undefined) {
      if (this.#known.size >= 10_000) this.#known.clear();
      known = { rate: undefined, readAt: Number.NEGATIVE_INFINITY, second: 0, begun: 0, notable: 0 };
      this.#known.set(tenant, known);
    }
    return known;
  }
}

/** By the trace's id, so that all who ask agree (https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased): its last 7 bytes are random. */
function isBelow(traceId: string, rate: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) < rate * 0x1_0000_0000;
}
