import type { LogReached } from "../../src/kernel/index.ts";

/** A log that took nothing for so long (milliseconds) before an event is not on its way to it: nothing was waiting when the event came. */
const ON_ITS_WAY = 60_000;
/** What came so much later (milliseconds) and is in the log has overtaken what is not: the queue keeps no order, but nearly. */
const OVERTAKEN = 1_000;

/**
 * Whether a hint that the log has not taken up is probably still in line. Sending again what waits makes the line longer: the queue then
 * fills with repeats faster than they are taken out of it, and the more streams wait, the slower it goes for all.
 */
export class QueueLine {
  /** Where the log was at the last look. */
  #position: number | undefined;
  #isSent = false;

  /** Hints are in the queue, as far as is known. Unknown after waking: then they count as lost. */
  sent(): void {
    this.#isSent = true;
    this.#position = undefined;
  }

  /** They were not taken by the queue. */
  lost(): void {
    this.#isSent = false;
  }

  /** Whether the log was found behind since anything was sent. */
  get hasWaited(): boolean {
    return this.#position !== undefined;
  }

  /**
   * How long (milliseconds) the log needs at least to come to what was `recorded` (RFC 3339) then; undefined where it is there already, or
   * stands still, or the hints count as lost.
   */
  ahead(recorded: string, reached: LogReached | undefined, now: number): number | undefined {
    const wait = this.#wait(recorded, reached, now);
    if (wait === undefined || wait <= 0) return undefined;
    this.#position = reached?.position;
    return wait;
  }

  /** The same of what the log is known not to have; undefined where somebody who came clearly later is there already. */
  behind(recorded: string, reached: LogReached | undefined, now: number): number | undefined {
    const wait = this.#wait(recorded, reached, now);
    this.#position = reached?.position;
    return wait !== undefined && wait > -OVERTAKEN ? wait : undefined;
  }

  #wait(recorded: string, reached: LogReached | undefined, now: number): number | undefined {
    if (!this.#isSent || reached === undefined) return undefined;
    const isMoving = this.#position === undefined ? now - Date.parse(reached.recorded) < ON_ITS_WAY : reached.position > this.#position;
    return isMoving ? Date.parse(recorded) - Date.parse(reached.recorded) : undefined;
  }
}
