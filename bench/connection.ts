import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

/** What is measured of an answer. */
export interface Answer {
  readonly status: number;
  /** Bytes of the body. */
  readonly size: number;
  /** Reads the body as JSON; it is kept only where `send` was told to. */
  json<Value>(): Value;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: Error) => void;
  readonly keep: boolean;
}

const END_OF_HEAD = Buffer.from("\r\n\r\n");

/**
 * One HTTP/1.1 connection that is kept open, one request at a time. The driver shares its cores with what it measures, so it reads
 * no more of an answer than its status and its length: a third of what a full client costs.
 */
export class Connection {
  readonly #socket: Socket;
  #pending: Pending | undefined;
  /** The head while it is incomplete. */
  #head: Buffer = Buffer.alloc(0);
  #status = 0;
  #size = -1;
  #left = 0;
  #kept: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (fault) => this.#fail(fault));
    socket.on("close", () => this.#fail(new Error("expected an answer, got the end of the connection")));
  }

  /** Connects to an origin, `http://127.0.0.1:<port>`. */
  static open(origin: string): Promise<Connection> {
    const { hostname, port } = new URL(origin);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.removeListener("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends a whole request, made by `requestBytes`; rejects where the connection ends before the answer. */
  send(request: Buffer, keep = false): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject, keep };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#pending = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let body = chunk;
    if (this.#size < 0) {
      const all = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      const end = all.indexOf(END_OF_HEAD);
      if (end < 0) {
        this.#head = all;
        return;
      }
      const head = all.latin1Slice(0, end);
      const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
      if (length === undefined) return this.#fail(new Error(`expected an answer of a known length, got ${head.slice(0, 200)}`));
      this.#status = Number(head.slice(9, 12));
      this.#size = Number(length);
      this.#left = this.#size;
      this.#head = Buffer.alloc(0);
      body = all.subarray(end + 4);
    }
    this.#left -= body.length;
    if (this.#pending?.keep) this.#kept.push(body);
    if (this.#left <= 0) this.#done();
  }

  #done(): void {
    const kept = this.#kept;
    const answer: Answer = { status: this.#status, size: this.#size, json: () => JSON.parse(Buffer.concat(kept).toString()) };
    const { resolve } = this.#pending ?? {};
    this.#size = -1;
    this.#kept = [];
    this.#pending = undefined;
    resolve?.(answer);
  }

  #fail(fault: Error): void {
    this.#pending?.reject(fault);
    this.#pending = undefined;
    this.#socket.destroy();
  }
}

/** A request's bytes, made once and sent often. */
export function requestBytes(method: "GET" | "POST", path: string, { key, body = "" }: { readonly key?: string; readonly body?: string } = {}): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, "host: 127.0.0.1", ...(key === undefined ? [] : [`authorization: Bearer ${key}`])];
  if (method === "POST") lines.push("content-type: application/json", `content-length: ${Buffer.byteLength(body)}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
