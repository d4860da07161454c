import { isPlatformCategory, categoryOf, type FreshAfter, type LogHead, PRIORITIES, type Priority, TopicIndex } from "../../src/kernel/index.ts";
import { partitionOf, type Wake } from "../follower/contract.ts";

/** Positions that are looked at in one go. */
const PAGE = 2_000;
/** Calls to followers at a time. */
const CALLS = 50;
/** What is kept under, in the dispatcher's storage. */
const ROUTED = "routed";
const FOLLOWER = "follower:";

/** A follower as the dispatcher needs to know it. */
export interface Route {
  readonly types: readonly string[];
  readonly priority: Priority;
  readonly partitions: number;
  /** Where it begins, for one that nobody has woken yet. */
  readonly after: number;
  /** False while it is paused, or pulls: then nobody wakes it. */
  readonly isPushed: boolean;
}

/** Of an event, what routing needs. */
export interface RoutedEvent {
  readonly position: number;
  readonly type: string;
  readonly stream: string;
}

/** What came into the log after a position, one behind the other, the head, and the mark of the event at the position. */
export interface RoutedPage extends LogHead {
  readonly entryAt: string | null;
  readonly events: readonly (RoutedEvent & { readonly entry: string })[];
}

export interface RoutingPorts {
  /** The handlers of this code, by `handler:<name>`. */
  readonly handlers: ReadonlyMap<string, Omit<Route, "after"> & { readonly from: "now" | "beginning" }>;
  routed(tenant: string, after: number, limit: number): Promise<RoutedPage>;
  /** The follower that a stream of the platform's is about, if it is about one. */
  followerOf(stream: string): string | undefined;
  /** Undefined where it is gone. */
  route(tenant: string, follower: string): Promise<Route | undefined>;
  wake(tenant: string, follower: string, partition: number, wake: Wake): Promise<void>;
  told(tenant: string, follower: string, partition: number): Promise<void>;
}

/** How far was routed. */
interface Routed {
  readonly position: number;
  readonly epoch: string;
  readonly entry: string | null;
}

/**
 * Tells followers what came for them. How far it has told everybody moves only when all whom something matched have answered, and each
 * answers with an alarm on disk. Followers that nothing matches cost nothing, however many there are.
 */
export class Router {
  readonly #kv: SyncKvStorage;
  readonly #ports: RoutingPorts;
  readonly #tenant: string;
  readonly #routes = new Map<string, Route>();
  readonly #all = new TopicIndex<string>();
  /** By patterns that name a first word: the platform's own events are for those only. */
  readonly #named = new TopicIndex<string>();
  readonly #learning = new Map<string, Promise<void>>();
  #routed: Routed;
  /** Whether the log was asked since the object woke, or since it was doubted: it may be another one. */
  #hasLooked = false;
  #doubts = 0;

  constructor(storage: DurableObjectStorage, tenant: string, ports: RoutingPorts) {
    this.#kv = storage.kv;
    this.#tenant = tenant;
    this.#ports = ports;
    this.#routed = this.#kv.get<Routed>(ROUTED) ?? { position: 0, epoch: "", entry: null };
    for (const [key, route] of this.#kv.list<Route>({ prefix: FOLLOWER })) {
      const follower = key.slice(FOLLOWER.length);
      const handler = ports.handlers.get(follower);
      // A handler that this code does not have is left alone: other code may.
      if (handler !== undefined) this.#know(follower, { ...handler, after: route.after });
      else if (!follower.startsWith("handler:")) this.#know(follower, route);
    }
  }

  /** Everybody knows of everything up to here. */
  get position(): number {
    return this.#routed.position;
  }

  /** Those that are told, and in how many parts each is. */
  get followers(): readonly { readonly follower: string; readonly partitions: number }[] {
    return [...this.#routes].map(([follower, { partitions }]) => ({ follower, partitions }));
  }

  /** Whether everybody knows of everything up to a position, of the log of this epoch (empty where nobody has said). */
  hasRouted(position: number, epoch: string): boolean {
    return position === 0 || (this.#hasLooked && this.#routed.position >= position && (epoch === "" || epoch === this.#routed.epoch));
  }

  /** The log may have been set back: it is asked, whatever was routed. */
  doubt(): void {
    this.#hasLooked = false;
    this.#doubts++;
  }

  /** Routes up to the head of the log; gives the head. Rejects where somebody could not be told: then it is told again. */
  async route(fresh: FreshAfter): Promise<number> {
    for (;;) {
      const doubts = this.#doubts;
      const page = fresh(this.#routed.position) ?? (await this.#ports.routed(this.#tenant, this.#routed.position, PAGE));
      if (page.position === 0) return 0;
      await this.#meetHandlers();
      if (this.#isAnotherLog(page)) {
        await this.#beginAnew(page);
        continue;
      }
      if (this.#doubts === doubts) this.#hasLooked = true;
      const last = page.events.at(-1);
      if (last === undefined) return page.position;
      await this.#tell(page);
      this.#routed = { position: last.position, epoch: page.epoch, entry: last.entry };
      // Each time: the mark of what was routed last is all that tells a log that was set back, after this object was evicted.
      this.#kv.put(ROUTED, this.#routed);
      if (this.#routed.position >= page.position) return page.position;
    }
  }

  /** A follower was made, changed or taken away: it is known from now on, and told. What came before it was known here it finds by itself. */
  async learn(follower: string): Promise<void> {
    const before = this.#learning.get(follower) ?? Promise.resolve();
    // One after the other: who asked earlier may be answered later, and would know less.
    const learning = before.catch(() => {}).then(() => this.#learn(follower));
    this.#learning.set(follower, learning);
    return learning.finally(() => this.#learning.get(follower) === learning && this.#learning.delete(follower));
  }

  async #learn(follower: string): Promise<void> {
    const known = this.#routes.get(follower);
    const route = await this.#ports.route(this.#tenant, follower);
    const partitions = (route ?? known)?.partitions ?? 1;
    if (route !== undefined && !this.#ports.handlers.has(follower)) {
      this.#kv.put(FOLLOWER + follower, route);
      this.#know(follower, route);
    }
    await this.#each(Array.from({ length: partitions }, (_, partition) => () => this.#ports.told(this.#tenant, follower, partition)));
    // Only now: how many partitions there were to tell is known no longer.
    if (route === undefined) this.#forget(follower);
  }

  async #wakeAll(follower: string, { partitions }: Route, wake: Wake): Promise<void> {
    await this.#each(Array.from({ length: partitions }, (_, partition) => () => this.#ports.wake(this.#tenant, follower, partition, wake)));
  }

  async #tell({ events, epoch, entryAt }: RoutedPage): Promise<void> {
    const learned = new Set<string>();
    const wakes = new Map<string, { readonly follower: string; readonly partition: number; readonly wake: Omit<Wake, "last"> & { last: number } }>();
    const settledTo = this.#routed.position;
    let entryBefore = entryAt;
    for (const event of events) {
      const { position, stream } = event;
      const about = isPlatformCategory(categoryOf(stream)) ? this.#ports.followerOf(stream) : undefined;
      if (about !== undefined && !learned.has(about)) await this.learn(about);
      if (about !== undefined) learned.add(about);
      for (const follower of this.#followersOf(event)) {
        const partition = partitionOf(stream, this.#routes.get(follower)?.partitions ?? 1);
        const key = `${follower}/${partition}`;
        const due = wakes.get(key);
        const wake = { epoch, settledTo, first: position, last: position, ...(entryBefore !== null && { entryBefore }) };
        if (due === undefined) wakes.set(key, { follower, partition, wake });
        else due.wake.last = position;
      }
      entryBefore = event.entry;
    }
    for (const priority of PRIORITIES) {
      const due = [...wakes.values()].filter(({ follower }) => this.#routes.get(follower)?.priority === priority);
      await this.#each(
        due.map(
          ({ follower, partition, wake }) =>
            () =>
              this.#ports.wake(this.#tenant, follower, partition, wake),
        ),
      );
    }
  }

  #followersOf({ type, stream }: RoutedEvent): readonly string[] {
    const index = isPlatformCategory(categoryOf(stream)) ? this.#named : this.#all;
    return [...index.matching(type)].filter((follower) => this.#routes.get(follower)?.isPushed);
  }

  /** Handlers that this tenant has not met begin here, unless they want the beginning. */
  async #meetHandlers(): Promise<void> {
    for (const [name, { from, ...handler }] of this.#ports.handlers) {
      if (this.#routes.has(name)) continue;
      const { position } = this.#routed;
      const route = { ...handler, after: from === "beginning" ? 0 : position };
      const { epoch } = this.#routed;
      if (route.after < position) await this.#wakeAll(name, route, { epoch, settledTo: 0, first: 1, last: position });
      this.#kv.put(FOLLOWER + name, route);
      this.#know(name, route);
    }
  }

  #isAnotherLog({ epoch, position, entryAt }: LogHead & { readonly entryAt: string | null }): boolean {
    const { epoch: known, position: at, entry } = this.#routed;
    return (known !== "" && epoch !== known) || position < at || (entry !== null && entryAt !== entry);
  }

  /** The log was lost or set back: each follower finds that out by itself, and stops. All that it has now is routed anew: it may tell of followers. */
  async #beginAnew({ epoch, position }: LogHead): Promise<void> {
    console.error("dispatcher: the log is another one than was followed", this.#tenant);
    const wake = { epoch, settledTo: 0, first: 1, last: position, isDoubted: true } as const;
    for (const [follower, route] of this.#routes) if (route.isPushed) await this.#wakeAll(follower, route, wake);
    this.#routed = { position: 0, epoch, entry: null };
    this.#kv.put(ROUTED, this.#routed);
  }

  #know(follower: string, route: Route): void {
    this.#routes.set(follower, route);
    this.#all.set(follower, route.types);
    const named = route.types.filter((pattern) => !/^[*#]/.test(pattern));
    if (named.length > 0) this.#named.set(follower, named);
    else this.#named.delete(follower);
  }

  #forget(follower: string): void {
    this.#kv.delete(FOLLOWER + follower);
    this.#routes.delete(follower);
    this.#all.delete(follower);
    this.#named.delete(follower);
  }

  /** Makes calls, some at a time; rejects with the first failure, once all have been made. */
  async #each(calls: readonly (() => Promise<void>)[]): Promise<void> {
    let fault: unknown;
    for (let at = 0; at < calls.length; at += CALLS) {
      const outcomes = await Promise.allSettled(calls.slice(at, at + CALLS).map((call) => call()));
      fault ??= outcomes.find((outcome) => outcome.status === "rejected")?.reason;
    }
    if (fault !== undefined) throw fault;
  }
}
