import { Agent, request } from "node:http";
import type { Sent } from "./request.ts";

/** An answer, read to its end; of one without an end (server-sent events, WebSocket) only the head. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Until a request that is not answered counts as hanging (milliseconds): over what the server allows itself. */
const PATIENCE = 60_000;

const ATTEMPTS = 20;
/** Longer after each attempt (milliseconds): a machine that is busy breaks the same body off again and again. */
const PAUSE = 20;
const BROKEN = new Set(["EPIPE", "ECONNRESET"]);

/** Sends requests to one server, so many at once at most; targets go as they are written. */
export class Client {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, atOnce: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  }

  /** Resolves to the answer; rejects where the connection breaks each time, or nothing comes. */
  async send(sent: Sent): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(sent);
      } catch (fault) {
        // A body that is refused before its end breaks the connection, which may be seen before the answer; so may an idle connection that was just closed.
        if (attempt === ATTEMPTS || !BROKEN.has((fault as { code?: string }).code ?? "")) throw fault;
        await new Promise((resolve) => setTimeout(resolve, PAUSE * attempt));
      }
    }
  }

  #once({ method, target, headers, body }: Sent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const length = body === undefined && !["POST", "PUT", "PATCH"].includes(method) ? {} : { "content-length": String(body?.length ?? 0) };
      const asked = request({
        host: this.#url.hostname,
        port: this.#url.port,
        agent: this.#agent,
        method,
        path: target,
        headers: { ...length, ...headers },
        timeout: PATIENCE,
      });
      asked.on("timeout", () => asked.destroy(new Error(`no answer in ${PATIENCE} ms`)));
      asked.on("error", reject);
      asked.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: fieldsOf(response.headers), text: "" });
      });
      asked.on("response", (response) => {
        const answer = { status: response.statusCode ?? 0, headers: fieldsOf(response.headers) };
        if (answer.headers["content-type"]?.startsWith("text/event-stream")) {
          resolve({ ...answer, text: "" });
          asked.destroy();
          return;
        }
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ ...answer, text: Buffer.concat(chunks).toString() }));
      });
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function fieldsOf(headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]));
}
