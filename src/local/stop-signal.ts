/** What asks a process to end. */
export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Aborts when somebody asks this process to end: by a signal, or, where npm runs it, by ending npm, since not every shell that
 * npm puts between passes a signal on.
 */
export function stopSignal(): AbortSignal {
  const asked = new AbortController();
  // A second signal while stopping changes nothing: Ctrl-C comes twice under npm, from the terminal and passed on.
  for (const name of SIGNALS) process.on(name, () => asked.abort(new Error(`stopped by ${name}`)));
  const parent = process.ppid;
  if (process.env["npm_lifecycle_event"] !== undefined) {
    setInterval(() => {
      if (process.ppid !== parent) asked.abort(new Error("stopped, for npm has ended"));
    }, 500).unref();
  }
  return asked.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Does `make`, and takes away the listeners for signals that it adds: they would end the process before it has tidied up. */
export function withoutItsSignals<Made>(make: () => Made): Made {
  const before = SIGNALS.map((name) => new Set(process.listeners(name)));
  const made = make();
  for (const [index, name] of SIGNALS.entries()) {
    for (const listener of process.listeners(name)) if (!before[index]?.has(listener)) process.removeListener(name, listener);
  }
  return made;
}

/** Runs a command's main: a fault is one sentence and exit code 1, and having been asked to stop is no fault. */
export async function runCommand(main: (stop: AbortSignal) => Promise<number>): Promise<void> {
  const stop = stopSignal();
  try {
    process.exitCode = await main(stop);
  } catch (fault) {
    if (!stop.aborted) {
      console.error(fault instanceof Error ? fault.message : fault);
      process.exitCode = 1;
    }
  }
  process.exit();
}
