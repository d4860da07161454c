import type { Subscribed } from "../../../src/testing/history/delivery-history.ts";
import { until } from "../../local/waiting.ts";
import type { KillableServer } from "../kills/killable-server.ts";
import { Client } from "./client.ts";
import type { Receiver } from "./receiver.ts";
import type { Wanted } from "./traffic.ts";

/** A subscription that was made. */
export interface Made extends Omit<Subscribed, "wants"> {
  readonly name: string;
  readonly receiver: Receiver;
  wants(event: Wanted): boolean;
  /** Whether an event that it wants has to wait behind one that is given up. */
  readonly waits?: ((event: Wanted) => boolean) | undefined;
}

/** What a subscription is made with, beside its sink. */
export interface Settings {
  readonly name: string;
  readonly retry: { readonly maxAttempts: number; readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly order?: "stream" | "none";
  readonly [setting: string]: unknown;
}

/** Where its deliveries go, and what of the log it wants. */
export interface Sink {
  readonly receiver: Receiver;
  readonly path: string;
  wants(event: Wanted): boolean;
  waits?(event: Wanted): boolean;
}

/** Milliseconds. */
const SETTLED_WITHIN = 100_000;

/** What the parts of a run share: a server, two receivers, and the subscriptions made so far. */
export class Scene {
  readonly server: KillableServer;
  readonly client: Client;
  readonly made: Made[] = [];
  /** It fails by chance, and is killed. */
  readonly flaky: Receiver;
  /** It fails only where a part of the run wants it to. */
  readonly steady: Receiver;

  constructor(server: KillableServer, { flaky, steady }: Pick<Scene, "flaky" | "steady">) {
    this.server = server;
    this.client = new Client(server.url, server.key);
    this.flaky = flaky;
    this.steady = steady;
  }

  /** Begins with what is written from now on. */
  async subscribe(settings: Settings, { receiver, path, wants, waits }: Sink): Promise<Made> {
    const { id, position } = await this.client.subscribe({ ...settings, sink: { url: `${receiver.url}${path}` } });
    const { name, order = "stream", retry } = settings;
    const one: Made = { id, name, order, after: position, maxAttempts: retry.maxAttempts, receiver, wants, waits };
    this.made.push(one);
    return one;
  }

  /** Waits until each subscription says that nothing is left for it but what waits behind a dead letter. */
  async settled(): Promise<void> {
    for (const { id } of this.made) {
      await until(
        () => this.client.standing(id),
        ({ lag, retrying }) => lag === 0 && retrying === 0,
        SETTLED_WITHIN,
      );
    }
  }
}
