/** An alarm that is late by this much (milliseconds) is taken for lost, and set again. */
const LOST_AFTER = 30_000;

/**
 * The one owner of the object's one alarm. Everything that wants to be woken says when; the alarm is the earliest of them.
 *
 * What is armed is known only in memory: after waking, unknown counts as not armed, so the first one to ask sets it anew.
 */
export class AlarmClock {
  /** Alarms set since the object woke: each is billed as one row written. */
  timesSet = 0;
  readonly #storage: DurableObjectStorage;
  readonly #now: () => number;
  #armedFor: number | undefined;

  constructor(storage: DurableObjectStorage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  /** Makes sure that the alarm goes off at `time` (milliseconds since 1970) or earlier. Part of the transaction it is called in. */
  arm(time: number): void {
    const isArmed = this.#armedFor !== undefined && this.#armedFor <= time && this.#armedFor > this.#now() - LOST_AFTER;
    if (isArmed) return;
    // Not awaited: the write joins the transaction at once, and the output gate waits for it.
    void this.#storage.setAlarm(time);
    this.#armedFor = time;
    this.timesSet++;
  }

  /** The alarm has gone off, or the transaction that armed it has failed: whoever comes next arms it anew. */
  lower(): void {
    this.#armedFor = undefined;
  }
}
