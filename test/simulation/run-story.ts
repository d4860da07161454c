import { findFault, findFollowerFault, type Restored } from "./checks/find-fault.ts";
import { Clients } from "./clients.ts";
import { ERRAND_CATEGORY, errands } from "./errand.ts";
import { hasErrands } from "./errand-story.ts";
import { Errands } from "./errands.ts";
import { healFollowers } from "./followers-healed.ts";
import { Ledger } from "./ledger.ts";
import { Pullers } from "./pullers.ts";
import type { Action, Story } from "./story.ts";
import { Subscribers } from "./subscribers.ts";
import type { ObjectHost } from "./world/object-host.ts";
import type { Dump } from "./world/sqlite.ts";
import { World } from "./world/world.ts";

/** Events that a story may take, and those that it may take to come to rest. */
const MOST_EVENTS = 15_000;

/** Streams that nobody but the platform and its followers write to. */
const OF_THE_PLATFORM = /\/(rivulet_subscription|rivulet_handler|count|saga_errand|ask|purse)-/;

/** What a run did, counted. */
export interface Figures {
  readonly events: number;
  readonly steps: number;
  readonly crashes: number;
  readonly calls: number;
  /** Faults that struck, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Of the calls' tries, by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** The builds that have run, in the order they came. */
  readonly builds: readonly string[];
  /** What the engine said on its console. */
  readonly notes: Readonly<Record<string, number>>;
}

/** How a story went. `digest` is over everything that happened in it: the same for every run of the same story. */
export interface Run {
  readonly fault: string | undefined;
  readonly digest: string;
  readonly figures: Figures;
}

/** What one may hear, or change, of a run. */
export interface Listening {
  readonly onStep?: (time: number, who: string, what: string) => void;
  /** Crash whoever takes this step, counted over all actors from 1. */
  readonly crashAt?: number;
  /** Called when all has come to rest, before it is checked. */
  readonly atRest?: (world: World) => void;
}

/** Runs a story to its end: the actions, then rest without faults, then the checks. */
export async function runStory(story: Story, { onStep, crashAt, atRest }: Listening = {}): Promise<Run> {
  const world = new World(story.seed, story.consumers, hasErrands(story.actions) ? [errands] : []);
  world.onStep = onStep;
  world.crashAt = crashAt ?? 0;
  const ledger = new Ledger();
  let fault: string | undefined;
  try {
    fault = await new Telling(world, ledger, atRest).tell(story);
  } catch (thrown) {
    fault = `the simulation broke: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
  }
  const digest = world.digest();
  const figures = figuresOf(world, ledger);
  world.close();
  return { fault, digest, figures };
}

class Telling {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #clients: Clients;
  readonly #subscribers: Subscribers;
  readonly #pullers: Pullers;
  readonly #errands: Errands;
  #copy: Dump | undefined;
  readonly #copies = new Map<string, ReturnType<ObjectHost["copy"]>>();
  readonly #restored: Restored = { isLog: false, streams: new Set() };

  readonly #atRest: Listening["atRest"];

  constructor(world: World, ledger: Ledger, atRest: Listening["atRest"]) {
    this.#atRest = atRest;
    this.#world = world;
    this.#ledger = ledger;
    this.#clients = new Clients(world, ledger);
    this.#subscribers = new Subscribers(world);
    this.#pullers = new Pullers(world);
    this.#errands = new Errands(world);
  }

  /** Gives the first fault that is found. */
  async tell(story: Story): Promise<string | undefined> {
    const { clock, client, faults } = this.#world;
    const rest = (): Promise<boolean> => clock.run(MOST_EVENTS);
    for (const action of story.actions) {
      clock.after(action.at, () => {
        this.#world.tell("story", JSON.stringify(action));
        this.#world.activity++;
        client.run(() => void this.#act(action));
      });
    }
    const last = story.actions.at(-1)?.at ?? 0;
    // From here on nothing goes wrong any more.
    clock.after(last + 5_000, () => faults.clear());
    if (!(await rest())) return `it does not come to rest: ${MOST_EVENTS} events, and more are due`;
    faults.clear();
    await this.#touch();
    this.#repeat();
    if (!(await rest())) return `it does not come to rest after the story: ${MOST_EVENTS} events, and more are due`;
    const fault = findFollowerFault(this.#world, this.#restored);
    if (fault !== undefined) return fault;
    const who = { clients: this.#clients, subscribers: this.#subscribers, pullers: this.#pullers, errands: this.#errands };
    const healing = { world: this.#world, ...who, rest, isLog: this.#restored.isLog };
    const healed = await healFollowers(healing, streamsOf(story));
    if (healed === undefined) return `it does not come to rest after followers were healed: ${MOST_EVENTS} events, and more are due`;
    this.#atRest?.(this.#world);
    return findFault(this.#world, this.#ledger, this.#restored, healed);
  }

  async #act(action: Action): Promise<unknown> {
    const { faults } = this.#world;
    switch (action.do) {
      case "append":
        return this.#clients.append(action);
      case "execute":
        return this.#clients.execute(action);
      case "close":
        return this.#clients.close(action);
      case "retain":
        return this.#clients.retain(action);
      case "read":
        return this.#clients.read(action.stream);
      case "settle":
        return this.#clients.settle(action.stream);
      case "reconcile":
        return this.#clients.reconcile(action.stream);
      case "rebuild":
        return this.#clients.rebuild(action);
      case "subscribe":
        return this.#subscribers.subscribe(action.follower, action.wanted);
      case "steer":
        return this.#subscribers.steer(action.follower, action.how);
      case "pull":
        return this.#pullers.pull(action);
      case "ask":
      case "confirm":
      case "retry":
      case "cancel":
        return this.#errands.act(action);
      case "fault":
        return faults.add(action);
      case "crash":
        return faults.addCrash(action);
      default:
        return this.#actOnWorld(action);
    }
  }

  #actOnWorld(action: Action): void {
    const { log, queue, clock } = this.#world;
    switch (action.do) {
      case "read log": {
        const rows = log.database.rows<{ hash: string }>("SELECT hash FROM events WHERE tenant = ? ORDER BY position", action.tenant);
        this.#ledger.seenLogs.push({ tenant: action.tenant, at: clock.time, hashes: rows.map(({ hash }) => hash) });
        break;
      }
      case "hint": {
        const [tenant, stream] = action.stream.split("/");
        queue.enqueue(JSON.stringify({ form: 1, shard: 0, tenant, stream, head: { version: this.#ledger.known.get(action.stream) ?? 1, hash: "" } }));
        break;
      }
      case "foreign":
        queue.enqueue('{"form":99,"of":"a build that nobody knows"}');
        break;
      case "evict":
        if (this.#world.hostOf(action.who)?.evict()) this.#world.faults.count("eviction");
        break;
      case "deploy":
        this.#world.share = action.share;
        break;
      case "copy stream":
        this.#copies.set(action.stream, this.#world.streams.host(action.stream).copy());
        break;
      case "restore stream":
        this.#restoreStream(action.stream);
        break;
      case "copy log":
        this.#copy = log.database.dump();
        break;
      case "restore log":
        log.database.load(this.#copy ?? log.empty);
        this.#restored.isLog = true;
        this.#ledger.seenLogs.length = 0;
        this.#world.faults.count(this.#copy === undefined ? "log made anew" : "log set back");
        break;
    }
  }

  #restoreStream(stream: string): void {
    const copy = this.#copies.get(stream);
    if (copy === undefined) return;
    this.#world.streams.host(stream).restore(copy);
    this.#restored.streams.add(stream);
    this.#world.faults.count("stream set back");
  }

  /** What needs somebody to come by: streams whose alarm was given up get an append; where the log was restored, all are reconciled. */
  async #touch(): Promise<void> {
    const { client, clock, forgotten, streams, draws } = this.#world;
    const names = [...streams.hosts.values()].map(({ name }) => name);
    const needed = new Set([...forgotten].flatMap(({ name }) => names.filter((stream) => stream === name || `dispatcher ${stream.split("/")[0]}` === name)));
    const followers = [...forgotten].filter(({ name }) => name.startsWith("follower ")).map(({ idName }) => idName.slice(0, idName.lastIndexOf("/")));
    // Until somebody appends to it, a stream that was set back looks like one that is only shorter.
    for (const stream of this.#restored.streams) needed.add(stream);
    // An alarm that is late by half a minute is taken for lost.
    clock.after(31_000, () => client.run(() => needed.forEach((stream) => void this.#comeBy(stream))));
    clock.after(31_000, () => client.run(() => new Set(followers).forEach((follower) => void this.#subscribers.tell(follower))));
    if (!(await clock.run(MOST_EVENTS)) || !(this.#restored.isLog || this.#restored.streams.size > 0)) return;
    for (const host of streams.hosts.values()) if (draws.once("evicted before it is reconciled", 2)) host.evict();
    client.run(() => names.forEach((stream) => void this.#clients.reconcile(stream)));
    await clock.run(MOST_EVENTS);
  }

  /** A stream that takes nothing more is settled instead, as a client that closes it again would. */
  async #comeBy(stream: string): Promise<void> {
    if (stream.includes(`/${ERRAND_CATEGORY}-`)) return this.#clients.reconcile(stream);
    if (OF_THE_PLATFORM.test(stream)) return this.#clients.settle(stream);
    const { tries } = await this.#clients.append({ at: 0, do: "append", stream, count: 1, ids: [], when: "none" });
    if (tries.some(({ outcome }) => outcome?.kind === "refused")) await this.#clients.settle(stream);
  }

  /** Every request with a key that was answered is sent once more. */
  #repeat(): void {
    const answered = this.#ledger.calls.filter(({ isRepeatable, tries }) => isRepeatable && tries.some(({ outcome }) => outcome?.kind === "ok"));
    this.#world.client.run(() => answered.forEach((call) => void this.#clients.insist(call)));
  }
}

/** The streams that a story speaks of. */
function streamsOf({ actions }: Story): readonly string[] {
  return [...new Set(actions.flatMap((action) => ("stream" in action ? [action.stream] : [])))];
}

function figuresOf({ clock, steps, crashes, faults, builds, notes }: World, { calls }: Ledger): Figures {
  const outcomes: Record<string, number> = {};
  for (const { outcome } of calls.flatMap(({ tries }) => tries)) {
    const kind = outcome === undefined ? "open" : outcome.kind === "refused" ? `refused ${outcome.code}` : outcome.kind;
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
  }
  const counts = { events: clock.happened, steps, crashes, calls: calls.length };
  return { ...counts, faults: Object.fromEntries(faults.struck), outcomes, builds: [...builds], notes: Object.fromEntries(notes) };
}
