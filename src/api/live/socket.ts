import { Doorbell } from "./doorbell.ts";
import { type Feed, follow, type Listener } from "./feed.ts";

/** Events that may be on their way without an acknowledgement. */
const WINDOW = 100;

/**
 * Answers with a feed over a WebSocket: each event is one text message, `{"heartbeat":true}` says that nothing happened. A socket
 * tells nobody how full it is, so the client acknowledges, `{"ack":<version or position>}`, at least every 100 events.
 */
export async function serveSocket(feed: Feed): Promise<Response> {
  const bell = await Doorbell.connect(feed.object);
  const { 0: client, 1: server } = new WebSocketPair();
  const link = { isGone: false };
  let wake: (() => void) | undefined;
  const unacknowledged: number[] = [];
  const gone = (): void => {
    link.isGone = true;
    bell.close();
    wake?.();
  };
  server.addEventListener("close", gone);
  server.addEventListener("error", gone);
  server.addEventListener("message", ({ data }) => {
    const ack = acknowledged(data);
    if (ack === undefined) return server.close(1003, 'Expected {"ack":<number>}');
    while (unacknowledged.length > 0 && (unacknowledged[0] as number) <= ack) unacknowledged.shift();
    wake?.();
  });
  server.accept();
  const end = (): void => {
    if (!link.isGone) server.close(1008, "The key is good no more");
    gone();
  };
  const unwatch = await feed.watch(end).catch((fault: unknown) => {
    bell.close();
    throw fault;
  });
  const listener: Listener = {
    async event({ id, text }) {
      while (unacknowledged.length >= WINDOW && !link.isGone) await new Promise<void>((resolve) => (wake = resolve));
      if (link.isGone) throw new Error("the listener is gone");
      unacknowledged.push(id);
      server.send(text);
    },
    async heartbeat() {
      server.send('{"heartbeat":true}');
    },
    get isGone() {
      return link.isGone;
    },
  };
  const run = async (): Promise<void> => {
    try {
      await follow(feed, bell, listener);
      if (!link.isGone) server.close(1000, "The feed has ended");
    } catch (fault) {
      if (!link.isGone) server.close(1011, "Resume from the last event");
      if (!link.isGone) console.warn("live: a listener was lost", String(fault));
    } finally {
      unwatch();
      bell.close();
    }
  };
  void run();
  return new Response(null, { status: 101, webSocket: client });
}

function acknowledged(data: string | ArrayBuffer): number | undefined {
  try {
    const { ack } = JSON.parse(data as string) as { ack?: unknown };
    return typeof ack === "number" ? ack : undefined;
  } catch {
    return undefined;
  }
}
