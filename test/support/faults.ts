import type { Env } from "../../src/env.ts";
import type { Shard } from "../../src/log/shard.ts";

/** What the local queue and D1 never do by themselves, switched on by a test. */
export interface Faults {
  /** Messages that objects sent, kept back from the real queue; undefined lets them through. */
  captured: string[] | undefined;
  /** Called before a queue send; may throw or wait. */
  beforeSend: () => Promise<void> | void;
  /** Called before a batch of the log or the views; may throw or wait. */
  beforeBatch: (database: "log" | "views") => Promise<void> | void;
  /** Called when a batch is through: a throw here is an outcome that its caller cannot know. */
  afterBatch: (database: "log" | "views") => Promise<void> | void;
  /** A statement put into the middle of the next batches, to fail there. */
  midBatch: ((database: "log" | "views") => string | undefined) | undefined;
  /** Called before a single query. */
  beforeQuery: (database: "log" | "views", sql: string) => Promise<void> | void;
  /** Queries and batched statements sent to D1, counted. */
  statements: number;
}

const nothing = (): void => {};

const healthy: Faults = {
  captured: undefined,
  beforeSend: nothing,
  beforeBatch: nothing,
  afterBatch: nothing,
  midBatch: undefined,
  beforeQuery: nothing,
  statements: 0,
};

export const faults: Faults = { ...healthy };

/** Everything works again, and messages go to the real queue. */
export function heal(): void {
  Object.assign(faults, healthy);
}

/** Calls of D1, of each database, that `work` makes until what it begins is done. */
export async function trips(work: () => Promise<unknown>): Promise<Record<"log" | "views", number>> {
  const made = { log: 0, views: 0 };
  const count = (database: "log" | "views"): void => void made[database]++;
  Object.assign(faults, { beforeBatch: count, beforeQuery: count });
  await work();
  return made;
}

/** The one shard, with faults between the engine and its stores. */
export function faultyShards(env: Env): (tenant: string) => Shard {
  const shard: Shard = { id: 0, queue: faultyQueue(env.EVENTS_0), log: faultyD1(env.LOG_0, "log"), views: faultyD1(env.VIEWS_0, "views") };
  return () => shard;
}

function faultyQueue(queue: Queue<string>): Queue<string> {
  const send = async (bodies: readonly string[], really: () => Promise<unknown>): Promise<unknown> => {
    await faults.beforeSend();
    if (faults.captured === undefined) return really();
    faults.captured.push(...bodies);
    return undefined;
  };
  return {
    send: (body: string, options: QueueSendOptions) => send([body], () => queue.send(body, options)),
    sendBatch(batch: Iterable<MessageSendRequest<string>>) {
      const messages = [...batch];
      const bodies = messages.map(({ body }) => body);
      return send(bodies, () => queue.sendBatch(messages));
    },
  } as unknown as Queue<string>;
}

class Statement {
  readonly #name: "log" | "views";
  readonly #sql: string;
  readonly real: D1PreparedStatement;

  constructor(name: "log" | "views", sql: string, real: D1PreparedStatement) {
    this.#name = name;
    this.#sql = sql;
    this.real = real;
  }

  bind(...params: unknown[]): Statement {
    return new Statement(this.#name, this.#sql, this.real.bind(...params));
  }

  async first(): Promise<unknown> {
    await this.#before();
    return this.real.first();
  }

  async all(): Promise<unknown> {
    await this.#before();
    return this.real.all();
  }

  async run(): Promise<unknown> {
    await this.#before();
    return this.real.run();
  }

  async #before(): Promise<void> {
    faults.statements++;
    await faults.beforeQuery(this.#name, this.#sql);
  }
}

function faultyD1(db: D1Database, name: "log" | "views"): D1Database {
  return {
    prepare: (sql: string) => new Statement(name, sql, db.prepare(sql)),
    async batch(statements: Statement[]) {
      faults.statements += statements.length;
      await faults.beforeBatch(name);
      const real = statements.map((statement) => statement.real);
      const bad = faults.midBatch?.(name);
      if (bad !== undefined) real.splice(Math.ceil(real.length / 2), 0, db.prepare(bad));
      const results = await db.batch(real);
      await faults.afterBatch(name);
      return results;
    },
  } as unknown as D1Database;
}
