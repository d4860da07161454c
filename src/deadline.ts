/** Something beyond this process did not answer in time; what it did is unknown. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** What `work` gives, or a DeadlineError after so many milliseconds. The work itself goes on unheard. */
export async function within<Result>(milliseconds: number, what: string, work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`${what} did not answer within ${milliseconds} ms`)), milliseconds);
  });
  // A timer left running would keep an object awake.
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
