import type { Figure } from "../figure.ts";
import { appendOf } from "../stage.ts";
import { warm } from "./appends.ts";

/** Appends at full speed, then waits for the log: events by the whole time. What no buffer can make look better. */
function sustained(name: string, events: number, clients: number): Figure {
  return {
    name,
    title: `append to the log, sustained: ${events === 1 ? "one event" : `${events} events`} each over 200 streams, ${clients} clients`,
    unit: "events",
    clients,
    spread: "warm",
    against: "insert",
    prepare: async (stage) => void (await warm(stage)),
    async measure(stage, seconds) {
      const requests = (await warm(stage)).map((stream) => appendOf(stream, { events }));
      const begun = performance.now();
      const { answered, latencies, refused } = await stage.append({ clients, seconds, request: (n) => requests[n % requests.length] as Buffer }, events);
      await stage.drain("log");
      return { perSecond: (answered * events) / ((performance.now() - begun) / 1000), units: answered * events, latencies, refused };
    },
  };
}

export const sustainedFigure = sustained("log-1", 1, 64);
export const sustainedBatchFigure = sustained("log-100", 100, 16);
