import { checkReplay } from "./check-replay.ts";
import type { Delivered, DeliveryHistory, Parked, Subscribed } from "./delivery-history.ts";
import type { DeliveryViolation, DeliveryViolationKind } from "./delivery-violation.ts";
import { type FinalEvent, nameOf } from "./final-state.ts";

/**
 * Holds what receivers got against the log: each subscription got every event that it wants at least once and nothing else, none of a
 * stream before its predecessor was taken, and given up is only what was tried often enough. Pure; none for a run that is as promised.
 */
export function checkDeliveries(history: DeliveryHistory): readonly DeliveryViolation[] {
  const { log, subscriptions, deliveries, deadLetters, replays = [] } = history;
  const events = new Map(log.map((event) => [event.position ?? 0, event]));
  const live = Map.groupBy(
    deliveries.filter(({ replay }) => replay === undefined),
    ({ subscription }) => subscription,
  );
  return [
    ...deliveries.flatMap((delivery) => checkEvent(delivery, events)),
    ...subscriptions.flatMap((subscription) => {
      const parked = deadLetters.filter((letter) => letter.subscription === subscription.id);
      return checkOne({ subscription, wanted: wantedBy(subscription, log), got: live.get(subscription.id) ?? [], parked });
    }),
    ...replays.flatMap((replay) => {
      const subscription = subscriptions.find(({ id }) => id === replay.subscription);
      const wanted = log.filter((event) => subscription?.wants(event));
      return checkReplay(
        replay,
        wanted,
        deliveries.filter((delivery) => delivery.replay === replay.id),
      );
    }),
  ];
}

/** What was sent is what the log has. */
function checkEvent(delivery: Delivered, events: ReadonlyMap<number, FinalEvent>): readonly DeliveryViolation[] {
  const event = events.get(delivery.position);
  const got = `${nameOf(delivery)} ${delivery.id} ${delivery.hash}`;
  const expected = event === undefined ? "nothing" : `${nameOf(event)} ${event.id} ${event.hash}`;
  if (got === expected) return [];
  return [{ kind: "delivery-differs", message: `${delivery.subscription} was sent ${got} as position ${delivery.position}; the log has ${expected} there.` }];
}

interface One {
  readonly subscription: Subscribed;
  /** In the order of positions. */
  readonly wanted: readonly FinalEvent[];
  readonly got: readonly Delivered[];
  readonly parked: readonly Parked[];
}

function wantedBy({ after, wants }: Subscribed, log: readonly FinalEvent[]): readonly FinalEvent[] {
  return log.filter((event) => (event.position ?? 0) > after && wants(event));
}

function checkOne(one: One): readonly DeliveryViolation[] {
  const { subscription, wanted, got, parked } = one;
  const positions = new Set(wanted.map(({ position }) => position));
  const unwanted = new Set(got.filter(({ position }) => !positions.has(position)));
  const keyOf = ({ stream, position }: { readonly stream: string; readonly position?: number }) => (subscription.order === "stream" ? stream : `#${position}`);
  const attempts = Map.groupBy(got, ({ position }) => position);
  const lines = [...Map.groupBy(wanted, keyOf).values()];
  return [
    ...[...unwanted].map((delivery) => told("delivery-unwanted", subscription, `was sent ${at(delivery)}, which it does not want.`)),
    ...parked.flatMap((letter) => checkLetter(subscription, letter, positions, attempts.get(letter.position) ?? [])),
    ...lines.flatMap((line) => checkLine(one, line, attempts)),
  ];
}

/** Given up is what was wanted, tried as often as was said, and never taken. */
function checkLetter(
  subscription: Subscribed,
  letter: Parked,
  wanted: ReadonlySet<number | undefined>,
  attempts: readonly Delivered[],
): readonly DeliveryViolation[] {
  const where = `position ${letter.position} of ${letter.stream}`;
  const violations: DeliveryViolation[] = [];
  if (!wanted.has(letter.position)) violations.push(told("parked-unwanted", subscription, `has ${where} parked, which it does not want.`));
  const taken = attempts.find(({ accepted }) => accepted !== undefined);
  if (taken !== undefined) violations.push(told("parked-accepted", subscription, `has ${where} parked, which was accepted at ${taken.accepted}.`));
  if (letter.attempts < subscription.maxAttempts) {
    violations.push(
      told("parked-early", subscription, `has ${where} parked after ${letter.attempts} attempts, where ${subscription.maxAttempts} are expected.`),
    );
  }
  return violations;
}

/** Events of which none may overtake another: those of a stream; without order, one alone. */
function checkLine(
  { subscription, parked }: One,
  line: readonly FinalEvent[],
  attempts: ReadonlyMap<number, readonly Delivered[]>,
): readonly DeliveryViolation[] {
  const violations: DeliveryViolation[] = [];
  let before: { readonly event: FinalEvent; readonly accepted: number } | undefined;
  let held: FinalEvent | undefined;
  for (const event of line) {
    const tried = attempts.get(event.position ?? 0) ?? [];
    const first = tried[0]?.arrived;
    const accepted = Math.min(...tried.map((delivery) => delivery.accepted ?? Infinity));
    if (held !== undefined) {
      if (first !== undefined) violations.push(told("parked-overtaken", subscription, `was sent ${at(event)} while ${at(held)} before it is parked.`));
      continue;
    }
    if (before !== undefined && first !== undefined && first < before.accepted) {
      const taken = before.accepted === Infinity ? "was never accepted" : `was accepted at ${before.accepted}`;
      violations.push(told("delivery-order", subscription, `was sent ${at(event)} at ${first}; ${at(before.event)} before it ${taken}.`));
    }
    if (parked.some(({ position }) => position === event.position)) held = event;
    else if (accepted === Infinity) violations.push(told("delivery-lost", subscription, `never accepted ${at(event)}, after ${tried.length} attempts.`));
    before = { event, accepted };
  }
  return violations;
}

const at = (event: { readonly stream: string; readonly version: number; readonly position?: number }): string =>
  `${nameOf(event)} (position ${event.position})`;

function told(kind: DeliveryViolationKind, { id }: Subscribed, what: string): DeliveryViolation {
  return { kind, message: `${id} ${what}` };
}
