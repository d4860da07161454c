import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkDeliveries } from "../../src/testing/history/check-deliveries.ts";
import type { Delivered, DeliveryHistory } from "../../src/testing/history/delivery-history.ts";
import { DELIVERY_VIOLATION_KINDS, type DeliveryViolationKind } from "../../src/testing/history/delivery-violation.ts";
import type { FinalEvent } from "../../src/testing/history/final-state.ts";
import { chance } from "../support/chance.ts";

/** The log: a-1, b-1, a-2, b-2, a-3 as positions 1 to 5. */
const LOG: readonly FinalEvent[] = ["a", "b", "a", "b", "a"].map((stream, index) => ({
  id: `id-${index + 1}`,
  stream: `note-${stream}`,
  version: 1 + Math.floor(index / 2),
  position: index + 1,
  type: "notes.Written",
  recorded: "2026-11-20T10:00:00.000Z",
  hash: `sha256:${index + 1}`,
  previousHash: "sha256:0",
  dataHash: "sha256:d",
}));

const event = (position: number): FinalEvent => LOG[position - 1] as FinalEvent;

interface Got {
  readonly to?: string;
  readonly replay?: string;
  readonly isRefused?: true;
}

/** A run as its receivers noted it; all requests one after the other, unless a test says otherwise. */
class Run {
  deliveries: Delivered[] = [];
  deadLetters: DeliveryHistory["deadLetters"][number][] = [];
  readonly replays: NonNullable<DeliveryHistory["replays"]> = [{ id: "again", subscription: "all", from: 2, to: 4, order: "log" }];
  readonly subscriptions: DeliveryHistory["subscriptions"] = [
    { id: "all", order: "stream", after: 0, maxAttempts: 3, wants: () => true },
    { id: "late", order: "none", after: 2, maxAttempts: 3, wants: ({ stream }) => stream === "note-a" },
    { id: "stuck", order: "stream", after: 0, maxAttempts: 3, wants: ({ stream }) => stream === "note-a" },
  ];
  #moment = 0;

  constructor() {
    for (const position of [1, 2, 3, 4]) this.give(position);
    this.give(5, { isRefused: true }).give(5).give(2);
    this.give(5, { to: "late" }).give(3, { to: "late" });
    for (const position of [2, 3, 4]) this.give(position, { replay: "again" });
    this.give(1, { to: "stuck" });
    for (let attempt = 0; attempt < 3; attempt++) this.give(3, { to: "stuck", isRefused: true });
    this.deadLetters.push({ subscription: "stuck", stream: "note-a", position: 3, attempts: 3 });
  }

  give(position: number, { to = "all", replay, isRefused }: Got = {}): this {
    const { stream, version, id, hash } = event(position);
    const arrived = this.#moment++;
    const taken = isRefused ? {} : { accepted: this.#moment++ };
    this.deliveries.push({ subscription: to, stream, version, position, id, hash, arrived, ...taken, ...(replay !== undefined && { replay }) });
    return this;
  }

  /** Takes out what one got of a position. */
  lose(position: number, { to = "all", replay }: Got = {}): void {
    this.deliveries = this.deliveries.filter((one) => one.subscription !== to || one.position !== position || one.replay !== replay);
  }

  get history(): DeliveryHistory {
    const { subscriptions, deliveries, deadLetters, replays } = this;
    return { log: LOG, subscriptions, deliveries, deadLetters, replays };
  }
}

interface Planted {
  readonly kind: DeliveryViolationKind;
  readonly what: string;
  plant(run: Run): void;
  readonly says: RegExp;
  readonly also?: readonly DeliveryViolationKind[];
}

const PLANTED: readonly Planted[] = [
  {
    kind: "delivery-lost",
    what: "an event never came",
    plant: (run) => run.lose(4),
    says: /^all never accepted note-b@2 \(position 4\), after 0 attempts\.$/,
  },
  {
    kind: "delivery-lost",
    what: "an event came, but was refused each time",
    plant(run) {
      run.lose(3, { to: "late" });
      run.give(3, { to: "late", isRefused: true }).give(3, { to: "late", isRefused: true });
    },
    says: /^late never accepted note-a@2 \(position 3\), after 2 attempts\.$/,
  },
  {
    kind: "delivery-order",
    what: "a stream's next event comes before its predecessor",
    plant(run) {
      run.lose(2);
      run.give(2);
    },
    says: /^all was sent note-b@2 \(position 4\) at 6; note-b@1 \(position 2\) before it was accepted at \d+\.$/,
  },
  {
    kind: "delivery-order",
    what: "two of a stream are on their way at once",
    plant(run) {
      const [first, , second] = run.deliveries as [Delivered, Delivered, Delivered];
      run.deliveries[0] = { ...first, accepted: second.arrived + 0.5 };
    },
    says: /^all was sent note-a@2 \(position 3\) at 4; note-a@1 \(position 1\) before it was accepted at 4\.5\.$/,
  },
  {
    kind: "delivery-order",
    what: "the predecessor was lost, and the next event sent all the same",
    plant: (run) => run.lose(1),
    says: /^all was sent note-a@2 \(position 3\) at 4; note-a@1 \(position 1\) before it was never accepted\.$/,
    also: ["delivery-lost"],
  },
  {
    kind: "delivery-unwanted",
    what: "an event of another stream is delivered",
    plant: (run) => run.give(4, { to: "late" }),
    says: /^late was sent note-b@2 \(position 4\), which it does not want\.$/,
  },
  {
    kind: "delivery-unwanted",
    what: "an event from before its beginning is delivered",
    plant: (run) => run.give(1, { to: "late" }),
    says: /^late was sent note-a@1 \(position 1\), which it does not want\.$/,
  },
  {
    kind: "delivery-differs",
    what: "what is sent is not what the log has",
    plant: (run) => Object.assign(run.deliveries[2] ?? {}, { hash: "sha256:other" }),
    says: /^all was sent note-a@2 id-3 sha256:other as position 3; the log has note-a@2 id-3 sha256:3 there\.$/,
  },
  {
    kind: "delivery-differs",
    what: "what is sent is nowhere in the log",
    plant: (run) => Object.assign(run.deliveries.at(-1) ?? {}, { position: 9 }),
    says: /^stuck was sent note-a@2 id-3 sha256:3 as position 9; the log has nothing there\.$/,
    also: ["delivery-unwanted"],
  },
  {
    kind: "parked-accepted",
    what: "what was accepted is parked",
    plant: (run) => run.give(3, { to: "stuck" }),
    says: /^stuck has position 3 of note-a parked, which was accepted at \d+\.$/,
  },
  {
    kind: "parked-early",
    what: "an event is given up before its attempts are over",
    plant: (run) => Object.assign(run.deadLetters[0] ?? {}, { attempts: 2 }),
    says: /^stuck has position 3 of note-a parked after 2 attempts, where 3 are expected\.$/,
  },
  {
    kind: "parked-unwanted",
    what: "what it does not want is parked",
    plant: (run) => void run.deadLetters.push({ subscription: "stuck", stream: "note-b", position: 2, attempts: 3 }),
    says: /^stuck has position 2 of note-b parked, which it does not want\.$/,
  },
  {
    kind: "parked-overtaken",
    what: "what waits behind a parked event is delivered",
    plant: (run) => run.give(5, { to: "stuck" }),
    says: /^stuck was sent note-a@3 \(position 5\) while note-a@2 \(position 3\) before it is parked\.$/,
  },
  {
    kind: "replay-lost",
    what: "a replay leaves an event out",
    plant: (run) => run.lose(3, { replay: "again" }),
    says: /^The replay again never had note-a@2 \(position 3\) accepted, after 0 attempts\.$/,
    also: ["replay-order"],
  },
  {
    kind: "replay-order",
    what: "a replay gives an event too early",
    plant(run) {
      run.lose(2, { replay: "again" });
      run.give(2, { replay: "again" });
    },
    says: /^The replay again gave note-a@2 \(position 3\) before note-b@1 \(position 2\) was accepted\.$/,
  },
  {
    kind: "replay-unwanted",
    what: "a replay goes beyond its end",
    plant: (run) => run.give(5, { replay: "again" }),
    says: /^The replay again gave note-a@3 \(position 5\), which is no part of it\.$/,
  },
];

describe("a planted violation is found and named", () => {
  test.each(PLANTED)("$kind: $what", ({ plant, kind, also = [], says }) => {
    const run = new Run();
    plant(run);
    const found = checkDeliveries(run.history);
    expect([...new Set(found.map((each) => each.kind))].toSorted()).toEqual([kind, ...also].toSorted());
    expect(found.filter((each) => each.kind === kind).map(({ message }) => message)).toContainEqual(expect.stringMatching(says));
  });

  test("and there is a planting of every kind", () => {
    const planted = new Set(PLANTED.map(({ kind }) => kind));
    expect(DELIVERY_VIOLATION_KINDS.filter((kind) => !planted.has(kind))).toEqual([]);
  });
});

describe("a history that is as promised", () => {
  test("has no violations, though events come again, fail, and wait behind a parked one", () => {
    expect(checkDeliveries(new Run().history)).toEqual([]);
  });

  test("has none when what was parked is redriven, and then what waited", () => {
    const run = new Run();
    run.deadLetters = [];
    run.give(3, { to: "stuck" }).give(5, { to: "stuck" });
    expect(checkDeliveries(run.history)).toEqual([]);
  });

  test("has none whatever is refused and repeated, as long as each stream goes on only after its last event was accepted", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = chance(seed);
        const run = new Run();
        run.lose(1);
        for (const position of [2, 3, 4, 5]) run.lose(position);
        const waiting = Map.groupBy(LOG, ({ stream }) => stream);
        const done: number[] = [];
        while (waiting.size > 0) {
          const stream = random.pick([...waiting.keys()]);
          const { position = 0 } = waiting.get(stream)?.at(0) ?? ({} as FinalEvent);
          if (done.length > 0 && random.once(4)) run.give(random.pick(done));
          run.give(position, random.once(3) ? { isRefused: true } : {});
          if (run.deliveries.at(-1)?.accepted === undefined) continue;
          done.push(position);
          waiting.get(stream)?.shift();
          if (waiting.get(stream)?.length === 0) waiting.delete(stream);
        }
        expect(checkDeliveries(run.history)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
