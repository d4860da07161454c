/** One piece of work after the other, in the order in which it came: what one has found still holds when it acts on it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work once all that came before is over, whether or not that went well. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.catch(() => {}).then(work);
    this.#last = turn;
    return turn;
  }
}
