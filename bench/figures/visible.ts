import { Connection, requestBytes } from "../connection.ts";
import type { Figure } from "../figure.ts";
import { ADMIN_KEY } from "../platform.ts";
import { appendOf, getOf, LOW_LOAD, pause, perStage, type Stage } from "../stage.ts";

/** Looked for in the view of event types; nothing else appends it. */
const TYPE = "bench.Seen";

/** A stream of this type's events, and how many there are: both figures append them. */
const watched = perStage((stage) => ({ stream: stage.newName(), seen: 0 }));

const shared = { clients: 1, spread: "one", against: "insert" } as const;

/** The way that every event takes: outbox, queue, log, dispatcher, view. Nobody asks for it to be quick. */
export const visibleFigure: Figure = {
  ...shared,
  name: "visible",
  title: "append to visible in a view, by itself, from the request on",
  aim: { p50: 30 },
  prepare,
  measure: (stage, seconds) =>
    each(stage, seconds, async (connection) => {
      const question = getOf(`/v1/event-types?type=${TYPE}`);
      const begun = performance.now();
      await appendOne(stage, connection);
      for (;;) {
        const { items } = (await connection.send(question, true)).json<{ items: readonly { count: number }[] }>();
        if ((items[0]?.count ?? 0) >= watched(stage).seen) return performance.now() - begun;
      }
    }),
};

/** Reading what one has just written, by the token of the answer: the time of the read alone. */
export const tokenFigure: Figure = {
  ...shared,
  name: "read-own",
  title: "reading one's own write in a view by Consistency-Token, the read alone",
  prepare,
  measure: (stage, seconds) =>
    each(stage, seconds, async (connection) => {
      const { lastVersion } = await appendOne(stage, connection);
      const { stream, seen } = watched(stage);
      const question = requestBytes("GET", `/v1/event-types?type=${TYPE}&token=${stream}@${lastVersion}`, { key: ADMIN_KEY });
      const begun = performance.now();
      const answer = await connection.send(question, true);
      const took = performance.now() - begun;
      const { items } = answer.json<{ items: readonly { count: number }[] }>();
      if (items[0]?.count !== seen) throw new Error(`expected the view to have ${seen} events, got ${JSON.stringify(items)}`);
      return took;
    }),
};

async function prepare(stage: Stage): Promise<void> {
  await each(stage, 0.3, async (connection) => {
    await appendOne(stage, connection);
    return 0;
  });
  await stage.drain();
}

async function appendOne(stage: Stage, connection: Connection): Promise<{ readonly lastVersion: number }> {
  const answer = await stage.appendOnce(connection, appendOf(watched(stage).stream, { type: TYPE }));
  watched(stage).seen++;
  return answer;
}

async function each(stage: Stage, seconds: number, once: (connection: Connection) => Promise<number>): Promise<{ latencies: readonly number[] }> {
  const connection = await Connection.open(stage.origin);
  const latencies: number[] = [];
  try {
    for (const end = performance.now() + seconds * 1000; performance.now() < end; await pause(LOW_LOAD)) latencies.push(await once(connection));
  } finally {
    connection.close();
  }
  return { latencies };
}
