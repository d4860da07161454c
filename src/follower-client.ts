import type { FollowerStanding } from "../durable-objects/follower/contract.ts";
import type { FollowerObject } from "../durable-objects/follower.ts";
import { dispatcherFor, followerFor } from "../durable-objects/object-for.ts";
import type { FollowerClient } from "./api/follower-client.ts";
import type { Composed } from "./follower-parts.ts";
import { definitionOf, type FollowerName, partitionsOfSink, refOf } from "./followers-composed.ts";
import { MAX_KEPT_BODY } from "./kernel/index.ts";

/** Attempts that are shown of a follower. */
const SHOWN = 50;

/** A follower as the API reaches it: all its partitions as one. */
export function followerClient(composed: Composed, name: FollowerName): FollowerClient {
  const dispatcher = dispatcherFor(composed.env, name.tenant);
  const partition = (partition: number): DurableObjectStub<FollowerObject> => followerFor(composed.env, { ...name, partition });
  return {
    told: async () => dispatcher.learn(refOf(name)),
    async standing() {
      const [definition, head] = await Promise.all([definitionOf(composed, name), dispatcher.routed()]);
      const partitions = definition === undefined ? 1 : partitionsOfSink(definition);
      const standings = await Promise.all(Array.from({ length: partitions }, async (_, index) => (await partition(index).standing(head)) as FollowerStanding));
      return { ...standings.reduce(joined), head };
    },
    async lease(limit, leaseMs) {
      const leased = await partition(0).lease(limit, leaseMs);
      if ("refused" in leased) throw new RangeError(leased.refused);
      return leased;
    },
    acknowledge: async (positions) => ({ acknowledged: await partition(0).acknowledge(positions) }),
    refuse: async (positions, reason) => ({ refused: await partition(0).refuse(positions, reason) }),
    async test(event) {
      const at = new Date(composed.now()).toISOString();
      const { outcome, durationMs } = await partition(0).tryOut(event);
      const { status = null, body } = outcome;
      const error = outcome.kind === "delivered" ? null : outcome.error;
      return { outcome: outcome.kind, attempt: { at, status, error, durationMs, ...(body !== undefined && { body: body.slice(0, MAX_KEPT_BODY) }) } };
    },
  };
}

/** Two partitions as one: the follower is as far as the last of them, and as ill as the worst. */
function joined(one: FollowerStanding, other: FollowerStanding): FollowerStanding {
  const worst = <State extends string>(order: readonly State[], ...states: readonly State[]): State => order.find((state) => states.includes(state)) as State;
  return {
    position: Math.min(one.position, other.position),
    isIdle: one.isIdle && other.isIdle,
    state: worst(["stopped", "disabled", "paused", "active"], one.state, other.state),
    reason: one.reason ?? other.reason,
    counts: {
      delivered: one.counts.delivered + other.counts.delivered,
      failed: one.counts.failed + other.counts.failed,
      parked: one.counts.parked + other.counts.parked,
    },
    retrying: one.retrying + other.retrying,
    parked: one.parked + other.parked,
    attempts: [...one.attempts, ...other.attempts].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, SHOWN),
    health: worst(["failing", "degraded", "healthy"], one.health, other.health),
    replays: one.replays.map((replay) => {
      const twin = other.replays.find(({ id }) => id === replay.id) ?? replay;
      return {
        ...replay,
        position: Math.min(replay.position, twin.position),
        delivered: replay.delivered + (twin === replay ? 0 : twin.delivered),
        state: worst(["stopped", "running", "done"], replay.state, twin.state),
      };
    }),
    redrives: one.redrives.map((redrive) => {
      const twin = other.redrives.find(({ id }) => id === redrive.id) ?? redrive;
      const isSame = twin === redrive;
      return {
        ...redrive,
        delivered: redrive.delivered + (isSame ? 0 : twin.delivered),
        left: redrive.left + (isSame ? 0 : twin.left),
        state: worst(["stopped", "running", "done"], redrive.state, twin.state),
      };
    }),
  };
}
