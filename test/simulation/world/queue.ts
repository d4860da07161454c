import { Actor } from "./actor.ts";
import type { World } from "./world.ts";

/** A message that waits for its time. */
interface Waiting {
  readonly id: string;
  readonly body: string;
  readonly attempts: number;
}

/** Of wrangler.toml. */
const MOST_RETRIES = 3;
const RETRY_DELAY = 1_000;
/** When an invocation did not end, its messages come again after this (milliseconds). */
const INVISIBLE_FOR = 30_000;
/** A send that hangs in production does so for most of a minute. */
const HANG = 57_000;

/** The queue and its consumers: at least once, in no order, to several projectors at the same time. */
export class SimulatedQueue {
  readonly #world: World;
  #ready: Waiting[] = [];
  #consumers = 0;
  #invocations = 0;
  #messages = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** The queue as one actor's binding. */
  bindingOf(actor: Actor): Queue<string> {
    const send = (texts: readonly string[]): Promise<void> => {
      const bodies = texts.map((body) => this.#world.written(body, actor.build));
      const mode = actor.isAlive ? this.#world.faults.take("send", actor.name) : undefined;
      const travel = { there: this.#world.delay(`send of ${actor.name}`), back: mode === "slow" ? HANG : this.#world.delay(`sent to ${actor.name}`) };
      const overloaded = (): Error => new Error("Queue send failed: overloaded");
      const enqueue = (): void => {
        for (const body of bodies) this.enqueue(body);
      };
      if (mode === "before") return actor.ask("queue send", { ...travel, isLost: true, error: overloaded() }, enqueue);
      if (mode === "after" || mode === "slow") return actor.ask("queue send", { ...travel, error: overloaded() }, enqueue);
      return actor.ask("queue send", travel, enqueue);
    };
    return {
      send: (body: string) => send([body]),
      sendBatch: (messages: Iterable<MessageSendRequest<string>>) => send([...messages].map(({ body }) => body)),
    } as unknown as Queue<string>;
  }

  /** Takes a message in; what goes wrong with it is decided here. */
  enqueue(body: string): void {
    const { faults, draws } = this.#world;
    const message = { id: `m${++this.#messages}`, body, attempts: 1 };
    const mode = faults.take("message", "queue");
    if (mode === "lose") return;
    const delay = mode === "delay" ? draws.between("message delay", 1_000, 60_000) : 25 * draws.draw("message") ** 2;
    this.#later(message, delay);
    if (mode === "double") this.#later(message, draws.once("double at once", 2) ? delay : delay + 5_000 * draws.draw("double"));
  }

  #later(message: Waiting, milliseconds: number): void {
    this.#world.clock.after(milliseconds, () => {
      this.#ready.push(message);
      this.#offer();
    });
  }

  /** Gives what is ready to a consumer, if one is free. */
  #offer(): void {
    const { clock, draws, consumers } = this.#world;
    if (this.#ready.length === 0 || this.#consumers >= consumers) return;
    this.#consumers++;
    // A moment, in which more may come: then it is one batch.
    clock.after(5 * draws.draw("batch"), () => this.#deliver());
  }

  #deliver(): void {
    const { draws } = this.#world;
    const most = draws.pick("batch size", [1, 3, 100]);
    const taken = this.#ready.splice(0, most);
    if (taken.length > 0) this.#consume(draws.once("backwards", 2) ? taken.toReversed() : taken);
    else this.#consumers--;
    this.#offer();
  }

  #consume(taken: readonly Waiting[]): void {
    const world = this.#world;
    const actor = world.projector(`projector#${++this.#invocations}`);
    const settled = new Map<string, number | "ack">();
    let isOver = false;
    const end = (isThrough: boolean, isFailed: boolean): void => {
      if (isOver) return;
      isOver = true;
      this.#consumers--;
      for (const message of taken) {
        const retry = settled.get(message.id) ?? (isFailed ? RETRY_DELAY : "ack");
        if (!isThrough) this.#retry(message, INVISIBLE_FOR);
        else if (retry !== "ack") this.#retry(message, retry);
      }
      this.#offer();
    };
    actor.onCrash = () => end(false, true);
    const messages = taken.map((message) => ({
      ...message,
      timestamp: new Date(world.clock.now()),
      ack: () => void settled.set(message.id, "ack"),
      retry: ({ delaySeconds }: { delaySeconds?: number } = {}) =>
        void settled.set(message.id, delaySeconds === undefined ? RETRY_DELAY : delaySeconds * 1_000),
    }));
    if (!world.step(actor, "batch: begins")) return;
    const finish = (isFailed: boolean): void => {
      if (world.step(actor, "batch: ends")) end(true, isFailed);
    };
    actor
      .run(() => world.consume(messages, actor))
      .then(
        () => finish(false),
        () => finish(true),
      );
  }

  #retry(message: Waiting, milliseconds: number): void {
    if (message.attempts > MOST_RETRIES) return this.#world.faults.count("message given up");
    this.#later({ ...message, attempts: message.attempts + 1 }, milliseconds);
  }
}

/** An invocation of the worker for a batch of messages. */
export class ProjectorActor extends Actor {
  onCrash = (): void => {};

  override crash(): void {
    super.crash();
    this.onCrash();
  }
}
