/** Where something can go wrong. */
export type Place = "log" | "views" | "send" | "message" | "rpc" | "alarm" | "storage" | "sink" | "handler";

/** What goes wrong there. */
export type Mode =
  | "before" // not done, and said so
  | "after" // done, but the answer is lost
  | "middle" // begun, rolled back
  | "refused" // of a batch of the log: a statement that SQLite refuses
  | "slow" // done much later, perhaps after the caller has given up
  | "late answer" // done at once, answered much later
  | "lose"
  | "double"
  | "delay"
  | "late"
  | "abandon"
  | "500" // of a sink: its answer; of a handler: it throws
  | "429" // it asks to be left alone
  | "410"; // it wants nothing more

/** A fault that waits for its occasion: it lets `skip` of them pass, then strikes `times` times. */
export interface Fault {
  readonly place: Place;
  readonly mode: Mode;
  /** The object it is meant for; left out, any. */
  readonly who?: string;
  readonly skip: number;
  readonly times: number;
}

/** A crash that waits for its step. `who`: an object's name, or `projector`. */
export interface Crash {
  readonly who: string;
  readonly step: number;
}

interface Waiting<Kind> {
  readonly what: Kind;
  left: number;
  times: number;
}

/** The faults that are waiting, and what has struck. */
export class Faults {
  /** How often each kind has struck. */
  readonly struck = new Map<string, number>();
  /** How often anything has struck. */
  strikes = 0;
  #faults: Waiting<Fault>[] = [];
  #crashes: Waiting<Crash>[] = [];

  add(fault: Fault): void {
    this.#faults.push({ what: fault, left: fault.skip, times: fault.times });
  }

  addCrash(crash: Crash): void {
    this.#crashes.push({ what: crash, left: crash.step, times: 1 });
  }

  /** Nothing goes wrong any more. */
  clear(): void {
    this.#faults = [];
    this.#crashes = [];
  }

  /** The fault that strikes on this occasion, if one does. */
  take(place: Place, who: string, isFit: (mode: Mode) => boolean = () => true): Mode | undefined {
    for (const fault of this.#faults) {
      if (fault.what.place !== place || (fault.what.who !== undefined && fault.what.who !== who) || !isFit(fault.what.mode)) continue;
      if (fault.left > 0) {
        fault.left--;
        continue;
      }
      this.strikes++;
      if (--fault.times === 0) this.#faults = this.#faults.filter((other) => other !== fault);
      this.count(`${place} ${fault.what.mode}`);
      return fault.what.mode;
    }
    return undefined;
  }

  /** Whether who takes a step now crashes at it. */
  crashes(who: string): boolean {
    for (const crash of this.#crashes) {
      if (crash.what.who !== who) continue;
      if (--crash.left > 0) continue;
      this.#crashes = this.#crashes.filter((other) => other !== crash);
      return true;
    }
    return false;
  }

  count(kind: string): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
  }
}
