import type { Figure } from "../figure.ts";
import { run } from "../load.ts";
import { appendOf, getOf, perStage, type Stage } from "../stage.ts";

const EVENTS = 1_000;

const request = perStage(async (stage: Stage) => {
  const stream = stage.newName();
  await stage.append({ clients: 1, seconds: 30, request: () => appendOf(stream, { events: 100 }), most: EVENTS / 100 }, 100);
  await stage.drain();
  const page = getOf(`/v1/streams/${stream}/events?limit=${EVENTS}`);
  await run({ origin: stage.origin, clients: 4, seconds: 1, request: () => page, most: 40 });
  return page;
});

/** Reads a whole stream, page by page of 1,000. */
export const readingFigure: Figure = {
  name: "read-1000",
  title: `reading back ${EVENTS} events, 4 clients`,
  unit: "reads",
  clients: 4,
  spread: "one",
  against: "constant",
  aim: { ratio: 0.9 },
  prepare: async (stage) => void (await request(stage)),
  async measure(stage, seconds) {
    const page = await request(stage);
    const { answered, seconds: took, latencies, refused, size } = await run({ origin: stage.origin, clients: 4, seconds, request: () => page });
    return { perSecond: answered / took, units: answered, latencies, refused, size };
  },
};
