import { NO_ATTEMPTS } from "./attempts.ts";
import type { FollowerDefinition, FollowerStanding } from "./contract.ts";
import type { FollowerStore } from "./follower-store.ts";
import type { Leases } from "./leases.ts";
import type { Pump } from "./pump.ts";
import { shownRedrives } from "./redrives.ts";
import { shownReplays } from "./replays.ts";

/** What a follower's object knows of itself. */
export interface Known {
  readonly store: FollowerStore;
  /** Undefined where there is no such follower. */
  readonly definition: FollowerDefinition | undefined;
  /** Undefined also in an object that has only been looked at. */
  readonly pump: Pump | undefined;
  readonly leases: Leases | undefined;
  readonly hasBegun: boolean;
  /** Nothing goes on in it, and nothing is due. */
  readonly isAtRest: boolean;
  /** The dispatcher has told it of everything up to here. */
  readonly routed: number;
}

/** How a follower stands, for those who ask. Writes nothing. */
export function standingOf({ store, definition, pump, leases, hasBegun, isAtRest, routed }: Known): FollowerStanding {
  const { cursor, lanes } = store;
  const parked = [...lanes.values()].filter(({ state }) => state === "parked").length;
  const retrying = lanes.size - parked;
  const { counts, recent, isFailing } = pump?.attempts ?? { ...(cursor ?? NO_ATTEMPTS), recent: cursor?.attempts ?? [] };
  const own = leases?.position ?? pump?.position ?? cursor?.position ?? definition?.after ?? 0;
  const stopped = cursor?.stopped ?? null;
  const status = definition?.status ?? "disabled";
  const isIdle = status === "active" && definition?.sink !== "pull" && (isAtRest || !hasBegun);
  // Nothing up to there was for one that nobody has woken: also while it is paused, for what comes then is what it will begin with.
  const isThere = (isIdle && stopped === null) || (definition !== undefined && !hasBegun);
  return {
    position: isThere ? Math.max(own, routed) : own,
    isIdle,
    state: status === "active" ? (stopped === null ? "active" : "stopped") : status === "deleted" ? "disabled" : status,
    reason: stopped?.reason ?? null,
    counts,
    retrying,
    parked,
    attempts: recent,
    health: isFailing || stopped !== null ? "failing" : retrying + parked > 0 ? "degraded" : "healthy",
    replays: shownReplays(store),
    redrives: shownRedrives(store),
  };
}
