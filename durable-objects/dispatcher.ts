import { DurableObject } from "cloudflare:workers";

/** How long (milliseconds) what follows the log may be behind before the dispatcher moves it itself. */
const FIRST_LOOK = 2_000;
const LONGEST_PATIENCE = 300_000;

/** What a dispatcher reaches beyond itself. */
export interface DispatcherPorts {
  /** The last position of the tenant's log; 0 before the first event. */
  head(tenant: string): Promise<number>;
  /** Moves the tenant's live views to the head of the log, and says up to where they have come. */
  advanceViews(tenant: string): Promise<number>;
  now(): number;
}

/**
 * One object per tenant that knows how far the log is and how far those that follow it are. It holds an alarm exactly while
 * somebody is behind, so nothing polls and an idle tenant costs nothing. Nothing is stored: the log and the cursors are the
 * truth, and the alarm outlives the object.
 */
export abstract class DispatcherObject<Env = unknown> extends DurableObject<Env> {
  readonly #ports: DispatcherPorts;
  #head = 0;
  #views = 0;
  #isArmed = false;
  #patience = FIRST_LOOK;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ports = this.ports(env);
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract ports(env: Env): DispatcherPorts;

  /**
   * "The log is at `position`", and, where the caller knows, "the views are at `views`". When this returns, either everything is
   * settled or an alarm is on disk.
   */
  async advanced(position: number, views = 0): Promise<void> {
    this.#head = Math.max(this.#head, position);
    this.#views = Math.max(this.#views, views);
    if (this.#views < this.#head && !this.#isArmed) await this.#arm();
  }

  /** How far the log is, as far as this object was told. */
  head(): number {
    return this.#head;
  }

  override async alarm(): Promise<void> {
    this.#isArmed = false;
    const tenant = this.ctx.id.name ?? "";
    let isSettled = false;
    try {
      this.#views = Math.max(this.#views, await this.#ports.advanceViews(tenant));
      this.#head = Math.max(this.#head, await this.#ports.head(tenant));
      isSettled = this.#views >= this.#head;
    } catch (fault) {
      console.warn("dispatcher: will look again", tenant, String(fault));
    }
    this.#patience = isSettled ? FIRST_LOOK : Math.min(this.#patience * 2, LONGEST_PATIENCE);
    if (!isSettled && !this.#isArmed) await this.#arm();
  }

  async #arm(): Promise<void> {
    this.#isArmed = true;
    await this.ctx.storage.setAlarm(this.#ports.now() + this.#patience);
  }
}
