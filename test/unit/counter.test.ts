import { expect, test } from "vitest";
import { z } from "zod";
import { countersView } from "../../src/views/counters-view.ts";
import { defineCounter, defineEvents, defineModule, type LoggedEvent, PURGED } from "../../src/kernel/index.ts";

const events = defineEvents("shop", { Sold: z.object({ cents: z.number() }), Returned: z.object({}) });
const event = (type: string, data: unknown, more: Partial<LoggedEvent> = {}): LoggedEvent =>
  ({
    type,
    data: JSON.stringify(data),
    schemaVersion: 1,
    stream: "till-1",
    id: "e1",
    version: 1,
    position: 1,
    recorded: "",
    time: "",
    metadata: {},
    ...more,
  }) as unknown as LoggedEvent;
const sold = (cents: number, more: Partial<LoggedEvent> = {}): LoggedEvent => event("shop.Sold", { cents }, more);

const sales = defineCounter({ name: "shop_sales", events: [events], on: { "shop.Sold": 1 } });
const earned = defineCounter({ name: "shop_cents", events: [events], on: { "shop.Sold": ({ data }) => data.cents } });

test("an event adds what is declared for its type, and others nothing", () => {
  expect([sales.amount(sold(250)), earned.amount(sold(250)), sales.amount(event("shop.Returned", {}))]).toEqual([1, 250, 0]);
});

test("a counter only grows: what is below 0, no number, purged or thrown adds nothing", () => {
  const wild = (give: () => number) => defineCounter({ name: "wild", events: [events], on: { "shop.Sold": give } }).amount(sold(1));
  const thrown = (): number => {
    throw new Error("of the domain's own");
  };
  expect([wild(() => -1), wild(() => Number.NaN), wild(() => Infinity), wild(thrown), earned.amount(sold(1, { data: PURGED }))]).toEqual([0, 0, 0, 0, 0]);
});

test("events of the same name in a stream that is not the domain's are not counted", () => {
  const { concerns } = countersView([sales], (type) => (type === "shop.Sold" ? new Set(["till"]) : undefined));
  expect([concerns?.(sold(1)), concerns?.(sold(1, { stream: "note-1" })), concerns?.(event("shop.Returned", {}))]).toEqual([true, false, false]);
});

test("a name is a label's, and no two counters have one", () => {
  expect(() => defineCounter({ name: "Shop sales", events: [events], on: {} })).toThrow("expected a name");
  expect(() => defineModule({ name: "shop", counters: [sales, sales] })).toThrow("got shop_sales twice");
});
