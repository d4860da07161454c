import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { modules } from "../../src/domains/index.ts";
import { defineEvents, event, jsonText, type LoggedEvent, past, together } from "../../src/kernel/index.ts";
import { happened, logged } from "../../src/testing/index.ts";
import {
  changedMeanings,
  formsNow,
  formsToStore,
  open,
  OWN,
  schemasOf,
  type StoredForms,
  storedForms,
  whyNotNewest,
  writeForms,
} from "../support/event-schemas.ts";
import { breaches } from "../support/schema-changes.ts";

const WRITE = "EVENT_SCHEMAS=write npm test -- --project unit test/unit/event-schemas.test.ts";
if (process.env["EVENT_SCHEMAS"] === "write") writeForms();

const stored = storedForms();
const forms = formsNow();
const { projections } = together(modules);
/** Every stored form: its event, its schemaVersion, and data as it was written. */
const versions = Object.entries(stored).flatMap(([type, all]) =>
  all.map(({ examples }, index) => [`${type}, schemaVersion ${index + 1}`, type, index + 1, examples] as const),
);

/** The rows that every view makes of an event alone, as its schema judges them. */
function rowsOfOne(event: LoggedEvent): readonly { readonly name: string; readonly error: z.ZodError | undefined }[] {
  return projections
    .filter(({ types }) => types.has(event.type))
    .flatMap((projection) =>
      projection.keysOf(event).flatMap((key) => {
        const row = projection.apply(undefined, event, key);
        return row === undefined ? [] : [{ name: projection.name, error: projection.row.safeParse(row).error }];
      }),
    );
}

describe("stored events", () => {
  test("mean what they meant, but for additions", () => {
    expect(changedMeanings(stored, forms)).toEqual([]);
  });

  test(`are all known to test/fixtures/event-schemas.json; where only additions are missing in it, this writes them: ${WRITE}`, () => {
    expect(stored, `Write the additions: ${WRITE}`).toEqual(formsToStore(stored, forms));
  });

  test.each(versions)("are taken to the newest form, and into states and rows: %s", (_, type, schemaVersion, examples) => {
    const form = forms.get(type);
    if (form === undefined) return expect.unreachable(`${type} is declared no more`);
    expect(examples.length).toBeGreaterThan(0);
    for (const data of examples) {
      expect(whyNotNewest(form, schemaVersion, data)).toBeUndefined();
      for (const decider of open.filter((decider) => decider.forms.has(type))) decider.evolve(decider.initialState(), { type, data, schemaVersion });
      const [log] = logged([happened(`${type.split(".")[0]}-1:1`, { type, data, schemaVersion })]);
      for (const { name, error } of rowsOfOne(log as LoggedEvent)) expect(error, name).toBeUndefined();
    }
  });

  test("are those of every aggregate that is composed", () => {
    const [, names] =
      /const OWN_DECIDERS: readonly Decider\[\] = \[([^\]]*)\]/.exec(
        readFileSync(new URL("../../src/platform-composed.ts", import.meta.url).pathname, "utf8"),
      ) ?? [];
    expect(Object.keys(OWN)).toEqual(names?.split(",").map((name) => name.trim()));
  });
});

describe("a change of an event", () => {
  const item = z.object({
    sku: z.string().min(1).max(10),
    kind: z.enum(["a", "b"]),
    tags: z.array(z.object({ tag: z.string() })),
    note: z.string().optional(),
  });
  const schemaOf = (schema: z.ZodType) => schemasOf(formOf(schema))[0]!;
  const formOf = (schema: z.ZodType, ...was: readonly z.ZodType[]) =>
    [...defineEvents("shop", { Added: event(schema, { was: was.map((old) => past(old, (data) => data)) }) }).$forms.values()][0]!;
  const tags = (tag: z.ZodType) => z.array(tag);

  test.each<[string, z.ZodType]>([
    ["a field that may be missing", item.extend({ more: z.string().optional() })],
    ["one in an object of a list", item.extend({ tags: tags(z.object({ tag: z.string(), more: z.int().optional() })) })],
    ["another value of an enumeration", item.extend({ kind: z.enum(["a", "b", "c"]) })],
    ["wider bounds", item.extend({ sku: z.string().min(0).max(20) })],
    ["no bounds", item.extend({ sku: z.string() })],
    ["nothing but a description", item.extend({ sku: z.string().min(1).max(10).describe("The article") })],
  ])("is an addition where it is %s", (_, next) => {
    expect(breaches(schemaOf(item), schemaOf(next))).toEqual([]);
  });

  test.each<[string, z.ZodType, string]>([
    ["a field that is gone", item.omit({ note: true }), "/note: the field is gone"],
    ["a new field that must be there", item.extend({ more: z.string() }), "/more: a new field that is required, which no stored event has"],
    ["a field that must be there now", item.extend({ note: z.string() }), "/note: could be missing and is required now"],
    ["a field that may be missing now", item.extend({ sku: z.string().min(1).max(10).optional() }), "/sku: was always there and may be missing now"],
    ["another type", item.extend({ note: z.int().optional() }), '/note: type was "string", is "integer"'],
    ["one in an object of a list", item.extend({ tags: tags(z.object({ tag: z.int() })) }), '/tags/*/tag: type was "string", is "integer"'],
    ["a value of an enumeration that is gone", item.extend({ kind: z.enum(["a"]) }), '/kind: enum was ["a","b"], is ["a"]'],
    ["tighter bounds", item.extend({ sku: z.string().min(2).max(9) }), "/sku: minLength was 1, is 2"],
    ["bounds where there were none", item.extend({ note: z.string().max(5).optional() }), "/note: maxLength was not there, is 5"],
    ["a pattern where there was none", item.extend({ note: z.string().regex(/^a/).optional() }), '/note: pattern was not there, is "^a"'],
    ["null where there was none", item.extend({ note: z.string().nullable().optional() }), '/note: type was "string", is ["string","null"]'],
  ])("is none where it is %s", (_, next, said) => {
    expect(breaches(schemaOf(item), schemaOf(next))).toContain(said);
  });

  const before = { "shop.Added": [{ schema: schemaOf(item), examples: [{ sku: "s", kind: "a", tags: [] }] }] } satisfies StoredForms;
  const other = z.object({ article: z.string() });

  test("that is no addition is refused with the way out, which is a new form and an upcaster", () => {
    const [said] = changedMeanings(before, new Map([["shop.Added", formOf(other)]]));
    expect(said).toMatch(/^shop\.Added, schemaVersion 1: .*\/sku: the field is gone.*event\(<new schema>, \{ was: \[past\(<this schema>/);
    expect(changedMeanings(before, new Map([["shop.Added", formOf(other, item)]]))).toEqual([]);
  });

  test("with an upcaster that does not lead to the newest form is seen", () => {
    const named = z.object({ name: z.string() });
    const priced = z.object({ name: z.string(), cents: z.int() });
    const form = (toPriced: (data: { readonly name: string }) => unknown) =>
      [...defineEvents("shop", { Added: event(other, { was: [past(named, toPriced), past(priced, ({ name }) => ({ article: name }))] }) }).$forms.values()][0]!;
    const right = form(({ name }) => ({ name, cents: 0 }));
    expect([1, 2, 3].map((version) => whyNotNewest(right, version, version === 3 ? { article: "a" } : { name: "a", cents: 1 }))).toEqual(
      Array(3).fill(undefined),
    );
    expect(
      whyNotNewest(
        form(() => ({ cents: 0 })),
        1,
        { name: "a" },
      ),
    ).toContain("article");
    expect(
      whyNotNewest(
        form(() => undefined),
        1,
        { name: "a" },
      ),
    ).toContain("TypeError");
  });

  test("that takes an event or a form of it away is refused: events of it are stored", () => {
    expect(changedMeanings(before, new Map())).toEqual([expect.stringMatching(/^shop\.Added is declared no more/)]);
    const both = { "shop.Added": [...before["shop.Added"], { schema: schemaOf(other), examples: [{ article: "s" }] }] };
    expect(changedMeanings(both, new Map([["shop.Added", formOf(item)]]))).toEqual(["shop.Added: schemaVersion 2 is gone, but events of it are stored."]);
  });

  test("that is an addition is written down beside the data that was stored before it", () => {
    const written = formsToStore(before, new Map([["shop.Added", formOf(item.extend({ more: z.int().optional() }))]]));
    expect(written["shop.Added"]?.[0]?.examples).toEqual(before["shop.Added"][0]?.examples);
    expect(written).not.toEqual(before);
    const twice = formsToStore(before, new Map([["shop.Added", formOf(other, item)]]));
    expect(twice["shop.Added"]).toMatchObject([before["shop.Added"][0], { examples: [{ article: expect.any(String) }] }]);
  });

  test("of one type in two aggregates is refused: a type has one meaning", () => {
    const forms = new Map([["shop.Added", formOf(item)]]);
    expect(() =>
      formsNow([
        { category: "one", forms },
        { category: "other", forms: new Map([["shop.Added", formOf(other)]]) },
      ]),
    ).toThrow("expected one meaning of shop.Added, got another in the category other");
    expect(
      formsNow([
        { category: "one", forms },
        { category: "other", forms },
      ]).size,
    ).toBe(1);
  });
});

test("data that is stored is JSON", () => {
  for (const [, , , examples] of versions) for (const data of examples) expect(JSON.parse(jsonText(data))).toEqual(data);
});
