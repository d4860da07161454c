/** How long (milliseconds) an isolate believes what it has read of a key: a revoked one stops everywhere within this time. */
export const BELIEVED = 5_000;

/** What is remembered at most of what is there, and of what is not or not yet read; the oldest of each goes first. */
const MOST = 10_000;
const MOST_UNPROVEN = 1_000;

interface Entry<Value> {
  /** When the reading began: what it found may have changed since. */
  readonly since: number;
  readonly value: Promise<Value>;
  known?: Value;
}

/**
 * What was read from elsewhere, believed for a while: who asks meanwhile is answered without a call, and many who ask at once make one.
 * Whoever asks for many that are not there puts out only others that are not there.
 */
export class Believed<Value> {
  readonly #read: (name: string) => Promise<Value>;
  readonly #now: () => number;
  readonly #isThere: (value: Value) => boolean;
  readonly #proven = new Map<string, Entry<Value>>();
  readonly #unproven = new Map<string, Entry<Value>>();

  constructor(read: (name: string) => Promise<Value>, now: () => number, isThere: (value: Value) => boolean = () => true) {
    this.#read = read;
    this.#now = now;
    this.#isThere = isThere;
  }

  /** At once where it was read in the last five seconds; a reading that failed is forgotten. */
  get(name: string): Value | Promise<Value> {
    const entry = this.#proven.get(name) ?? this.#unproven.get(name);
    if (entry === undefined || this.#now() - entry.since >= BELIEVED) return this.fresh(name);
    return entry.known ?? entry.value;
  }

  /** Read now, whatever was known. */
  fresh(name: string): Promise<Value> {
    const entry: Entry<Value> = { since: this.#now(), value: this.#read(name) };
    this.forget(name);
    put(this.#unproven, name, entry, MOST_UNPROVEN);
    return entry.value.then(
      (value) => {
        entry.known = value;
        if (this.#isThere(value) && this.#unproven.get(name) === entry) {
          this.#unproven.delete(name);
          put(this.#proven, name, entry, MOST);
        }
        return value;
      },
      (fault: unknown) => {
        if (this.#unproven.get(name) === entry) this.#unproven.delete(name);
        throw fault;
      },
    );
  }

  /** It has changed: it is read anew when it is asked for. */
  forget(name: string): void {
    this.#proven.delete(name);
    this.#unproven.delete(name);
  }
}

function put<Value>(entries: Map<string, Entry<Value>>, name: string, entry: Entry<Value>, most: number): void {
  entries.set(name, entry);
  if (entries.size > most) for (const [oldest] of entries) if (entries.size > most) entries.delete(oldest);
}
