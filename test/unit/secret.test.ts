import { describe, expect, test } from "vitest";
import { z } from "zod";
import { hasSecrets, secret, withoutSecrets } from "../../src/kernel/index.ts";

const password = secret(z.string());
const open = z.object({ name: z.string(), tags: z.array(z.string()) });

describe("a value without its secrets", () => {
  test.each<[string, z.ZodType, unknown, unknown]>([
    ["in an object", z.object({ name: z.string(), password }), { name: "a", password: "b" }, { name: "a" }],
    ["that may be left out", z.object({ password: password.optional() }), { password: "b" }, {}],
    ["that may be null", z.object({ password: password.nullable() }), { password: "b" }, {}],
    ["with a default", z.object({ password: password.default("b") }), { password: "b" }, {}],
    ["marked outside of what may be left out", z.object({ password: secret(z.string().optional()) }), { password: "b" }, {}],
    ["in an object in an object", z.object({ to: z.object({ password, n: z.int() }) }), { to: { password: "b", n: 1 } }, { to: { n: 1 } }],
    ["in an object that may be left out", z.object({ to: z.object({ password }).optional() }), { to: { password: "b" } }, { to: {} }],
    ["in a list of objects", z.object({ all: z.array(z.object({ password, n: z.int() })) }), { all: [{ password: "b", n: 1 }] }, { all: [{ n: 1 }] }],
    ["that is an object", z.object({ card: secret(z.object({ pin: z.string() })) }), { card: { pin: "1" } }, {}],
    ["that is a list", z.object({ codes: secret(z.array(z.string())) }), { codes: ["1"] }, {}],
    ["that is all of it", password, "b", undefined],
  ])("has none %s", (_, schema, value, left) => {
    expect(withoutSecrets(schema, value)).toEqual(left);
    expect(JSON.stringify(withoutSecrets(schema, value)) ?? "").not.toMatch(/"b"|"1"/);
    expect(hasSecrets(schema)).toBe(true);
  });

  test("has all the rest, also fields that its schema does not know", () => {
    expect(withoutSecrets(open, { name: "a", tags: ["b"], more: { n: 1 } })).toEqual({ name: "a", tags: ["b"], more: { n: 1 } });
    expect(hasSecrets(open)).toBe(false);
  });

  test.each([null, undefined, 1, "text", true])("is %j where the schema's object was expected", (value) => {
    expect(withoutSecrets(open, value)).toBe(value);
  });

  test("is another value: the one that was given is left as it is", () => {
    const given = { name: "a", password: "b" };
    withoutSecrets(z.object({ name: z.string(), password }), given);
    expect(given).toEqual({ name: "a", password: "b" });
  });

  test("takes nothing inherited for a field's schema", () => {
    expect(withoutSecrets(open, JSON.parse('{"toString":"a","constructor":"b"}'))).toEqual({ toString: "a", constructor: "b" });
  });
});

test("a mark is on one schema, not on others like it", () => {
  expect(hasSecrets(z.object({ password: z.string() }))).toBe(false);
  expect(password.parse("b")).toBe("b");
});
