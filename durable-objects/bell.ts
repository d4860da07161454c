/**
 * Listeners that want to know when something new is there: sockets that hibernate, so that a thousand idle ones keep no object
 * running. An object only rings ("the head is now 57"); what is new, the listener fetches, in its own time.
 */
export class Bell {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  /** Takes a listener in and tells it where the head is now. */
  connect(head: number): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server);
    server.send(String(head));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Tells all listeners; the output gate holds it back until what it speaks of is on disk. */
  ring(head: number): void {
    for (const socket of this.#ctx.getWebSockets()) {
      try {
        socket.send(String(head));
      } catch {
        // It is closing; who listens there will come again and be told the head.
      }
    }
  }
}
