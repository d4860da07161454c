import { Connection } from "../connection.ts";
import { type Figure, type Measured, WARM_STREAMS } from "../figure.ts";
import type { Run } from "../load.ts";
import { appendOf, LOW_LOAD, pause, perStage, type Stage } from "../stage.ts";

/** A stream takes 10,000 events that the log lacks, then it refuses: a round on one stream stays below. */
const MOST_ON_ONE = 9_000;

function rate({ answered, seconds, latencies, refused }: Run, events = 1): Measured {
  return { perSecond: (answered * events) / seconds, units: answered * events, latencies, refused };
}

/** Single appends to one stream. */
export function hot(clients: number): Figure {
  const request = perStage(async (stage) => {
    const stream = stage.newName();
    await warmUp(stage, [stream], Math.max(clients, 8));
    return appendOf(stream);
  });
  return {
    name: `hot-${clients}`,
    title: `append of one event, one hot stream, ${clients} client${clients === 1 ? "" : "s"}`,
    unit: "appends",
    clients,
    spread: "one",
    against: "insert",
    ...(clients === 64 && { aim: { ratio: 0.8 } }),
    prepare: async (stage) => void (await request(stage)),
    measure: async (stage, seconds) => rate(await stage.append({ clients, seconds, request: always(await request(stage)), most: MOST_ON_ONE })),
  };
}

/** The same where nothing is traced: what tracing costs is what it is faster by. */
export function hotUntraced(clients: number): Figure {
  const { aim: _, ...traced } = hot(clients);
  return { ...traced, name: `untraced-${clients}`, title: `${traced.title}, tracing switched off`, untraced: true, isNotQuick: true };
}

/** One append at a time with a pause between: nothing of the one before is still under way, as it is in a closed loop. */
export const loneFigure: Figure = {
  name: "lone",
  title: "append of one event at low load, one every 50 ms",
  clients: 1,
  spread: "one",
  against: "insert",
  async measure(stage, seconds) {
    const connection = await Connection.open(stage.origin);
    const request = appendOf(stage.newName());
    const latencies: number[] = [];
    try {
      await stage.appendOnce(connection, request);
      for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
        await pause(LOW_LOAD);
        const begun = performance.now();
        await stage.appendOnce(connection, request);
        latencies.push(performance.now() - begun);
      }
    } finally {
      connection.close();
    }
    return { units: latencies.length, latencies };
  },
};

/** Names of streams that are there already, the same for all figures. */
export const warm = perStage((stage) => warmed(stage, WARM_STREAMS));

/** Single appends over 200 streams. */
export const warmFigure: Figure = {
  name: "warm-64",
  title: `append of one event, ${WARM_STREAMS} warm streams, 64 clients`,
  unit: "appends",
  clients: 64,
  spread: "warm",
  against: "insert",
  prepare: async (stage) => void (await warm(stage)),
  async measure(stage, seconds) {
    const requests = (await warm(stage)).map((stream) => appendOf(stream));
    return rate(await stage.append({ clients: 64, seconds, request: (n) => requests[n % requests.length] as Buffer }));
  },
};

/** First appends. */
export const newFigure: Figure = {
  name: "new-16",
  title: "append of one event, a stream never used before each time, 16 clients",
  unit: "appends",
  clients: 16,
  spread: "new",
  against: "insert",
  // Each object is a file that stays open for a while: not so many that a process runs out of them.
  measure: async (stage, seconds) => rate(await stage.append({ clients: 16, seconds, request: () => appendOf(stage.newName()), most: 2_000 })),
};

const hundredStreams = perStage((stage) => warmed(stage, 16));

/** Appends of 100 events. */
export const hundredFigure: Figure = {
  name: "hundred-16",
  title: "append of 100 events, one stream for each of 16 clients",
  unit: "events",
  clients: 16,
  spread: "one",
  against: "insert",
  aim: { ratio: 20, perSecond: 100_000 },
  prepare: async (stage) => void (await hundredStreams(stage)),
  async measure(stage, seconds) {
    const requests = (await hundredStreams(stage)).map((stream) => appendOf(stream, { events: 100 }));
    const most = (MOST_ON_ONE / 100) * requests.length;
    return rate(await stage.append({ clients: 16, seconds, request: (n) => requests[n % requests.length] as Buffer, most }, 100), 100);
  },
};

async function warmed(stage: Stage, count: number): Promise<readonly string[]> {
  const streams = Array.from({ length: count }, () => stage.newName());
  await warmUp(stage, streams, 16);
  return streams;
}

/** Appends to each a few times, and waits until the log has it. */
async function warmUp(stage: Stage, streams: readonly string[], clients: number): Promise<void> {
  const requests = streams.map((stream) => appendOf(stream));
  await stage.append({ clients, seconds: 5, request: (n) => requests[n % requests.length] as Buffer, most: Math.max(300, streams.length) });
  await stage.drain();
}

function always(request: Buffer): () => Buffer {
  return () => request;
}
