import { createHash, type Hash } from "node:crypto";
import { compose } from "../../../src/compose.ts";
import type { Module } from "../../../src/kernel/index.ts";
import { counting } from "../counter.ts";
import { tallyOf } from "../tally.ts";
import { Actor } from "./actor.ts";
import { Clock } from "./clock.ts";
import { SimulatedD1 } from "./d1.ts";
import { Draws } from "./draws.ts";
import { Faults } from "./faults.ts";
import { installGlobals } from "./globals.ts";
import { SimulatedNamespace } from "./namespaces.ts";
import type { ObjectClass, ObjectHost } from "./object-host.ts";
import { Pulled } from "./pulled.ts";
import { ProjectorActor, SimulatedQueue } from "./queue.ts";
import { SimulatedSinks } from "./sinks.ts";

/** The two builds of the code that may be live at the same time. */
export const OLD = "old";
export const NEW = "new";

/** What secrets are sealed under. */
export const MASTER_KEY = "a-master-key-of-the-simulation";

type Parts = ReturnType<typeof compose>;
type Env = Parameters<Parts["worker"]["queue"]>[1];

/** Everything but the engine: the runtime, its stores and its queue, driven by one seed. */
export class World {
  readonly draws: Draws;
  readonly clock: Clock;
  readonly faults = new Faults();
  readonly log: SimulatedD1;
  readonly views: SimulatedD1;
  readonly queue: SimulatedQueue;
  readonly streams: SimulatedNamespace;
  readonly dispatchers: SimulatedNamespace;
  readonly keys: SimulatedNamespace;
  readonly followers: SimulatedNamespace;
  readonly circuits: SimulatedNamespace;
  readonly tenantKeys: SimulatedNamespace;
  readonly sinks: SimulatedSinks;
  /** Grows with everything that somebody outside could notice: requests, deliveries, writes to the databases. */
  activity = 0;
  readonly pulled = new Pulled();
  /** What the handler in code was given, as often as it was. */
  readonly handled: { readonly tenant: string; readonly of: string }[] = [];
  /** Who asks from outside; never crashes. */
  readonly client: Actor;
  /** Projectors that may run at the same time. */
  readonly consumers: number;
  /** How many of those that start now run the new build: 0 to 1. */
  share = 0;
  /** Boundaries at which something left or entered an actor. */
  steps = 0;
  crashes = 0;
  /** Whoever takes this step crashes at it, beside what the faults say; 0 for nobody. */
  crashAt = 0;
  /** The builds that have run. */
  readonly builds = new Set<string>();
  /** Objects whose alarm the runtime has given up. */
  readonly forgotten = new Set<ObjectHost>();
  /** What the engine must never do, and did. */
  broken: string | undefined;
  /** What the engine said on its console, and how often. */
  readonly notes = new Map<string, number>();
  /** Who wants to hear of each step. */
  onStep: ((time: number, who: string, what: string) => void) | undefined;
  readonly #parts: Readonly<Record<string, Parts>>;
  readonly #digest: Hash = createHash("sha256");
  #told = "";

  constructor(seed: number, consumers: number, modules: readonly Module[] = []) {
    installGlobals();
    this.draws = new Draws(seed);
    this.clock = new Clock(this.draws);
    this.consumers = consumers;
    this.log = new SimulatedD1(this, "log");
    this.views = new SimulatedD1(this, "views");
    this.queue = new SimulatedQueue(this);
    this.sinks = new SimulatedSinks(this);
    const fetch = (input: unknown, init?: RequestInit): Promise<Response> => this.sinks.fetch(input, init ?? {});
    const partsOf = (build: string): Parts =>
      compose({ now: () => this.clock.now(), modules: [tallyOf(build), counting, ...modules], fetch: fetch as typeof globalThis.fetch });
    this.#parts = { [OLD]: partsOf(OLD), [NEW]: partsOf(NEW) };
    const classOf = (name: "Aggregate" | "Circuit" | "Dispatcher" | "Follower" | "KeyRegistry" | "TenantKey") => (build: string) =>
      this.#parts[build]?.[name] as unknown as ObjectClass;
    this.streams = new SimulatedNamespace(this, "", classOf("Aggregate"));
    this.dispatchers = new SimulatedNamespace(this, "dispatcher ", classOf("Dispatcher"));
    this.keys = new SimulatedNamespace(this, "keys ", classOf("KeyRegistry"));
    this.followers = new SimulatedNamespace(this, "follower ", classOf("Follower"));
    this.circuits = new SimulatedNamespace(this, "circuit ", classOf("Circuit"));
    this.tenantKeys = new SimulatedNamespace(this, "tenant key ", classOf("TenantKey"));
    this.client = new Actor(this, "client", NEW);
  }

  /** All objects, by class. */
  get namespaces(): readonly SimulatedNamespace[] {
    return [this.streams, this.dispatchers, this.keys, this.followers, this.circuits, this.tenantKeys];
  }

  /** The bindings that an actor has; they are fenced by its life. */
  envFor(actor: Actor): Env {
    return {
      AGGREGATE: this.streams.bindingOf(actor),
      DISPATCHER: this.dispatchers.bindingOf(actor),
      KEY_REGISTRY: this.keys.bindingOf(actor),
      FOLLOWER: this.followers.bindingOf(actor),
      CIRCUIT: this.circuits.bindingOf(actor),
      TENANT_KEY: this.tenantKeys.bindingOf(actor),
      EVENTS_0: this.queue.bindingOf(actor),
      LOG_0: this.log.bindingOf(actor),
      VIEWS_0: this.views.bindingOf(actor),
      VERSION: { id: actor.build },
      MASTER_KEY,
    } as unknown as Env;
  }

  /** Something leaves or enters an actor. False where it is dead, or dies here. */
  step(actor: Actor, what: string): boolean {
    if (!actor.isAlive) return false;
    if (actor === this.client) return true;
    this.steps++;
    this.tell(actor.name, what);
    const isDue = this.faults.crashes(actor instanceof ProjectorActor ? "projector" : actor.name);
    if (!isDue && this.steps !== this.crashAt) return true;
    this.crashes++;
    this.tell(actor.name, "CRASHES");
    actor.crash();
    return false;
  }

  /** Part of what a seed tells: two runs of it are the same to the letter. */
  tell(who: string, what: string): void {
    this.#told += `${this.clock.time} ${who} ${what}\n`;
    if (this.#told.length > 100_000) this.#hash();
    this.onStep?.(this.clock.time, who, what);
  }

  /** What has been told so far, as a hash. */
  digest(): string {
    this.#hash();
    return this.#digest.copy().digest("hex");
  }

  #hash(): void {
    this.#digest.update(this.#told);
    this.#told = "";
  }

  /** A few milliseconds, now and then many (D1 and RPC). */
  delay(label: string): number {
    const luck = this.draws.draw(label);
    return luck < 0.95 ? 0.2 + 6 * luck : 400 * (luck - 0.94);
  }

  buildOf(who: string): string {
    const build = this.share > 0 && this.draws.draw(`build of ${who}`) < this.share ? NEW : OLD;
    this.builds.add(build);
    return build;
  }

  projector(name: string): ProjectorActor {
    return new ProjectorActor(this, name, this.buildOf("projector"));
  }

  /** Runs the worker's consumer in the build that the actor has. */
  consume(messages: readonly { readonly body: string }[], actor: Actor): Promise<void> {
    const known = actor.build === NEW ? messages.map((message) => ({ ...message, body: message.body.replace('{"form":2,', '{"form":1,') })) : messages;
    return (this.#parts[actor.build] as Parts).worker.queue({ queue: "rivulet-events-0", messages: known } as unknown as MessageBatch, this.envFor(actor));
  }

  /** A message as a build writes it: half of what the new one sends has a form that the old one does not know. */
  written(body: string, build: string): string {
    return build === NEW && this.draws.once("form", 2) ? body.replace('{"form":1,', '{"form":2,') : body;
  }

  abandoned(host: ObjectHost): void {
    this.faults.count("alarm given up");
    this.tell(host.name, "alarm: abandoned");
    this.forgotten.add(host);
  }

  /** What the engine says on its console. */
  note(text: string): void {
    this.tell("console", text);
    const kind = text.split(/[ :]/, 3).join(" ");
    this.notes.set(kind, (this.notes.get(kind) ?? 0) + 1);
  }

  /** The object that a story names: `t1/note-1`, `dispatcher t1`, `follower t1/subscription:a/0`; undefined where there was none yet. */
  hostOf(who: string): ObjectHost | undefined {
    const [kind = "", name] = who.split(" ");
    const namespace = { dispatcher: this.dispatchers, follower: this.followers, circuit: this.circuits }[kind];
    return name === undefined || namespace === undefined ? this.streams.hosts.get(this.streams.idOf(who)) : namespace.hosts.get(namespace.idOf(name));
  }

  /** Gives the memory back. */
  close(): void {
    for (const { hosts } of this.namespaces) for (const host of hosts.values()) host.database.close();
    this.log.close();
    this.views.close();
  }
}
