import { DEFAULT_TENANT } from "../kernel/index.ts";
import { BELIEVED } from "./believed.ts";
import type { TenantState } from "./tenant.ts";

/** How long (milliseconds) those who work for a suspended tenant wait until they look again: as long as it has been suspended, within these. */
const SHORTEST = 5_000;
const LONGEST = 300_000;
/** How long (milliseconds) those who write for a tenant whose quota is full wait until they look again; until midnight (UTC), if that is sooner. */
const LOOK_FOR_ROOM = 60_000;
const DAY = 86_400_000;
/** Tenants that are remembered at most; the oldest goes first. */
const MOST = 10_000;

/** What a tenant's followers go by. `isFull`: its log may take no more for now; asked of those only who write. */
export type Standing = Pick<TenantState, "isSuspended" | "since"> & { readonly isFull?: boolean };

/**
 * Whether followers and sagas of a tenant are to rest, for it is suspended or, where they write, its quota is full. Looked up for those only who have something to do, and believed for
 * five seconds, by all objects in an isolate: what is kept is values, for one object may not wait for what another has asked.
 */
export class Resting {
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly since: number; readonly state: Standing }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Until when (milliseconds since 1970) nothing is to be done for a tenant; 0 where there is no reason to rest, and where nobody can say. */
  until(tenant: string, read: () => Promise<Standing>): number | Promise<number> {
    if (tenant === DEFAULT_TENANT) return 0;
    const known = this.#known.get(tenant);
    return known !== undefined && this.#now() - known.since < BELIEVED ? this.#untilOf(known.state) : this.#look(tenant, read);
  }

  async #look(tenant: string, read: () => Promise<Standing>): Promise<number> {
    const since = this.#now();
    try {
      const state = await read();
      this.#known.delete(tenant);
      this.#known.set(tenant, { since, state });
      const [oldest] = this.#known.keys();
      if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
      return this.#untilOf(state);
    } catch (fault) {
      // A tenant is suspended now and then, and a look may fail at any time: what cannot be asked stops nobody's work.
      console.warn("resting: a tenant could not be looked at", tenant, String(fault));
      return 0;
    }
  }

  #untilOf({ isSuspended, since, isFull = false }: Standing): number {
    const now = this.#now();
    if (!isSuspended) return isFull ? Math.min(now + LOOK_FOR_ROOM, now - (now % DAY) + DAY) : 0;
    return now + Math.min(Math.max(now - Date.parse(since ?? new Date(now).toISOString()), SHORTEST), LONGEST);
  }
}
