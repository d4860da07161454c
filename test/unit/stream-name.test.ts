import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CATEGORY_PATTERN, categoryOf, isPlatformCategory, parseStreamName, STREAM_ID_PATTERN, STREAM_PATTERN } from "../../src/kernel/index.ts";

const category = fc.stringMatching(/^[a-z][a-z0-9_]{0,40}$/);
const id = fc.stringMatching(/^[A-Za-z0-9._~:-]{1,200}$/).filter((text) => text !== "." && text !== "..");

describe("a stream's name", () => {
  test.each([
    ["note-n1", "note", "n1"],
    ["a-b", "a", "b"],
    ["note-2026-11-20", "note", "2026-11-20"],
    ["note--", "note", "-"],
    ["note--n1", "note", "-n1"],
    ["line_item2-A.b_c~d:e-f", "line_item2", "A.b_c~d:e-f"],
    ["a_-0", "a_", "0"],
    ["note-...", "note", "..."],
    ["note-.a", "note", ".a"],
    ["note-a.", "note", "a."],
    ["note-..a", "note", "..a"],
    [`note-${"x".repeat(200)}`, "note", "x".repeat(200)],
    [`${"c".repeat(100)}-1`, "c".repeat(100), "1"],
    ["audit-1", "audit", "1"],
    ["rivulet_key-k1", "rivulet_key", "k1"],
  ])("%s is one", (name, category, id) => {
    expect(parseStreamName(name)).toEqual({ category, id });
    expect(STREAM_PATTERN.test(name)).toBe(true);
  });

  test.each([
    "",
    "-",
    "note",
    "note-",
    "-n1",
    "--n1",
    "Note-n1",
    "noTe-n1",
    "1note-n1",
    "_note-n1",
    "no.te-n1",
    "no te-n1",
    "nöte-n1",
    "note-.",
    "note-..",
    "note-a/b",
    "note-a b",
    "note-é",
    "note-%41",
    "note-a+b",
    "note-a@b",
    "note-a?b",
    "note-a#b",
    "note-\u0000",
    "note-n1\n",
    "\nnote-n1",
    " note-n1",
    "note-n1 ",
    "note:n1",
    `note-${"x".repeat(201)}`,
  ])("%j is none", (name) => {
    expect(parseStreamName(name)).toBeUndefined();
    expect(STREAM_PATTERN.test(name)).toBe(false);
  });

  test("falls apart at its first dash and is put together again", () => {
    fc.assert(
      fc.property(category, id, (category, id) => {
        expect(parseStreamName(`${category}-${id}`)).toEqual({ category, id });
        expect(categoryOf(`${category}-${id}`)).toBe(category);
      }),
    );
  });

  test("of any text says both halves or nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."aZ09_-.~:/ é") })), (text) => {
        const name = parseStreamName(text);
        if (name === undefined) return;
        expect(`${name.category}-${name.id}`).toBe(text);
        expect(name.category).toMatch(CATEGORY_PATTERN);
        expect(name.id).toMatch(STREAM_ID_PATTERN);
      }),
    );
  });

  test("has a category of up to 500 characters, so that an object's name of 1,024 bytes holds it", () => {
    expect(parseStreamName(`${"c".repeat(500)}-1`)?.category).toHaveLength(500);
    expect(parseStreamName(`${"c".repeat(501)}-1`)).toBeUndefined();
  });
});

describe("a category", () => {
  test.each(["a", "note", "line_item", "a1", "a_", "rivulet_key"])("%s is one", (name) => {
    expect(name).toMatch(CATEGORY_PATTERN);
  });

  test.each(["", "A", "1a", "_a", "a-b", "a.b", "a b", "é", "a\n"])("%j is none", (name) => {
    expect(name).not.toMatch(CATEGORY_PATTERN);
  });

  test.each([
    ["audit", true],
    ["rivulet_key", true],
    ["rivulet_", true],
    ["rivulet", false],
    ["rivulets_a", false],
    ["audits", false],
    ["note", false],
    ["my_rivulet_", false],
  ])("%s is the platform's: %s", (name, isPlatform) => {
    expect(isPlatformCategory(name)).toBe(isPlatform);
  });
});
