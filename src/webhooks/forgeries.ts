/** So many deliveries that are not proved, within so many milliseconds, are a flood. */
export const FLOOD = 100;
const WITHIN = 10_000;
/** Places that are counted at most; the oldest count goes first. */
const MOST = 1_000;

/**
 * Deliveries to a place for webhooks that nobody has proved, as one isolate counts them, in its memory alone. While they are a flood, what the
 * place is may be believed for some seconds in place of being asked for each time: then a stranger's flood costs no calls, and never a tenant's limit.
 */
export class Forgeries {
  readonly #now: () => number;
  readonly #counts = new Map<string, { readonly since: number; count: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** One more, at a place `<tenant>/<source>`. */
  note(place: string): void {
    const known = this.#counts.get(place);
    if (known !== undefined && this.#now() - known.since < WITHIN) {
      known.count++;
      return;
    }
    this.#counts.delete(place);
    this.#counts.set(place, { since: this.#now(), count: 1 });
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MOST && oldest !== undefined) this.#counts.delete(oldest);
  }

  /** Whether there are more of them at a place than producers make by mistake. */
  areFlood(place: string): boolean {
    const known = this.#counts.get(place);
    return known !== undefined && known.count >= FLOOD && this.#now() - known.since < WITHIN;
  }
}
