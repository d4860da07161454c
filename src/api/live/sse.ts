import { Doorbell } from "./doorbell.ts";
import { type Feed, follow, type Listener } from "./feed.ts";

/** Milliseconds after which a browser that lost the connection comes back. */
const RETRY = 1_000;

/** The headers of a feed as server-sent events. */
export const SSE_HEADERS = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" } as const;

/** Answers with a feed as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export async function serveSse(feed: Feed): Promise<Response> {
  const bell = await Doorbell.connect(feed.object);
  // An identity stream has no buffer of its own: a write is through when the client's side has taken it.
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  let isGone = false;
  const gone = (): void => {
    isGone = true;
    bell.close();
  };
  writer.closed.catch(gone);
  let isWriting = false;
  const write = async (text: string): Promise<void> => {
    if (isGone) throw new Error("the listener is gone");
    isWriting = true;
    await writer.write(encoder.encode(text));
    isWriting = false;
  };
  const end = (): void => {
    gone();
    // Who does not read holds up a write, and would never come to the end.
    if (isWriting) void writer.abort(new Error("the listener may not go on")).catch(() => {});
  };
  const unwatch = await feed.watch(end).catch((fault: unknown) => {
    bell.close();
    throw fault;
  });
  const listener: Listener = {
    event: ({ id, text }) => write(`id: ${id}\ndata: ${text}\n\n`),
    heartbeat: () => write(": still here\n\n"),
    get isGone() {
      return isGone;
    },
  };
  const run = async (): Promise<void> => {
    try {
      await write(`retry: ${RETRY}\n\n`);
      await follow(feed, bell, listener);
      await writer.close();
    } catch (fault) {
      if (!isGone) console.warn("live: a listener was lost", String(fault));
      await writer.abort(fault).catch(() => {});
    } finally {
      unwatch();
      bell.close();
    }
  };
  void run();
  return new Response(readable, { headers: SSE_HEADERS });
}
