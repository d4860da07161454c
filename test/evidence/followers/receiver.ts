import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Delivered } from "../../../src/testing/history/delivery-history.ts";
import type { FinalEvent } from "../../../src/testing/history/final-state.ts";
import type { Conduct } from "./conduct.ts";

/** A request that was read. */
export interface Incoming {
  /** The path that it came to. */
  readonly path: string;
  readonly subscription: string;
  readonly event: FinalEvent & { readonly position: number; readonly data?: unknown };
  readonly replay?: string;
  /** How often this event came for this subscription, with this request. */
  readonly times: number;
}

/** Counts requests and acceptances of all receivers of a run together. */
export class Moments {
  #moment = 0;

  next(): number {
    return this.#moment++;
  }
}

/** How long (milliseconds) the answers take that are slow, but in time, and those whose body is never through in time. */
const SLOW = 60;
const DRIP = 10_000;

/** Somebody who takes webhooks on 127.0.0.1, and notes each of them. It can be killed, and come back on the same port. */
export class Receiver {
  /** In the order of arrival. */
  readonly deliveries: Delivered[] = [];
  readonly #moments: Moments;
  readonly #conduct: (incoming: Incoming) => Conduct;
  readonly #conductAt = new Map<string, (incoming: Incoming) => Conduct>();
  readonly #times = new Map<string, number>();
  /** By subscription: the numbers that the taken events have in their data, replays aside. */
  readonly #taken = new Map<string, Set<number>>();
  #server: Server | undefined;
  #port = 0;

  constructor(moments: Moments, conduct: (incoming: Incoming) => Conduct) {
    this.#moments = moments;
    this.#conduct = conduct;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Begins, or comes back. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#take(request, response).catch(() => response.destroy()));
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends at once: whoever is connected is cut off, whoever comes finds nobody. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** From now on it does so with what comes to this path. */
  says(path: string, conduct: Conduct | ((incoming: Incoming) => Conduct)): void {
    this.#conductAt.set(path, typeof conduct === "function" ? conduct : () => conduct);
  }

  /** Whether it took the event of this number for a subscription, replays aside. */
  hasTaken(subscription: string, number: number): boolean {
    return this.#taken.get(subscription)?.has(number) === true;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const arrived = this.#moments.next();
    const incoming = this.#read(request, body);
    const { subscription, event, replay } = incoming;
    const { stream, version, position, id, hash } = event;
    const place = this.deliveries.length;
    const delivery: Delivered = { subscription, stream, version, position, id, hash, arrived, ...(replay !== undefined && { replay }) };
    this.deliveries.push(delivery);
    const isTaken = await answer((this.#conductAt.get(incoming.path) ?? this.#conduct)(incoming), response);
    if (!isTaken) return;
    this.deliveries[place] = { ...delivery, accepted: this.#moments.next() };
    if (replay !== undefined) return;
    const taken = this.#taken.get(subscription) ?? new Set();
    this.#taken.set(subscription, taken.add((event.data as { readonly n: number }).n));
  }

  #read({ url: path = "/", headers }: IncomingMessage, body: string): Incoming {
    const [, subscription = ""] = /^msg_(.+)_\d+$/.exec(String(headers["webhook-id"])) ?? [];
    const { data: event } = JSON.parse(body) as { data: Incoming["event"] };
    const replay = headers["rivulet-replay"];
    const key = `${subscription} ${event.position}`;
    const times = (this.#times.get(key) ?? 0) + 1;
    this.#times.set(key, times);
    return { path, subscription, event, times, ...(typeof replay === "string" && { replay }) };
  }
}

/** Answers, or does not; true where the sender may count on it: the connection still stood when the status was sent. */
async function answer(conduct: Conduct, response: ServerResponse): Promise<boolean> {
  if (conduct === "hang") return false;
  if (conduct === "reset") {
    response.destroy();
    return false;
  }
  if (conduct === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW));
  if (response.destroyed) return false;
  if (typeof conduct === "number") {
    response.writeHead(conduct).end();
    return false;
  }
  if (conduct === "drip") {
    response.writeHead(200, { "content-type": "text/plain" }).write("part");
    setTimeout(() => response.end(), DRIP).unref();
    return true;
  }
  response.writeHead(204).end();
  return true;
}
