import { get, type IncomingMessage } from "node:http";
import { Connection } from "../connection.ts";
import type { Figure, Measured } from "../figure.ts";
import { ADMIN_KEY } from "../platform.ts";
import { appendOf, LOW_LOAD, pause, type Stage } from "../stage.ts";

const shared = { clients: 1, spread: "one", against: "insert" } as const;

/** From the beginning of the append: what one who watches another's work sees. */
export const liveFigure: Figure = {
  ...shared,
  name: "live",
  title: "append to live reader, from the request on",
  measure: async (stage, seconds) => ({ latencies: (await listen(stage, seconds)).fromRequest }),
};

/** From the append's answer: below 0 where the reader has it before the writer knows. */
export const liveAfterAnswerFigure: Figure = {
  ...shared,
  name: "live-after",
  title: "append to live reader, from the append's answer on",
  measure: async (stage, seconds) => ({ latencies: (await listen(stage, seconds)).fromAnswer }),
};

async function listen(stage: Stage, seconds: number): Promise<{ fromRequest: Measured["latencies"]; fromAnswer: Measured["latencies"] }> {
  const stream = stage.newName();
  const connection = await Connection.open(stage.origin);
  const request = appendOf(stream);
  await stage.appendOnce(connection, request);
  const feed = await open(`${stage.origin}/v1/streams/${stream}/live`);
  const fromRequest: number[] = [];
  const fromAnswer: number[] = [];
  try {
    const arrived = arrivals(feed);
    // The reader is there once it has been told where the stream stands.
    await pause(50);
    for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
      const begun = performance.now();
      const next = arrived();
      await stage.appendOnce(connection, request);
      const answered = performance.now();
      const at = await next;
      fromRequest.push(at - begun);
      fromAnswer.push(at - answered);
      await pause(LOW_LOAD);
    }
  } finally {
    feed.destroy();
    connection.close();
  }
  return { fromRequest, fromAnswer };
}

function open(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { authorization: `Bearer ${ADMIN_KEY}`, accept: "text/event-stream" } }, (answer) => {
      if (answer.statusCode === 200) resolve(answer);
      else reject(new Error(`expected the live feed to open, got ${answer.statusCode}`));
    });
    request.on("error", reject);
  });
}

/** Gives a function that resolves with when the next event arrives. */
function arrivals(feed: IncomingMessage): () => Promise<number> {
  let wake: ((at: number) => void) | undefined;
  feed.setEncoding("utf8").on("data", (text: string) => {
    if (/^id: ?\d/m.test(text)) wake?.(performance.now());
  });
  // That the feed is cut off at the end is our own doing.
  feed.on("error", () => undefined);
  return () => new Promise((resolve) => (wake = resolve));
}
