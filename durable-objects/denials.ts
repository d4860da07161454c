import { DurableObject } from "cloudflare:workers";
import { AUDIT_LOG, deniedActs, sha256, uuid7 } from "../src/kernel/index.ts";
import { continueTrace, traceparentOf } from "../src/tracing/trace-context.ts";
import type { Appended, AppendRequest, EventDraft, Refusal } from "./aggregate/contract.ts";
import { forgetAll } from "./forget-all.ts";

const MINUTE = 60_000;
/** Pairs of actor and operation that are counted in one minute; what comes beyond them is not. */
const MOST = 500;
/** How long (milliseconds) one waits before what could not be written down is tried again. */
const PATIENCE = 30_000;

/** What the counting of denials reaches beyond itself. */
export interface DenialPorts {
  append(tenant: string, stream: string, request: AppendRequest): Promise<Appended | Refusal>;
  now(): number;
}

/** What is counted together. */
interface Denied {
  readonly minute: number;
  readonly actor: string;
  readonly operation: string;
}

/**
 * Counts a tenant's denied requests by actor, operation and minute, and writes one event for each into the audit log when the minute is
 * over. Only the first of a minute is on disk: a flood of them costs calls, and no rows.
 */
export abstract class DenialsObject<Env = unknown> extends DurableObject<Env> {
  readonly #ports: DenialPorts;
  readonly #counts = new Map<string, number>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ports = this.ports(env);
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract ports(env: Env): DenialPorts;

  /** Counts one. */
  async deny(actor: string, operation: string): Promise<void> {
    const minute = Math.floor(this.#ports.now() / MINUTE);
    const key = keyOf({ minute, actor, operation });
    const count = this.#counts.get(key) ?? 0;
    if (count === 0 && this.#counts.size >= MOST) return;
    this.#counts.set(key, count + 1);
    if (count > 0 || this.ctx.storage.kv.get(key) !== undefined) return;
    this.ctx.storage.kv.put(key, { minute, actor, operation } satisfies Denied);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm((minute + 1) * MINUTE);
  }

  /** The tenant is deleted. */
  async forget(): Promise<void> {
    this.#counts.clear();
    await forgetAll(this.ctx);
  }

  override async alarm(): Promise<void> {
    await this.writeDown(this.#ports.now());
  }

  /** Writes down the minutes that are over at this time, once each; what is left has an alarm. */
  async writeDown(now: number): Promise<void> {
    const all = [...this.ctx.storage.kv.list<Denied>({ prefix: "denied:" })];
    const over = all.filter(([, { minute }]) => (minute + 1) * MINUTE <= now);
    if (over.length > 0 && !(await this.#append(over))) return this.ctx.storage.setAlarm(now + PATIENCE);
    for (const [key] of over) {
      this.ctx.storage.kv.delete(key);
      this.#counts.delete(key);
    }
    if (over.length < all.length) await this.ctx.storage.setAlarm((Math.floor(now / MINUTE) + 1) * MINUTE);
  }

  async #append(over: readonly (readonly [key: string, denied: Denied])[]): Promise<boolean> {
    const now = this.#ports.now();
    const drafts = over.map(([key, { minute, actor, operation }]): EventDraft => ({
      ...deniedActs({ operation, count: this.#counts.get(key) ?? 1, minute: new Date(minute * MINUTE).toISOString() }),
      id: sha256(key),
      metadata: { correlationId: uuid7(now), traceparent: traceparentOf(continueTrace(undefined, undefined)), priority: "normal", actor },
    }));
    try {
      const result = await this.#ports.append(this.ctx.id.name ?? "", AUDIT_LOG, { events: drafts, precondition: { kind: "none" } });
      // What stands there with another count was written before this object forgot what it had counted.
      return result.ok || result.code === "event_id_reused";
    } catch (fault) {
      console.warn("denials: will be written down later", this.ctx.id.name, String(fault));
      return false;
    }
  }
}

function keyOf({ minute, actor, operation }: Denied): string {
  return `denied:${minute}:${sha256(JSON.stringify([actor, operation]))}`;
}
