import { SingleBar } from "cli-progress";

/** Shows how much of a known number of steps is done. */
export interface Progress {
  step(): void;
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
  return { step: () => shown.increment(), stop: () => shown.stop() };
}

function lines(total: number, what: string): Progress {
  const every = Math.ceil(total / 10);
  let done = 0;
  return {
    step() {
      done++;
      if (done % every === 0 || done === total) console.log(`${done}/${total} ${what}`);
    },
    stop() {},
  };
}
