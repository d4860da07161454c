/** What a doorbell is connected to: an object that rings. */
type Ringing = Pick<Fetcher, "fetch">;

/** The longest wait (milliseconds) for an object to take a listener in. */
const PATIENCE = 10_000;

/** A hibernating socket to an object that rings with its head. */
export class Doorbell {
  /** The head as last heard. */
  head = 0;
  #isHeard = false;
  /** The object let go of the socket: a deploy, or a restart. */
  isClosed = false;
  readonly #socket: WebSocket;
  #wake: (() => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.head = Math.max(this.head, Number(data));
      this.#isHeard = true;
      this.#wake?.();
    });
    for (const end of ["close", "error"] as const) {
      socket.addEventListener(end, () => {
        this.isClosed = true;
        this.#wake?.();
      });
    }
    socket.accept();
  }

  /** Listens at an object; the head is known when this returns, so nothing that comes after it goes unheard. */
  static async connect(object: Ringing): Promise<Doorbell> {
    // A request of our own: what a client sent never reaches an object as it is.
    const { webSocket } = await object.fetch("https://object/bell", { headers: { upgrade: "websocket" } });
    if (!webSocket) throw new Error("expected the object to open a socket, got none");
    const bell = new Doorbell(webSocket);
    await bell.wait(PATIENCE);
    if (!bell.#isHeard) throw new Error("expected the object to tell its head, got nothing");
    return bell;
  }

  /** Returns when it rings, when the socket closes, or after so many milliseconds. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  close(): void {
    this.#socket.close(1000);
    this.isClosed = true;
    this.#wake?.();
  }
}
