/** Something beyond this process did not answer in time; what it did is unknown. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** What `work` gives, or a DeadlineError after so many milliseconds. The work itself goes on unheard. */
export function within<Result>(milliseconds: number, what: string, work: Promise<Result>): Promise<Result> {
  // By hand rather than with `Promise.race`: it is done several times for each request, and makes two promises in the place of six.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(`${what} did not answer within ${milliseconds} ms`)), milliseconds);
    // A timer left running would keep an object awake.
    const over = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    work.then(
      (result) => over(() => resolve(result)),
      (fault: Error) => over(() => reject(fault)),
    );
  });
}
