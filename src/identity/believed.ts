/** How long (milliseconds) an isolate believes what it has read of a key: a revoked one stops everywhere within this time. */
export const BELIEVED = 5_000;

/** What is remembered at most; the oldest goes first. */
const MOST = 10_000;

interface Entry<Value> {
  /** When the reading began: what it found may have changed since. */
  readonly since: number;
  readonly value: Promise<Value>;
  known?: Value;
}

/** What was read from elsewhere, believed for a while: who asks meanwhile is answered without a call, and many who ask at once make one. */
export class Believed<Value> {
  readonly #read: (name: string) => Promise<Value>;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry<Value>>();

  constructor(read: (name: string) => Promise<Value>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  /** At once where it was read in the last five seconds; a reading that failed is forgotten. */
  get(name: string): Value | Promise<Value> {
    const entry = this.#entries.get(name);
    if (entry === undefined || this.#now() - entry.since >= BELIEVED) return this.fresh(name);
    return entry.known ?? entry.value;
  }

  /** Read now, whatever was known. */
  fresh(name: string): Promise<Value> {
    const entry: Entry<Value> = { since: this.#now(), value: this.#read(name) };
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > MOST) for (const [oldest] of this.#entries) if (this.#entries.size > MOST) this.#entries.delete(oldest);
    return entry.value.then(
      (value) => (entry.known = value),
      (fault: unknown) => {
        if (this.#entries.get(name) === entry) this.#entries.delete(name);
        throw fault;
      },
    );
  }

  /** It has changed: it is read anew when it is asked for. */
  forget(name: string): void {
    this.#entries.delete(name);
  }
}
