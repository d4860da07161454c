import type { FinalEvent } from "../../../src/testing/history/final-state.ts";
import type { Live, SeenEvent } from "../../../src/testing/history/operation.ts";
import type { Violation } from "../../../src/testing/history/violation.ts";
import { type Recorded, seenEvent } from "./recorded-client.ts";

/** Follows the log, or a stream, from its beginning by server-sent events, and resumes after each break with Last-Event-ID. */
export class Listener {
  /** The id of the last event: a position or a version. */
  last = 0;
  readonly #to: Recorded;
  readonly #stream: string | undefined;
  /** The status of the last connection that was refused. */
  #refused: number | undefined;

  constructor(to: Recorded, stream?: string) {
    this.#to = to;
    this.#stream = stream;
  }

  /** Listens until the server is gone; comes back where the server let go by itself. */
  async run(): Promise<void> {
    while (await this.#listen());
  }

  /**
   * Listens until it has heard up to an id, or for so many milliseconds; then leaves, and says that it has had all up to there. Gives
   * the violation where it has not, whether it was connected or refused all the time.
   */
  async hearUpTo(id: number, patience: number): Promise<readonly Violation[]> {
    const deadline = AbortSignal.timeout(patience);
    while (this.last < id && !deadline.aborted) await this.#listen({ id, deadline });
    if (this.last >= id) return [];
    const refused = this.#refused === undefined ? "" : `; the last connection was refused with ${this.#refused}`;
    const message = `Whoever follows ${this.#stream ?? "the log"} has heard up to ${this.last} of ${id} in ${patience} ms${refused}.`;
    return [{ kind: "live-incomplete", message }];
  }

  /** True where the server ended the connection. */
  async #listen(goal?: { readonly id: number; readonly deadline: AbortSignal }): Promise<boolean> {
    const { url, key, history } = this.#to;
    const operation: Live = { kind: "live", from: this.last + 1, ...(this.#stream !== undefined && { stream: this.#stream }) };
    const path = this.#stream === undefined ? "/v1/events/live" : `/v1/streams/${this.#stream}/live`;
    const call = history.invoke(operation);
    const seen: SeenEvent[] = [];
    const leaving = new AbortController();
    try {
      const headers = { authorization: `Bearer ${key}`, accept: "text/event-stream", "last-event-id": String(this.last) };
      const response = await fetch(`${url}${path}`, { headers, signal: goal ? AbortSignal.any([goal.deadline, leaving.signal]) : leaving.signal });
      if (!response.ok) {
        call.failed({ status: response.status });
        this.#refused = response.status;
        // A stream that nobody has appended to yet.
        await new Promise((resolve) => setTimeout(resolve, 50));
        return response.status === 404;
      }
      for await (const event of eventsOf(response)) {
        this.#take(event, seen);
        if (goal !== undefined && this.last >= goal.id) break;
      }
    } catch (fault) {
      // At its deadline too it says how far it should have come: what is missing is then a violation.
      if (goal?.deadline.aborted) call.ok({ events: seen, upTo: goal.id });
      else call.unknown(String(fault), seen);
      return false;
    }
    leaving.abort();
    if (goal !== undefined && this.last >= goal.id) call.ok({ events: seen, upTo: goal.id });
    else call.unknown("the server let go", seen);
    return true;
  }

  #take({ id, event }: Heard, seen: SeenEvent[]): void {
    // What a client resumes with counts, whatever the event itself says.
    seen.push({ ...seenEvent(event), ...(this.#stream === undefined ? { position: id } : { version: id }) });
    this.last = Math.max(this.last, id);
  }
}

interface Heard {
  readonly id: number;
  readonly event: FinalEvent;
}

/** The events of a stream of server-sent events; what has no id is a heartbeat. */
async function* eventsOf(response: Response): AsyncGenerator<Heard> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (text + chunk).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const [, id, data] = /^id: (\d+)\ndata: (.*)$/s.exec(part) ?? [];
      if (id !== undefined) yield { id: Number(id), event: JSON.parse(data as string) as FinalEvent };
    }
  }
}
