/** Times that something is asked for, and the pause between (milliseconds): what follows from an event comes by and by. */
const TRIES = 200;
const PAUSE = 50;

/** What is asked for, once it is as it should be; throws with what it was last where that never comes. */
export async function eventually<Thing>(what: string, ask: () => Promise<Thing>, isIt: (thing: Thing) => boolean): Promise<Thing> {
  let last: Thing | undefined;
  for (let turn = 0; turn < TRIES; turn++) {
    last = await ask();
    if (isIt(last)) return last;
    await scheduler.wait(PAUSE);
  }
  throw new Error(`expected ${what}, got ${JSON.stringify(last)?.slice(0, 1_000)}`);
}
