// Longer than usual: the object's whole RPC surface, and the one state (head, views, followers told, alarm) that each of its methods reads or moves.

import { DurableObject } from "cloudflare:workers";
import type { FreshAfter, LoggedPage, LogHead, MarkedEvent } from "../src/kernel/index.ts";
import type { IdempotencyKey, Refusal } from "./aggregate/contract.ts";
import { Bell } from "./bell.ts";
import { FreshPages } from "./dispatcher/fresh-pages.ts";
import { leavePlaces, type PlaceAnswered, type PlaceAsked, takePlace } from "./dispatcher/places.ts";
import { Router, type RoutingPorts } from "./dispatcher/router.ts";
import { forgetAll } from "./forget-all.ts";
import { type Issued, issueTicket, redeemTicket, type TicketHolder, ticketHolder } from "./tickets.ts";

/** How long (milliseconds) who tells of a new head waits for the views; then the alarm goes on. */
const PATIENCE_OF_CALLERS = 1_000;
/** The first pause before the dispatcher looks again at what is behind, and the longest. */
const FIRST_LOOK = 1_000;
const LONGEST_PATIENCE = 300_000;
/** The pause where a call has moved the views, but not to the end: D1 counts the statements of each call. */
const SOON = 10;

/** Kept for ever by the dispatcher of a deleted tenant: whoever still tells it something moves nothing. */
const RETIRED = "retired";

/** What is known when views are to be moved. */
export interface ViewsToMove {
  /** What has just come into the log. */
  readonly fresh: FreshAfter;
  /** Nothing is to be believed of what the last move left behind: something may have begun to be built. */
  readonly isAnew: boolean;
}

/** What a dispatcher reaches beyond itself. */
export interface DispatcherPorts {
  /** The head of the tenant's log; position 0 before the first event. */
  head(tenant: string): Promise<LogHead>;
  /** A page as it was handed on, read. */
  eventsOn(page: LoggedPage): readonly MarkedEvent[];
  /** Moves the tenant's live views towards the head of the log, says how far they have come, and whether others are being built beside them. */
  advanceViews(tenant: string, known: ViewsToMove): Promise<{ readonly position: number; readonly isBuilding: boolean }>;
  /** How followers are told what came for them. */
  readonly routing: RoutingPorts;
  now(): number;
}

/**
 * One object per tenant that knows how far the log is and how far those that follow it are, and moves or wakes them. It holds an
 * alarm exactly while somebody is behind, so nothing polls and an idle tenant costs nothing. The log and the cursors are the truth, and
 * the alarm outlives the object. Kept here are the followers, how far they were told, the places of a quota
 * of subscriptions, and, for a minute, tickets.
 */
export abstract class DispatcherObject<Env = unknown> extends DurableObject<Env> {
  readonly #ports: DispatcherPorts;
  readonly #bell: Bell;
  readonly #router: Router;
  #head = 0;
  /** Of the log that `#head` and `#views` speak of; empty where nobody has said. */
  #epoch = "";
  #views = 0;
  /** Views are being built beside the live ones: the alarm goes on until they are there. */
  #isBuilding = false;
  readonly #fresh: FreshPages;
  /** The next move of the views is to look for itself. */
  #isAnew = true;
  /** The last attempt to move the views failed: what they lack is not known, so the alarm does not let go. */
  #hasFailed = false;
  #isArmed = false;
  #patience = FIRST_LOOK;
  #moving: Promise<void> | undefined;
  #routing: Promise<void> | undefined;
  #isRetired: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ports = this.ports(env);
    this.#bell = new Bell(ctx);
    this.#fresh = new FreshPages((page) => this.#ports.eventsOn(page));
    this.#isRetired = ctx.storage.kv.get<boolean>(RETIRED) ?? false;
    this.#router = new Router(ctx.storage, ctx.id.name ?? "", this.#ports.routing);
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract ports(env: Env): DispatcherPorts;

  /**
   * "The log of this epoch is at `position`", and what has just come into it up to there, where the caller knows. When this returns, either all that
   * follows the log has come there or an alarm is on disk, so the caller may forget.
   */
  async advanced({ position, epoch }: LogHead, pages: readonly LoggedPage[] = []): Promise<void> {
    if (this.#isRetired) return;
    await this.#doubtWhereOld(pages);
    this.#heard({ position, epoch });
    if (this.#isThere(this.#head)) return;
    this.#fresh.add({ position, epoch }, pages);
    // Who is behind already has an alarm; the log of all tenants does not wait for one tenant's views.
    if (this.#isArmed) return this.ctx.waitUntil(this.#moveAll());
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_OF_CALLERS)));
    await Promise.race([this.#moveAll(), patience]).finally(() => clearTimeout(timer));
    if (!this.#isThere(position)) await this.#arm();
  }

  /** A follower was made, changed, or taken away: it is told at once. */
  async learn(follower: string): Promise<void> {
    if (!this.#isRetired) await this.#router.learn(follower);
  }

  /** Up to here all followers were told: the head of the log, unless they cannot be told. */
  async routed(): Promise<number> {
    this.#heard(await this.#ports.head(this.ctx.id.name ?? ""));
    await this.#route();
    return this.#router.position;
  }

  /** The tenant is deleted: from now on nobody is told anything, and the views rest. Gives the followers there are, and in how many parts each is. */
  async retire(): Promise<Router["followers"]> {
    this.#isRetired = true;
    this.ctx.storage.kv.put(RETIRED, true);
    await this.ctx.storage.deleteAlarm();
    await Promise.all([this.#moving, this.#routing]);
    return this.#router.followers;
  }

  /** Once it has retired and its followers have forgotten: nothing is left but that it has. */
  async forget(): Promise<void> {
    await forgetAll(this.ctx);
    this.ctx.storage.kv.put(RETIRED, true);
  }

  /** There is something to build or to move: the alarm sees to it, at once. */
  async wake(): Promise<void> {
    // Also where an alarm is set already: it may be minutes away.
    this.#isArmed = false;
    await this.#arm(SOON);
  }

  /** How far the log is, as far as this object was told. */
  head(): number {
    return this.#head;
  }

  /** Opens a socket that rings with the log's position whenever it grows. Only the platform itself calls this. */
  override async fetch(): Promise<Response> {
    this.#heard(await this.#ports.head(this.ctx.id.name ?? ""));
    return this.#bell.connect(this.#head);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1006 ? 1000 : code);
  }

  /** Takes one of the places that the tenant has for subscriptions; whose tenant is deleted gets none. */
  takePlace(asked: PlaceAsked): PlaceAnswered {
    return this.#isRetired ? { kind: "full", unlisted: [] } : takePlace(this.ctx.storage, asked, this.#ports.now());
  }

  /** These subscriptions are not there (any more). */
  leavePlaces(ids: readonly string[]): void {
    if (!this.#isRetired) leavePlaces(this.ctx.storage, ids);
  }

  /** Makes a ticket that opens one connection within 60 seconds, for clients that cannot send headers; once for each key. */
  issueTicket(holder: TicketHolder, idempotency?: IdempotencyKey): Issued | Refusal {
    return issueTicket(this.ctx.storage, holder, this.#ports.now(), idempotency);
  }

  /** Who a ticket was made for that is good still; it stays so. */
  ticketHolder(ticket: string): TicketHolder | undefined {
    return ticketHolder(this.ctx.storage, ticket, this.#ports.now());
  }

  /** Who a ticket was made for; undefined where it was used, is too old, or never was. */
  redeemTicket(ticket: string): TicketHolder | undefined {
    return redeemTicket(this.ctx.storage, ticket, this.#ports.now());
  }

  override async alarm(): Promise<void> {
    this.#isArmed = false;
    if (this.#isRetired) return;
    let isSettled = false;
    try {
      this.#heard(await this.#ports.head(this.ctx.id.name ?? ""));
      const before = this.#views;
      // Who set the alarm may know of something that a move under way has not seen. And what was new once is read, not remembered.
      await this.#moving;
      this.#isAnew = true;
      this.#fresh.clear();
      await this.#moveAll();
      if (!this.#hasFailed && (this.#views > before || this.#isBuilding)) this.#patience = SOON;
      isSettled = this.#isThere(this.#head) && !this.#isBuilding && !this.#hasFailed;
    } catch (fault) {
      console.warn("dispatcher: will look again", this.ctx.id.name, String(fault));
    }
    if (!isSettled) await this.#arm();
    this.#patience = isSettled || this.#patience === SOON ? FIRST_LOOK : Math.min(this.#patience * 2, LONGEST_PATIENCE);
  }

  /** Whoever tells of it, whoever listens is told. */
  #heard({ position, epoch }: LogHead): void {
    if (epoch !== this.#epoch && this.#epoch !== "") {
      // Another log stands in its place. What is known is of the one before: the views look anew, and say that they stop.
      this.#head = 0;
      this.#views = 0;
      this.#isAnew = true;
    }
    if (epoch !== "") this.#epoch = epoch;
    if (position <= this.#head) return;
    this.#head = position;
    this.#bell.ring(position);
  }

  /**
   * What has come in where somebody has been already either took long to be told of, or the log was set back and grows again: then who
   * follows it is not where it seems. The log is asked; until it outgrew what it was, nobody else would notice.
   */
  async #doubtWhereOld([first]: readonly LoggedPage[]): Promise<void> {
    if (first === undefined || (first.after >= this.#views && first.after >= this.#router.position)) return;
    this.#head = 0;
    this.#views = 0;
    this.#isAnew = true;
    this.#router.doubt();
    this.#heard(await this.#ports.head(this.ctx.id.name ?? ""));
  }

  /** Whether the views are there, and all followers were told. */
  #isThere(position: number): boolean {
    return this.#views >= position && this.#router.hasRouted(position, this.#epoch);
  }

  async #moveAll(): Promise<void> {
    await Promise.all([this.#move(), this.#route()]);
    this.#fresh.forget(Math.min(this.#views, this.#router.position));
  }

  /** Tells the followers of what is new, up to the head, whoever asks. Never rejects. */
  #route(): Promise<void> {
    if (this.#isRetired) return Promise.resolve();
    this.#routing ??= this.#routeAll().finally(() => (this.#routing = undefined));
    return this.#routing;
  }

  async #routeAll(): Promise<void> {
    try {
      while (!this.#router.hasRouted(this.#head, this.#epoch)) {
        const before = this.#head;
        await this.#router.route((position) => this.#fresh.after(position));
        // Only where the log has grown meanwhile there may be more.
        if (this.#head === before) return;
      }
    } catch (fault) {
      console.warn("dispatcher: followers will be told later", this.ctx.id.name, String(fault));
    }
  }

  /** Moves the views towards the head, whoever asks: those that come while it goes on wait for the same work. Never rejects. */
  #move(): Promise<void> {
    if (this.#isRetired) return Promise.resolve();
    this.#moving ??= this.#moveViews().finally(() => (this.#moving = undefined));
    return this.#moving;
  }

  async #moveViews(): Promise<void> {
    try {
      for (let before = -1; (before < this.#head || this.#isAnew) && !this.#isRetired;) {
        before = this.#head;
        const isAnew = this.#isAnew;
        this.#isAnew = false;
        const { position, isBuilding } = await this.#ports.advanceViews(this.ctx.id.name ?? "", { fresh: (after) => this.#fresh.after(after), isAnew });
        // Doubted meanwhile: what was found may be of the log before.
        if (this.#isAnew) continue;
        this.#views = Math.max(this.#views, position);
        this.#isBuilding = isBuilding;
        this.#hasFailed = false;
        if (isBuilding) await this.#arm(SOON);
        // Only where the log has grown meanwhile there may be more.
        if (this.#views >= this.#head) return;
      }
    } catch (fault) {
      this.#hasFailed = true;
      // While they cannot be moved, as long as that takes, nothing is gathered for them.
      this.#fresh.clear();
      console.warn("dispatcher: the views will be moved later", this.ctx.id.name, String(fault));
    }
  }

  async #arm(patience = this.#patience): Promise<void> {
    if (this.#isArmed || this.#isRetired) return;
    this.#isArmed = true;
    await this.ctx.storage.setAlarm(this.#ports.now() + patience);
  }
}
