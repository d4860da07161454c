import { describe, expect, test } from "vitest";
import { z } from "zod";
import { modules } from "../../src/domains/index.ts";
import { defineEvents, event, type EventForm, past, upcast } from "../../src/kernel/index.ts";
import { validValues } from "../support/valid-values.ts";
import { cardEvents } from "../readme/library/card.ts";

const madeUp = defineEvents("shop", {
  /** Three forms: cents as a text, then a number, then with a currency. */
  Paid: event(z.object({ cents: z.int(), currency: z.enum(["EUR", "USD"]) }), {
    was: [
      past(z.object({ amount: z.string().regex(/^\d{1,9}$/) }), ({ amount }) => ({ cents: Number(amount) })),
      past(z.object({ cents: z.int() }), ({ cents }) => ({ cents, currency: "EUR" })),
    ],
  }),
  Named: event(z.object({}), { type: "other.Called", source: "/till" }),
  Plain: z.object({ n: z.int() }),
});
const form = (events: { readonly $forms: ReadonlyMap<string, EventForm> }, type: string): EventForm => {
  const found = events.$forms.get(type);
  if (found === undefined) throw new Error(`expected an event ${type}`);
  return found;
};
const paid = form(madeUp, "shop.Paid");

describe("a constructor", () => {
  test("makes a fact of namespace.Name, with its data as it is", () => {
    const data = { n: 1 };
    const fact = madeUp.Plain(data);
    expect(fact).toEqual({ type: "shop.Plain", data: { n: 1 } });
    expect(fact.data).toBe(data);
    expect(fact).not.toHaveProperty("schemaVersion");
    expect(fact).not.toHaveProperty("source");
  });

  test("says the newest schema version where there were other forms", () => {
    expect(madeUp.Paid({ cents: 1, currency: "USD" })).toEqual({ type: "shop.Paid", data: { cents: 1, currency: "USD" }, schemaVersion: 3 });
  });

  test("takes the type and the source that the event names itself", () => {
    expect(madeUp.Named({})).toEqual({ type: "other.Called", data: {}, source: "/till" });
  });
});

test("the forms are known by full type, with their newest schema version", () => {
  expect([...madeUp.$forms].map(([type, { name, schemaVersion }]) => [type, name, schemaVersion])).toEqual([
    ["shop.Paid", "Paid", 3],
    ["other.Called", "Named", 1],
    ["shop.Plain", "Plain", 1],
  ]);
});

describe("upcasting", () => {
  test.each([
    [1, { amount: "250" }, { cents: 250, currency: "EUR" }],
    [2, { cents: 250 }, { cents: 250, currency: "EUR" }],
  ])("takes data of schema version %i through every form after it", (schemaVersion, data, newest) => {
    expect(upcast(paid, schemaVersion, data)).toEqual(newest);
  });

  test.each([3, 4, 99])("leaves data of schema version %i alone: it is the newest, or newer than this code", (schemaVersion) => {
    const data = { cents: 1, currency: "USD" };
    expect(upcast(paid, schemaVersion, data)).toBe(data);
  });
});

const STORED = [
  ...modules.flatMap(({ name, deciders }) => deciders.flatMap(({ forms }) => [...forms.values()].map((one) => [name, one] as const))),
  ...[...madeUp.$forms.values()].map((one) => ["made up", one] as const),
  ...[...cardEvents.$forms.values()].map((one) => ["README's library", one] as const),
];
/** A row for each event and each schema version that is stored of it. */
const VERSIONS = STORED.flatMap(([domain, one]) =>
  Array.from({ length: one.schemaVersion }, (_, index) => ({ domain, one, schemaVersion: index + 1, type: one.type })),
);

/** Data that a stored version may have: of the edges that its schema describes, those that it takes. */
function stored({ was, schema: newest }: EventForm, schemaVersion: number): readonly unknown[] {
  const schema = was[schemaVersion - 1]?.schema ?? newest;
  const described = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Readonly<Record<string, unknown>>;
  return validValues(described, 1).flatMap((value) => {
    const { success, data } = schema.safeParse(value);
    return success ? [data] : [];
  });
}

describe("every stored version of every event", () => {
  test("is looked at: those of all domains, and those with a past", () => {
    expect(new Set(VERSIONS.map(({ domain }) => domain)).size).toBe(modules.length + 2);
    expect(VERSIONS.length).toBeGreaterThan(45);
    expect(VERSIONS.filter(({ one, schemaVersion }) => schemaVersion < one.schemaVersion).length).toBeGreaterThanOrEqual(4);
  });

  test.each(VERSIONS)("$type, schema version $schemaVersion, becomes data that the newest schema takes", ({ one, schemaVersion }) => {
    const values = stored(one, schemaVersion);
    expect(values.length).toBeGreaterThan(0);
    for (const data of values) {
      const { error } = one.schema.safeParse(upcast(one, schemaVersion, data));
      expect(error?.message, JSON.stringify(data)).toBeUndefined();
    }
  });
});
