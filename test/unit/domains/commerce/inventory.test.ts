import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Inventory, inventory, inventoryEvents } from "../../../../src/domains/commerce/index.ts";
import type { NewFact } from "../../../../src/kernel/index.ts";
import { given } from "../../../../src/testing/index.ts";
import { COUNTS, inventoryCommands } from "./support/commands.ts";
import { logOf } from "./support/laws.ts";

const received = (quantity: number) => inventoryEvents.StockReceived({ quantity });
const reserved = (orderId: string, quantity: number) => inventoryEvents.StockReserved({ orderId, quantity });
const released = (orderId: string, quantity: number) => inventoryEvents.StockReleased({ orderId, quantity });
const committed = (orderId: string, quantity: number) => inventoryEvents.StockCommitted({ orderId, quantity });
const returned = (orderId: string, quantity: number) => inventoryEvents.StockReturned({ orderId, quantity });
const adjusted = (delta: number) => inventoryEvents.StockAdjusted({ delta, reason: "count" });
const thresholdSet = (threshold: number) => inventoryEvents.LowStockThresholdSet({ threshold });
const low = (available: number, threshold: number) => inventoryEvents.LowStockReached({ available, threshold });

describe("Receive", () => {
  test("adds to what is available; a second delivery of as much adds again", () => {
    given(inventory).when("Receive", { quantity: 5 }).then(received(5)).thenState({ available: 5, reserved: 0, reservations: {}, isSaidLow: false });
    given(inventory, received(5)).when("Receive", { quantity: 5 }).then(received(5));
  });

  test.each([0, -1, 1.5, 1_000_001])("is of a number of pieces, not of %d", (quantity) => {
    expect(inventory.commands["Receive"]?.safeParse({ quantity }).success).toBe(false);
  });
});

describe("Reserve", () => {
  test("keeps goods for an order, once", () => {
    given(inventory, received(5))
      .when("Reserve", { orderId: "o1", quantity: 3 })
      .then(reserved("o1", 3))
      .thenState({ available: 2, reserved: 3, reservations: { o1: 3 }, isSaidLow: false })
      .thenOnce();
  });

  test("may take the last piece, and not one more", () => {
    given(inventory, received(5)).when("Reserve", { orderId: "o1", quantity: 5 }).then(reserved("o1", 5));
    given(inventory, received(5)).when("Reserve", { orderId: "o1", quantity: 6 }).thenRejected("insufficient_stock");
    given(inventory, received(5), reserved("o1", 3)).when("Reserve", { orderId: "o2", quantity: 3 }).thenRejected("insufficient_stock");
  });

  test("of what nobody ever received is refused", () => {
    given(inventory).when("Reserve", { orderId: "o1", quantity: 1 }).thenRejected("insufficient_stock");
  });

  test("of another quantity for the same order is refused", () => {
    given(inventory, received(9), reserved("o1", 3)).when("Reserve", { orderId: "o1", quantity: 4 }).thenRejected("already_reserved");
  });

  test("decides nothing for an order that has reserved as much, though nothing is left", () => {
    given(inventory, received(3), reserved("o1", 3)).when("Reserve", { orderId: "o1", quantity: 3 }).then();
  });

  test("is possible again after a release", () => {
    given(inventory, received(3), reserved("o1", 3), released("o1", 3)).when("Reserve", { orderId: "o1", quantity: 2 }).then(reserved("o1", 2)).thenOnce();
  });
});

describe("Release", () => {
  test("gives back what an order had reserved, once", () => {
    given(inventory, received(5), reserved("o1", 3), reserved("o2", 1))
      .when("Release", { orderId: "o1" })
      .then(released("o1", 3))
      .thenState({ available: 4, reserved: 1, reservations: { o2: 1 }, isSaidLow: false })
      .thenOnce();
  });

  test.each(["o2", "constructor", "__proto__", "toString"])("of the order %s, which has reserved nothing, decides nothing", (orderId) => {
    given(inventory, received(5), reserved("o1", 3)).when("Release", { orderId }).then();
  });
});

describe("Commit", () => {
  test("lets reserved goods leave, once", () => {
    given(inventory, received(5), reserved("o1", 3))
      .when("Commit", { orderId: "o1" })
      .then(committed("o1", 3))
      .thenState({ available: 2, reserved: 0, reservations: {}, lately: [{ orderId: "o1", quantity: 3 }], isSaidLow: false })
      .thenOnce();
  });

  test("of an order that has reserved nothing, or has given it back, decides nothing", () => {
    given(inventory).when("Commit", { orderId: "o1" }).then();
    given(inventory, received(5), reserved("o1", 3), released("o1", 3)).when("Commit", { orderId: "o1" }).then();
  });
});

describe("Return", () => {
  test("takes back what has left for an order, once", () => {
    given(inventory, received(5), reserved("o1", 3), committed("o1", 3))
      .when("Return", { orderId: "o1" })
      .then(returned("o1", 3))
      .thenState({ available: 5, reserved: 0, reservations: {}, lately: [], isSaidLow: false })
      .thenOnce();
  });

  test("of an order for which nothing has left decides nothing, nor where it has left too long ago", () => {
    given(inventory, received(5), reserved("o1", 3)).when("Return", { orderId: "o1" }).then();
    const others = Array.from({ length: 200 }, (_, n) => [reserved(`p${n}`, 1), committed(`p${n}`, 1)]).flat();
    const left = [received(300), reserved("o1", 3), committed("o1", 3), ...others];
    given(inventory, ...left.slice(0, -1))
      .when("Return", { orderId: "o1" })
      .then(returned("o1", 3));
    given(inventory, ...left)
      .when("Return", { orderId: "o1" })
      .then();
  });
});

describe("TakeBack", () => {
  test("takes back what is reserved for an order, and what has left for it, once", () => {
    given(inventory, received(5), reserved("o1", 3)).when("TakeBack", { orderId: "o1" }).then(released("o1", 3)).thenOnce();
    given(inventory, received(5), reserved("o1", 3), committed("o1", 3), reserved("o1", 2))
      .when("TakeBack", { orderId: "o1" })
      .then(released("o1", 2), returned("o1", 3))
      .thenState({ available: 5, reserved: 0, reservations: {}, lately: [], isSaidLow: false })
      .thenOnce();
    given(inventory, received(5), reserved("o1", 3)).when("TakeBack", { orderId: "o2" }).then();
  });
});

describe("Adjust", () => {
  test("corrects what is available, up or down, to nothing at the lowest", () => {
    given(inventory, received(5)).when("Adjust", { delta: -5, reason: "count" }).then(adjusted(-5));
    given(inventory, received(5)).when("Adjust", { delta: 2, reason: "count" }).then(adjusted(2));
    given(inventory, received(5)).when("Adjust", { delta: -6, reason: "count" }).thenRejected("insufficient_stock");
  });

  test("takes nothing of what is reserved", () => {
    given(inventory, received(5), reserved("o1", 3)).when("Adjust", { delta: -3, reason: "count" }).thenRejected("insufficient_stock");
  });

  test("by nothing decides nothing", () => {
    given(inventory).when("Adjust", { delta: 0, reason: "count" }).then();
  });
});

describe("SetLowStockThreshold", () => {
  test("sets the threshold once", () => {
    given(inventory).when("SetLowStockThreshold", { threshold: 3 }).then(thresholdSet(3)).thenOnce();
    given(inventory, thresholdSet(3)).when("SetLowStockThreshold", { threshold: 0 }).then(thresholdSet(0)).thenOnce();
  });
});

describe("LowStockReached", () => {
  const stocked = given(inventory, received(10), thresholdSet(3));

  test("comes with the event that makes the stock fall to the threshold, or below it", () => {
    stocked.when("Reserve", { orderId: "o1", quantity: 6 }).then(reserved("o1", 6));
    stocked.when("Reserve", { orderId: "o1", quantity: 7 }).then(reserved("o1", 7), low(3, 3)).thenOnce();
    stocked.when("Adjust", { delta: -9, reason: "count" }).then(adjusted(-9), low(1, 3));
  });

  test("comes once, until the stock is above the threshold again", () => {
    const lowAlready = [received(10), thresholdSet(3), reserved("o1", 7), low(3, 3)];
    given(inventory, ...lowAlready)
      .when("Reserve", { orderId: "o2", quantity: 1 })
      .then(reserved("o2", 1));
    given(inventory, ...lowAlready, adjusted(-1), adjusted(1))
      .when("Reserve", { orderId: "o2", quantity: 1 })
      .then(reserved("o2", 1));
    given(inventory, ...lowAlready, released("o1", 7))
      .when("Reserve", { orderId: "o2", quantity: 7 })
      .then(reserved("o2", 7), low(3, 3));
  });

  test("comes with the next fall where the threshold was set above the stock", () => {
    given(inventory, received(2), thresholdSet(3)).when("Reserve", { orderId: "o1", quantity: 1 }).then(reserved("o1", 1), low(1, 3));
  });

  test("does not come with what only rises, or leaves what is available alone", () => {
    given(inventory, thresholdSet(3)).when("Receive", { quantity: 1 }).then(received(1));
    given(inventory, thresholdSet(3)).when("Adjust", { delta: 1, reason: "count" }).then(adjusted(1));
    given(inventory, received(2), reserved("o1", 1), thresholdSet(3)).when("Commit", { orderId: "o1" }).then(committed("o1", 1));
  });

  test("never comes where nobody set a threshold", () => {
    given(inventory, received(1)).when("Reserve", { orderId: "o1", quantity: 1 }).then(reserved("o1", 1));
  });
});

test("the stock shows what its view shows, and who has reserved what", () => {
  const shownAfter = (...facts: readonly NewFact[]) => inventory.show(facts.reduce((state, fact) => inventory.evolve(state, fact), inventory.initialState()));
  expect(shownAfter()).toEqual({ available: 0, reserved: 0, reservations: {}, threshold: null, low: false });
  expect(shownAfter(received(5), reserved("o1", 3), thresholdSet(2))).toEqual({ available: 2, reserved: 3, reservations: { o1: 3 }, threshold: 2, low: true });
});

test("whatever is sent, nothing is sold that is not there, and no piece appears or vanishes", () => {
  fc.assert(
    fc.property(fc.array(inventoryCommands, { maxLength: 60 }), (sent) => {
      const states = new Map<string, Inventory>();
      const owned = new Map<string, number>();
      for (const { stream, fact } of logOf(sent, COUNTS)) {
        const state = inventory.evolve(states.get(stream) ?? inventory.initialState(), fact) as Inventory;
        states.set(stream, state);
        owned.set(stream, (owned.get(stream) ?? 0) + cameIn(fact));
        expect(state.available).toBeGreaterThanOrEqual(0);
        expect(state.available + state.reserved).toBe(owned.get(stream));
        expect(Object.values(state.reservations).reduce((sum, quantity) => sum + quantity, 0)).toBe(state.reserved);
      }
    }),
  );
});

/** Pieces that came into the house with an event; less than 0 where they left. */
function cameIn({ type, data }: { readonly type: string; readonly data: unknown }): number {
  const { quantity = 0, delta = 0 } = data as { quantity?: number; delta?: number };
  if (type === "commerce.StockReceived" || type === "commerce.StockReturned") return quantity;
  return type === "commerce.StockCommitted" ? -quantity : delta;
}
