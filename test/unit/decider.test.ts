import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineDecider, defineEvents, type NewFact, reject } from "../../src/kernel/index.ts";

interface Cart {
  readonly status: "open" | "closed";
  readonly total: number;
  readonly seen?: unknown;
}

const item = z.object({ quantity: z.int(), price: z.int() });
const cartEvents = defineEvents("cart", { ItemAdded: item, CheckedOut: z.object({ total: z.int(), at: z.string(), by: z.string() }) });
const cart = defineDecider({
  category: "cart",
  events: cartEvents,
  commands: { AddItem: item, AddTwice: item, CheckOut: z.object({}) },
  initialState: (): Cart => ({ status: "open", total: 0 }),
  evolve: {
    ItemAdded: (state, { data }) => ({ ...state, total: state.total + data.quantity * data.price }),
    CheckedOut: (state) => ({ ...state, status: "closed" }),
  },
  decide: {
    AddItem: ({ data }, state) => (state.status === "closed" ? reject("cart_closed") : cartEvents.ItemAdded(data)),
    AddTwice: ({ data }) => [cartEvents.ItemAdded(data), cartEvents.ItemAdded(data)],
    CheckOut: (_, state, { now, id }) => (state.status === "closed" ? [] : cartEvents.CheckedOut({ total: state.total, at: now, by: id })),
  },
});

const context = { now: "2026-11-20T10:00:00.000Z", id: "c1" };
const added = (quantity: number, price: number): NewFact => ({ type: "cart.ItemAdded", data: { quantity, price } });
const checkedOut: NewFact = { type: "cart.CheckedOut", data: { total: 6, at: context.now, by: "c1" } };

const given = (...events: readonly NewFact[]) => {
  const state = events.reduce<unknown>((state, event) => cart.evolve(state, event), cart.initialState());
  return { state, when: (name: string, data: unknown) => cart.decide({ name, data }, state, context) };
};

describe("events declared schema first", () => {
  test("have a constructor each, of type namespace.Name", () => {
    expect(cartEvents.ItemAdded({ quantity: 2, price: 3 })).toEqual(added(2, 3));
    expectTypeOf(cartEvents.ItemAdded({ quantity: 2, price: 3 }).type).toEqualTypeOf<"cart.ItemAdded">();
    expectTypeOf(cartEvents.ItemAdded).parameter(0).toEqualTypeOf<{ quantity: number; price: number }>();
  });

  test("show their namespace and schemas at run time", () => {
    expect(cartEvents.$namespace).toBe("cart");
    expect(Object.keys(cartEvents.$events)).toEqual(["ItemAdded", "CheckedOut"]);
    expect(cartEvents.$events.ItemAdded).toBe(item);
  });
});

describe("a decision", () => {
  test("of one event is a list of one", () => {
    expect(given().when("AddItem", { quantity: 2, price: 3 })).toEqual([added(2, 3)]);
  });

  test("of several events is all of them, in order", () => {
    expect(given().when("AddTwice", { quantity: 1, price: 5 })).toEqual([added(1, 5), added(1, 5)]);
  });

  test("of none is an empty list, and so the same command again decides nothing", () => {
    expect(given(added(2, 3)).when("CheckOut", {})).toEqual([checkedOut]);
    expect(given(added(2, 3), checkedOut).when("CheckOut", {})).toEqual([]);
  });

  test("may be a no, which is a value", () => {
    expect(given(checkedOut).when("AddItem", { quantity: 1, price: 1 })).toEqual({ rejected: true, code: "cart_closed", detail: "Cart closed." });
  });

  test("is given time and id, and has no clock of its own", () => {
    expect(given(added(2, 3)).when("CheckOut", {})).toEqual([{ type: "cart.CheckedOut", data: { total: 6, at: context.now, by: context.id } }]);
  });

  test.each(["Drop", "", "addItem", "toString", "constructor", "__proto__", "hasOwnProperty"])("on the unknown command %j throws a RangeError", (name) => {
    expect(() => given().when(name, {})).toThrow(RangeError);
    expect(() => given().when(name, {})).toThrow(`expected one of AddItem, AddTwice, CheckOut, got ${name}`);
  });
});

describe("the state", () => {
  test("begins as the initial one, made anew each time", () => {
    expect(given().state).toEqual({ status: "open", total: 0 });
    expect(cart.initialState()).not.toBe(cart.initialState());
  });

  test("is the fold of the events", () => {
    expect(given(added(2, 3), added(1, 4), checkedOut).state).toEqual({ status: "closed", total: 10 });
  });

  test.each([
    "cart.ItemRemoved",
    "cart.",
    "cart",
    "",
    "ItemAdded",
    "CheckedOut",
    "order.ItemAdded",
    "cart.cart.ItemAdded",
    "cart.ItemAdded.v2",
    "cartItemAdded",
    "xcart.ItemAdded",
    "cart.toString",
    "cart.constructor",
    "cart.__proto__",
    "cart.hasOwnProperty",
  ])("is left alone by an event of the unknown type %j", (type) => {
    const { state } = given(added(2, 3));
    expect(cart.evolve(state, { type, data: { quantity: 1, price: 1 } })).toBe(state);
  });
});

test("the category and the commands' schemas are there at run time", () => {
  expect(cart.category).toBe("cart");
  expect(Object.keys(cart.commands)).toEqual(["AddItem", "AddTwice", "CheckOut"]);
  expect(cart.commands.AddItem).toBe(item);
});

test("an event without an evolve, or a state of another shape, does not compile", () => {
  const events = defineEvents("a", { Happened: z.object({}) });
  const spec = { category: "a", events, commands: {}, initialState: () => ({ n: 0 }), decide: {} } as const;
  // @ts-expect-error Happened has no evolve
  expect(defineDecider({ ...spec, evolve: {} }).category).toBe("a");
  // @ts-expect-error the state has no m
  expect(defineDecider({ ...spec, evolve: { Happened: () => ({ m: 1 }) } }).category).toBe("a");
});
