import { pause } from "../local/waiting.ts";

/** How long (milliseconds) one request may take, and how often what must be answered is sent again while nobody does. */
const PATIENCE = 20_000;
const MOST_REPEATS = 1_200;

interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a server that may be killed meanwhile: what changes something is sent again, by its key, until it is answered. */
export class Insistent {
  readonly #url: string;
  readonly #key: string;
  #keys = 0;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** Throws where the platform refuses; `early` are the codes of a "no" that may be a yes later. */
  async change(method: string, path: string, body?: object | string, early: readonly string[] = []): Promise<unknown> {
    let key = `key ${this.#keys++}`;
    for (let repeat = 0; ; repeat++) {
      const answer = await this.#ask(path, { method, ...this.#written(body, key) });
      if (answer !== undefined && answer.status < 300) return answer.body;
      const isEarly = early.includes(String((answer?.body as { code?: unknown } | undefined)?.code));
      // A "no" is kept under its key.
      if (isEarly) key = `key ${this.#keys++}`;
      const isLater = answer === undefined || answer.status >= 500 || answer.status === 429 || isEarly;
      if (!isLater || repeat === MOST_REPEATS) {
        throw new Error(
          `expected ${method} ${path} to be taken, got ${answer === undefined ? "no answer" : `${answer.status} ${JSON.stringify(answer.body)}`}`,
        );
      }
      await pause(100);
    }
  }

  /** What is behind a path; undefined where it is not there, or nobody answers. */
  async look<Body>(path: string): Promise<Body | undefined> {
    const answer = await this.#ask(path, { headers: { authorization: `Bearer ${this.#key}` } });
    return answer?.status === 200 ? (answer.body as Body) : undefined;
  }

  #written(body: object | string | undefined, key: string): RequestInit {
    const headers = { authorization: `Bearer ${this.#key}`, "idempotency-key": key };
    if (body === undefined) return { headers };
    if (typeof body === "string") return { headers: { ...headers, "content-type": "application/x-subrip" }, body };
    return { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  }

  /** Undefined where nobody has answered: the server may have done it all the same. */
  async #ask(path: string, request: RequestInit): Promise<Answered | undefined> {
    try {
      const response = await fetch(`${this.#url}${path}`, { ...request, signal: AbortSignal.timeout(PATIENCE) });
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
    } catch {
      return undefined;
    }
  }
}
