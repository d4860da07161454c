/** New traces that an isolate keeps of a tenant in a second, whatever the rate: what is beyond would cost more than it shows. */
export const MOST_NEW = 20;
/** How long (milliseconds) a tenant's rate is believed. */
export const BELIEVED = 5_000;

interface Known {
  rate: number | undefined;
  readAt: number;
  second: number;
  begun: number;
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
    const known = this.#of(tenant);
    if (!isBelow(traceId, known.rate ?? this.#rate)) return false;
    const second = Math.floor(now / 1_000);
    if (known.second !== second) {
      known.second = second;
      known.begun = 0;
    }
    return known.begun++ < MOST_NEW;
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

  #of(tenant: string): Known {
    let known = this.#known.get(tenant);
    if (known === undefined) {
      if (this.#known.size >= 10_000) this.#known.clear();
      known = { rate: undefined, readAt: Number.NEGATIVE_INFINITY, second: 0, begun: 0 };
      this.#known.set(tenant, known);
    }
    return known;
  }
}

/** By the trace's id, so that all who ask agree (https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased): its last 7 bytes are random. */
function isBelow(traceId: string, rate: number): boolean {
  return Number.parseInt(traceId.slice(-8), 16) < rate * 0x1_0000_0000;
}
