import { describe, expect, test } from "vitest";
import { Attempts, NO_ATTEMPTS } from "../../../durable-objects/follower/attempts.ts";
import type { FollowerDefinition, FollowerPorts } from "../../../durable-objects/follower/contract.ts";
import { Pace } from "../../../durable-objects/follower/pace.ts";
import type { LoggedEvent } from "../../../src/kernel/index.ts";

const MINUTE = 60_000;

/** When so many attempts are made, each as soon as it may be. */
function times(wanted: { readonly ratePerMinute?: number; readonly concurrency: number }, count: number): readonly number[] {
  const pace = new Pace();
  let now = 1_000_000;
  return Array.from({ length: count }, () => {
    for (let next = pace.next(wanted, now); next > now; next = pace.next(wanted, now)) now = next;
    return now - 1_000_000;
  });
}

describe("the pace that a sink wants", () => {
  test("is kept: no more in a minute, and then at once as many again", () => {
    expect(times({ ratePerMinute: 2, concurrency: 6 }, 5)).toEqual([0, 0, MINUTE, MINUTE, 2 * MINUTE]);
  });

  test("is shared by the partitions, also where one has less than one a minute", () => {
    expect(times({ ratePerMinute: 10, concurrency: 12 }, 6)).toEqual([0, 0, 0, 0, 0, MINUTE]);
    expect(times({ ratePerMinute: 3, concurrency: 12 }, 3)).toEqual([0, 40_000, 80_000]);
    expect(times({ ratePerMinute: 1, concurrency: 60 }, 3)).toEqual([0, 10 * MINUTE, 20 * MINUTE]);
  });

  test("is none where it says nothing", () => {
    expect(times({ concurrency: 6 }, 100)).toEqual(Array.from({ length: 100 }, () => 0));
  });
});

test("an attempt above the pace is not made: it is refused until its time, and the sink hears nothing", async () => {
  const definition = { concurrency: 6, ratePerMinute: 1, sink: "push" } as FollowerDefinition;
  let now = 5;
  let delivered = 0;
  const ports = {
    restsUntil: () => 0,
    now: () => now,
    deliver: async () => {
      delivered++;
      return { kind: "delivered" };
    },
  } as unknown as FollowerPorts;
  const attempts = new Attempts({ tenant: "t", kind: "subscription", id: "s", partition: 0 }, ports, NO_ATTEMPTS);
  const event = { position: 1, stream: "note-1", type: "notes.Written" } as LoggedEvent;
  const attempt = async () => (await attempts.try(definition, { event, attempt: 1 })).kind;
  expect([await attempt(), await attempt(), delivered, attempts.openUntil]).toEqual(["tried", "refused", 1, MINUTE + 5]);
  now = MINUTE + 5;
  expect([await attempt(), delivered]).toEqual(["tried", 2]);
});
