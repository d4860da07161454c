import { DurableObject } from "cloudflare:workers";
import { AUDIT_LOG, type BegunAct, begunAct, deniedActs, type EventMetadata, sha256, uuid7 } from "../src/kernel/index.ts";
import { continueTrace, traceparentOf } from "../src/tracing/trace-context.ts";
import type { Appended, AppendRequest, EventDraft, Refusal } from "./aggregate/contract.ts";
import { forgetAll } from "./forget-all.ts";

const MINUTE = 60_000;
/** Pairs of actor and operation that are counted in one minute; what comes beyond them is not. */
const MOST = 500;
/** How long (milliseconds) one waits before what could not be written down is tried again. */
const PATIENCE = 30_000;

/** How long (milliseconds) an administrative act may be on its way, longer than any request, until it is written down that nobody said what became of it. */
const UNSETTLED = 300_000;
/** Entries that are written down together, at most. */
const MOST_AT_ONCE = 500;
const DENIED = "denied:";
const BEGUN = "begun:";

/** What the keeping of the audit log reaches beyond itself. */
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

/** An administrative act on its way, and who does it. */
export interface ActOnItsWay {
  readonly act: Omit<BegunAct, "at">;
  readonly metadata: EventMetadata;
}

/** Since when (milliseconds since 1970). */
type Begun = ActOnItsWay & { readonly since: number };

/**
 * Counts a tenant's denied requests by actor, operation and minute, and writes one event for each into the audit log when the minute is
 * over. Only the first of a minute is on disk: a flood of them costs calls, and no rows. It also keeps the administrative acts that are on
 * their way: who does one is gone, and the log says at least that it was begun.
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
    await this.#arm();
  }

  /** An administrative act begins: when this returns it is on disk, under an id of its own. */
  async begin(id: string, act: ActOnItsWay): Promise<void> {
    this.ctx.storage.kv.put(BEGUN + id, { ...act, since: this.#ports.now() } satisfies Begun);
    await this.#arm();
  }

  /** What became of it is known, and stands in the audit log where it was done. */
  settle(id: string): void {
    this.ctx.storage.kv.delete(BEGUN + id);
  }

  /** The tenant is deleted. */
  async forget(): Promise<void> {
    this.#counts.clear();
    await forgetAll(this.ctx);
  }

  override async alarm(): Promise<void> {
    await this.writeDown(this.#ports.now());
  }

  /** Writes down the minutes that are over at this time, and the acts of which nobody has said what became, once each; what is left has an alarm. */
  async writeDown(now: number): Promise<void> {
    const { kv } = this.ctx.storage;
    const denied = [...kv.list<Denied>({ prefix: DENIED })];
    const begun = [...kv.list<Begun>({ prefix: BEGUN })];
    const over = [
      ...denied.filter(([, { minute }]) => (minute + 1) * MINUTE <= now).map(([key, one]) => [key, this.#deniedDraft(key, one)] as const),
      ...begun.filter(([, { since }]) => since + UNSETTLED <= now).map(([key, one]) => [key, begunDraft(key, one)] as const),
    ].slice(0, MOST_AT_ONCE);
    if (over.length > 0 && !(await this.#append(over.map(([, draft]) => draft)))) return this.ctx.storage.setAlarm(now + PATIENCE);
    for (const [key] of over) {
      kv.delete(key);
      this.#counts.delete(key);
    }
    if (over.length < denied.length + begun.length) await this.ctx.storage.setAlarm((Math.floor(now / MINUTE) + 1) * MINUTE);
  }

  /** When the minute is over, unless it is sooner. */
  async #arm(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm((Math.floor(this.#ports.now() / MINUTE) + 1) * MINUTE);
  }

  #deniedDraft(key: string, { minute, actor, operation }: Denied): EventDraft {
    return {
      ...deniedActs({ operation, count: this.#counts.get(key) ?? 1, minute: new Date(minute * MINUTE).toISOString() }),
      id: sha256(key),
      metadata: { correlationId: uuid7(this.#ports.now()), traceparent: traceparentOf(continueTrace(undefined, undefined)), priority: "normal", actor },
    };
  }

  async #append(drafts: readonly EventDraft[]): Promise<boolean> {
    const write = (events: readonly EventDraft[]) => this.#ports.append(this.ctx.id.name ?? "", AUDIT_LOG, { events, precondition: { kind: "none" } });
    try {
      const result = await write(drafts);
      if (result.ok || result.code !== "event_id_reused") return result.ok;
      // One stands there with another count: it was written before this object forgot what it had counted. The others are not there yet.
      for (const draft of drafts) {
        const one = await write([draft]);
        if (!one.ok && one.code !== "event_id_reused") return false;
      }
      return true;
    } catch (fault) {
      console.warn("denials: will be written down later", this.ctx.id.name, String(fault));
      return false;
    }
  }
}

function begunDraft(key: string, { act, metadata, since }: Begun): EventDraft {
  return { ...begunAct({ ...act, at: new Date(since).toISOString() }), id: sha256(key), metadata };
}

function keyOf({ minute, actor, operation }: Denied): string {
  return `${DENIED}${minute}:${sha256(JSON.stringify([actor, operation]))}`;
}
