import { expect, test } from "vitest";
import { z } from "zod";
import { defineDecider, defineEvents, defineModule, defineProjection, together } from "../../src/kernel/index.ts";

const events = defineEvents("tests", { Happened: z.object({}) });
const decider = (category: string) =>
  defineDecider({ category, events, commands: {}, initialState: () => ({}), evolve: { Happened: (state) => state }, decide: {} });
const projection = (name: string) => defineProjection({ name, version: 1, events: [events], key: "id", row: z.object({ id: z.string() }), on: {} });

test("a domain with two deciders of one category, or two views of one name, is refused", () => {
  expect(() => defineModule({ name: "m", deciders: [decider("a"), decider("a")] })).toThrow("expected names of their own in m, got a twice");
  expect(() => defineModule({ name: "m", projections: [projection("v"), projection("v")] })).toThrow("got v twice");
});

test("so are two domains that share a category or a view; others stand together", () => {
  const one = defineModule({ name: "one", deciders: [decider("a")], projections: [projection("v")] });
  const other = defineModule({ name: "other", deciders: [decider("b")], projections: [projection("w")] });
  expect(together([one, other]).deciders.map(({ category }) => category)).toEqual(["a", "b"]);
  expect(() => together([one, { ...other, deciders: one.deciders }])).toThrow("expected names of their own in one, other, got a twice");
  expect(() => together([one, { ...other, projections: one.projections }])).toThrow("got v twice");
});
