import { SingleBar } from "cli-progress";

/** Shows how much of a known number of steps is done. */
export interface Progress {
  /** So many more are done, one where nothing is said. */
  step(count?: number): void;
  stop(): void;
}

/** A bar on a terminal; plain lines, ten at most, where the output goes elsewhere. */
export function progress(total: number, what: string): Progress {
  return process.stdout.isTTY ? bar(total, what) : lines(total, what);
}

function bar(total: number, what: string): Progress {
  const shown = new SingleBar({
    format: `{bar} {value}/{total} ${what}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    stream: process.stdout,
  });
  shown.start(total, 0);
  return { step: (count = 1) => shown.increment(count), stop: () => shown.stop() };
}

function lines(total: number, what: string): Progress {
  const every = Math.ceil(total / 10);
  let done = 0;
  return {
    step(count = 1) {
      const before = done;
      done += count;
      if (Math.floor(done / every) > Math.floor(before / every) || (done === total && count > 0)) console.log(`${done}/${total} ${what}`);
    },
    stop() {},
  };
}
