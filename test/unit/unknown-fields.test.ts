import { describe, expect, test } from "vitest";
import { z } from "zod";
import { modules } from "../../src/domains/index.ts";
import { together } from "../../src/kernel/index.ts";

const { deciders } = together(modules);

/** Where a schema refuses fields that it does not know, at any depth. */
function refusals(schema: z.ZodType): readonly string[] {
  const found: string[] = [];
  const look = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if ((value as { additionalProperties?: unknown }).additionalProperties === false) found.push(path === "" ? "/" : path);
    for (const [name, inner] of Object.entries(value)) look(inner, `${path}/${name}`);
  };
  look(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), "");
  return found;
}

test("a schema that refuses what it does not know is seen, at any depth", () => {
  expect(refusals(z.strictObject({}))).toEqual(["/"]);
  expect(refusals(z.object({ list: z.array(z.strictObject({ a: z.string() })) }))).toEqual(["/properties/list/items"]);
  expect(refusals(z.object({ a: z.string() }))).toEqual([]);
});

describe.each(deciders.map((decider) => [decider.category, decider] as const))("%s", (_, { commands, forms }) => {
  test("takes commands with fields that it does not know", () => {
    for (const [name, schema] of Object.entries(commands)) expect(refusals(schema), name).toEqual([]);
  });

  test("takes events with fields that it does not know, as newer code may have written them", () => {
    for (const [type, { schema, was }] of forms) for (const form of [schema, ...was.map((past) => past.schema)]) expect(refusals(form), type).toEqual([]);
  });
});
