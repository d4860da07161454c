import type { Delivered, Replayed } from "./delivery-history.ts";
import type { DeliveryViolation } from "./delivery-violation.ts";
import { type FinalEvent, nameOf } from "./final-state.ts";

/** A replay gives all that its subscription wants from its first position to its last, in order, and nothing else. */
export function checkReplay(replay: Replayed, wanted: readonly FinalEvent[], got: readonly Delivered[]): readonly DeliveryViolation[] {
  const { id, from, to, order } = replay;
  const meant = wanted.filter(({ position = 0 }) => position >= from && position <= to);
  const positions = new Set(meant.map(({ position }) => position));
  const attempts = Map.groupBy(got, ({ position }) => position);
  const violations: DeliveryViolation[] = got
    .filter(({ position }) => !positions.has(position))
    .map((delivery) => ({
      kind: "replay-unwanted",
      message: `The replay ${id} gave ${nameOf(delivery)} (position ${delivery.position}), which is no part of it.`,
    }));
  for (const line of Map.groupBy(meant, ({ stream }) => (order === "log" ? "" : stream)).values()) {
    let before = { name: "", accepted: -Infinity };
    for (const event of line) {
      const tried = attempts.get(event.position ?? 0) ?? [];
      const name = `${nameOf(event)} (position ${event.position})`;
      const accepted = Math.min(...tried.map((delivery) => delivery.accepted ?? Infinity));
      const arrived = tried[0]?.arrived ?? Infinity;
      if (arrived < before.accepted) violations.push({ kind: "replay-order", message: `The replay ${id} gave ${name} before ${before.name} was accepted.` });
      if (accepted === Infinity)
        violations.push({ kind: "replay-lost", message: `The replay ${id} never had ${name} accepted, after ${tried.length} attempts.` });
      before = { name, accepted };
    }
  }
  return violations;
}
