import type { Buffer } from "node:buffer";
import { Connection, requestBytes } from "./connection.ts";
import { type Load, type Run, run } from "./load.ts";
import { ADMIN_KEY } from "./platform.ts";

/** The data of every event: with it an event is about 300 bytes of JSON. */
const DATA = { order: "8f14e45f-ceea-467f-a0e6-5a1d2b3c4d5e", total: 12_345, currency: "EUR", lines: 3, note: "x".repeat(170) };

/** Between two appends (milliseconds), where it is said to be low. */
export const LOW_LOAD = 50;

/** How long (milliseconds) the log or the views may stand still before they have everything. */
const LONGEST_STANDSTILL = 20_000;

/** The requests of an append. */
export function appendOf(stream: string, { events = 1, type = "bench.Measured" }: { readonly events?: number; readonly type?: string } = {}): Buffer {
  return requestBytes("POST", `/v1/streams/${stream}/events`, { key: ADMIN_KEY, body: bodyOf(events, type) });
}

/** The same append as a bare object gets it. */
export function insertOf(object: string, events = 1): Buffer {
  return requestBytes("POST", `/${object}`, { body: bodyOf(events, "bench.Measured") });
}

function bodyOf(events: number, type: string): string {
  return JSON.stringify({ events: Array.from({ length: events }, () => ({ type, data: DATA })) });
}

/** A GET with the key. */
export function getOf(path: string): Buffer {
  return requestBytes("GET", path, { key: ADMIN_KEY });
}

/** Where each of the bare workers is. */
export type Yardsticks = Readonly<Record<"hello" | "insert" | "constant" | "pipeline", string>>;

/** Of what is measured without them. */
export const NO_YARDSTICKS: Yardsticks = { hello: "", insert: "", constant: "", pipeline: "" };

/** The platform under measurement: where it is, and how many events it was given, so that one can wait for all of them. */
export class Stage {
  readonly origin: string;
  readonly yardsticks: Yardsticks;
  readonly #stop: AbortSignal | undefined;
  #appended = 0;
  #names = 0;

  constructor(origin: string, yardsticks: Yardsticks, stop?: AbortSignal) {
    this.origin = origin;
    this.yardsticks = yardsticks;
    this.#stop = stop;
  }

  /** A name that was never used before in this run. */
  newName(): string {
    return `bench-${process.pid}x${this.#names++}`;
  }

  /** Runs a load of appends on the platform, each of so many events, and counts them. */
  async append(load: Omit<Load, "origin">, events = 1): Promise<Run> {
    const done = await run({ origin: this.origin, ...load });
    this.#appended += done.answered * events;
    return done;
  }

  /** Appends once, over a connection of the caller's; gives the version. */
  async appendOnce(connection: Connection, request: Buffer, events = 1): Promise<{ readonly lastVersion: number; readonly stream: string }> {
    const answer = await connection.send(request, true);
    if (answer.status !== 201) throw new Error(`expected the append to be taken, got ${answer.status}`);
    this.#appended += events;
    return answer.json();
  }

  /** Waits until the log has everything, or the views too. Rejects where they stand still, or a stop is asked for. */
  async drain(what: "log" | "views" = "views"): Promise<void> {
    let seen = -1;
    let moved = performance.now();
    const connection = await Connection.open(this.origin);
    const question = getOf("/v1/projections");
    try {
      for (;;) {
        const { items } = (await connection.send(question, true)).json<{ items: readonly { position: number; lag: number }[] }>();
        const [first] = items;
        const position = first === undefined ? 0 : first.position + (what === "log" ? first.lag : 0);
        if (position >= this.#appended) return;
        if (position !== seen) moved = performance.now();
        if (performance.now() - moved > LONGEST_STANDSTILL)
          throw new Error(`expected the ${what} to get to ${this.#appended}, got a standstill at ${position}: ${JSON.stringify(first)}`);
        seen = position;
        this.#stop?.throwIfAborted();
        await pause(5);
      }
    } finally {
      connection.close();
    }
  }
}

/** What a figure needs of each platform it is measured on: made when it is first asked for, then the same. */
export function perStage<Value>(make: (stage: Stage) => Value): (stage: Stage) => Value {
  const made = new WeakMap<Stage, { readonly value: Value }>();
  return (stage) => {
    const known = made.get(stage) ?? { value: make(stage) };
    made.set(stage, known);
    return known.value;
  };
}

/** So many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
