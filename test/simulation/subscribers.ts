import { type SubscriptionSettings, subscriptionContext, subscriptionStream } from "../../src/followers/subscription.ts";
import { handlerStream } from "../../src/followers/handler-operations.ts";
import { markedHead } from "../../src/log/log-heads.ts";
import { tenantKeyReader } from "../../src/sealing-composed.ts";
import { type Sealer, sealer } from "../../src/webhooks/seal.ts";
import { TenantKeys } from "../../src/webhooks/tenant-keys.ts";
import { FILTERS, type Steering, type Wanted } from "./follower-story.ts";
import { MASTER_KEY, type World } from "./world/world.ts";

/** A follower as stories name it, `t1/subscription:a`, in its parts. */
export interface FollowerRef {
  readonly tenant: string;
  readonly kind: "subscription" | "handler";
  readonly id: string;
}

export function refOf(follower: string): FollowerRef {
  const [, tenant = "", kind, id = ""] = /^([^/]*)\/(subscription|handler):(.*)$/.exec(follower) ?? [];
  return { tenant, kind: kind as FollowerRef["kind"], id };
}

/** The stream that tells a follower what to do, as stories name it. */
export function streamOf({ tenant, kind, id }: FollowerRef): string {
  return `${tenant}/${kind === "handler" ? handlerStream(id) : subscriptionStream(id)}`;
}

const METADATA = {
  correlationId: "c-2",
  priority: "normal",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  actor: "key:simulation",
} as const;

type Answering = Record<string, (...args: unknown[]) => Promise<Record<string, unknown>>>;

/** Those who make subscriptions and ask something of followers, as the API does: a command to the aggregate, then the dispatcher is told. */
export class Subscribers {
  readonly #world: World;
  readonly #sealer: Sealer;
  #commands = 0;

  constructor(world: World) {
    this.#world = world;
    this.#sealer = sealer(new TenantKeys(MASTER_KEY, [], () => world.clock.now()), tenantKeyReader(world.envFor(world.client)));
  }

  /** Makes a subscription, unless the log's head cannot be asked. */
  async subscribe(follower: string, wanted: Wanted): Promise<void> {
    const { tenant, id } = refOf(follower);
    try {
      const { position, epoch, entry } = await markedHead(this.#world.envFor(this.#world.client).LOG_0, tenant);
      const start = wanted.from === "now" ? { after: position, epoch, ...(entry !== null && { entry }) } : { after: 0, epoch };
      await this.#command(follower, "Create", { ...(await this.#settings(tenant, id, wanted)), start });
    } catch {
      // It is not made: who wants one asks again.
    }
  }

  /** Asks something of a follower. What is redriven or dropped is a dead letter that stands in D1 at the time. */
  async steer(follower: string, how: Steering): Promise<void> {
    const data = await this.#dataOf(follower, how);
    if (data !== undefined) await this.#command(follower, how, data);
  }

  /** The follower is told that there is something new, whether or not there is. */
  async tell(follower: string): Promise<void> {
    const { tenant, kind, id } = refOf(follower);
    const { DISPATCHER } = this.#world.envFor(this.#world.client);
    await DISPATCHER.get(DISPATCHER.idFromName(tenant))
      .learn(`${kind}:${id}`)
      .catch(() => {});
  }

  async #settings(tenant: string, id: string, wanted: Wanted): Promise<SubscriptionSettings> {
    const { types, order, concurrency, maxAttempts, filter, sink, isPulled } = wanted;
    const secret = await this.#sealer.seal(`whsec_${btoa("0123456789abcdef0123456789abcdef")}`, subscriptionContext(tenant, id));
    return {
      name: id,
      types: [...types],
      ...(filter !== undefined && { filter: FILTERS[filter].filter }),
      sink: isPulled ? { kind: "pull" } : { kind: "push", url: `https://sink.example/${tenant}/${sink}`, headers: "", secret },
      order,
      priority: "normal",
      concurrency,
      timeoutMs: 3_000,
      retry: { maxAttempts, minDelayMs: 200, maxDelayMs: 30_000 },
      format: "standard",
    };
  }

  async #dataOf(follower: string, how: Steering): Promise<object | undefined> {
    const { tenant, kind, id } = refOf(follower);
    const { views, log, draws } = this.#world;
    switch (how) {
      case "RedriveAll":
        return { id: `run-${this.#commands}`, filter: {} };
      case "StartReplay": {
        const [head] = log.database.rows<{ position: number }>("SELECT position FROM heads WHERE tenant = ?", tenant);
        const from = draws.between("replayed from", 1, Math.max(1, head?.position ?? 1));
        return { id: `replay-${this.#commands}`, from, to: head?.position ?? 0, rate: draws.pick("rate", [2, 20, 1_000]) };
      }
      case "Redrive":
      case "Drop": {
        const name = kind === "handler" ? `handler:${id}` : id;
        const letters = views.database.rows<{ position: number }>("SELECT position FROM dead_letters WHERE tenant = ? AND subscription = ?", tenant, name);
        return letters.length === 0 ? undefined : { position: draws.pick("letter", letters).position, reason: "the story says so" };
      }
      case "Change":
        return this.#changed(follower);
      default:
        return {};
    }
  }

  /** The same settings but for the time that an attempt may take. */
  async #changed(follower: string): Promise<object | undefined> {
    try {
      const found = (await this.#aggregate(follower)["state"]?.()) as { readonly state: string } | undefined;
      const { settings } = JSON.parse(found?.state ?? "{}") as { settings?: SubscriptionSettings };
      return settings && { ...settings, timeoutMs: 1_000 };
    } catch {
      return undefined;
    }
  }

  /** A command, sent again with its key until its outcome is known; then whoever it is about is told, once. */
  async #command(follower: string, name: string, data: object): Promise<void> {
    const { draws } = this.#world;
    const key = `steering-${++this.#commands}`;
    const request = {
      command: { name, data },
      precondition: { kind: "none" },
      source: "/simulation",
      metadata: METADATA,
      idempotency: { key, fingerprint: key },
    };
    for (let tries = 0; tries < 4; tries++) {
      try {
        const { ok } = (await this.#aggregate(follower)["execute"]?.(request)) ?? {};
        if (ok === true) this.#world.faults.count(`follower ${name}`);
        return ok === true ? await this.tell(follower) : undefined;
      } catch {
        await new Promise<void>((resolve) => setTimeout(resolve, draws.between("steers again", 10, 8_000)));
      }
    }
  }

  #aggregate(follower: string): Answering {
    const { AGGREGATE } = this.#world.envFor(this.#world.client);
    return AGGREGATE.get(AGGREGATE.idFromName(streamOf(refOf(follower)))) as unknown as Answering;
  }
}
