import type { Buffer } from "node:buffer";
import { Connection, requestBytes } from "../connection.ts";
import type { Figure } from "../figure.ts";
import { run } from "../load.ts";
import { insertOf, pause, perStage, type Stage } from "../stage.ts";

const EVENTS = 100;
const CLIENTS = 16;
const POSITION = requestBytes("GET", "/");

/** How many events the bare log is to have. */
const given = perStage(() => ({ events: 0 }));

/**
 * The same load on a pipeline that promises nothing: the most that this runtime has for an append of 100 events and all that follows from
 * it. What a platform gets of it is the price of its promises.
 */
export const bareFigure: Figure = {
  name: `bare-${CLIENTS}`,
  title: `append of ${EVENTS} events to a bare object, queue and table, one object for each of ${CLIENTS} clients`,
  unit: "events",
  clients: CLIENTS,
  spread: "one",
  against: "insert",
  isNotQuick: true,
  isBare: true,
  async prepare({ yardsticks: { pipeline } }) {
    const made = await fetch(pipeline, { method: "PUT" });
    if (!made.ok) throw new Error(`expected the bare pipeline to make its table, got ${made.status}`);
  },
  async measure(stage, seconds) {
    const requests = Array.from({ length: CLIENTS }, (_, n) => insertOf(`object-${n}`, EVENTS));
    // As many as the platform is given in a round.
    const most = 90 * CLIENTS;
    const load = { origin: stage.yardsticks.pipeline, clients: CLIENTS, seconds, request: (n: number) => requests[n % CLIENTS] as Buffer, most };
    const { answered, seconds: took, latencies, refused } = await run(load);
    given(stage).events += answered * EVENTS;
    await drain(stage);
    return { perSecond: (answered * EVENTS) / took, units: answered * EVENTS, latencies, refused };
  },
};

/** Waits until the bare log has everything; rejects after a while, for it may lose what it was given. */
async function drain(stage: Stage): Promise<void> {
  const connection = await Connection.open(stage.yardsticks.pipeline);
  try {
    for (let waited = 0; waited < 20_000; waited += 5) {
      const { position } = (await connection.send(POSITION, true)).json<{ position: number }>();
      if (position >= given(stage).events) return;
      await pause(5);
    }
    throw new Error("expected the bare log to get everything, got a standstill");
  } finally {
    connection.close();
  }
}
