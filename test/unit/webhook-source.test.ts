import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CATEGORY_PATTERN, isPlatformCategory, type NewFact, parseStreamName } from "../../src/kernel/index.ts";
import { sourceCategory, sourceWords, streamOf, typeWords } from "../../src/webhooks/names.ts";
import { source, SOURCE_PATTERN, type SourceConfiguration } from "../../src/webhooks/source.ts";

const context = { now: "2026-11-20T10:00:00.000Z", id: "shop" };
const configure = (state: unknown, data: SourceConfiguration) => source.decide({ name: "Configure", data }, state, context) as readonly NewFact[];
const after = (...facts: readonly NewFact[]): unknown => facts.reduce((state, fact) => source.evolve(state, fact), source.initialState());
const configured = (data: object): NewFact => ({ type: "rivulet.SourceConfigured", data });

const old = { scheme: "github", secret: "v1.k.n.c" } as const;
const full: SourceConfiguration = {
  scheme: "hmac",
  secret: "v1.k.n.c",
  previousSecret: "v1.k.n.d",
  hmac: { header: "X-S", algorithm: "sha256", encoding: "hex", prefix: "s=", timestampHeader: "X-T", tolerance: 60 },
  type: "a.{body.b}",
  stream: "a-{body.b}",
  id: "{body.b}",
};

describe("a source", () => {
  test("evolves from events of the time when a source was a scheme and a secret", () => {
    const state = after(configured(old));
    expect(state).toEqual({ configuration: old });
    expect(source.commands["Configure"]?.safeParse(old).success).toBe(true);
    expect(configure(state, old)).toEqual([]);
  });

  test("keeps every setting of a full one through JSON", () => {
    expect(after(configured(JSON.parse(JSON.stringify(full))))).toEqual({ configuration: full });
    expect(source.commands["Configure"]?.parse(full)).toEqual(full);
  });

  test("decides nothing the second time, and once for each setting that differs", () => {
    const state = after(...configure(source.initialState(), full));
    expect(configure(state, JSON.parse(JSON.stringify(full)))).toEqual([]);
    for (const name of Object.keys(full).filter((name) => name !== "scheme" && name !== "secret") as (keyof SourceConfiguration)[]) {
      const { [name]: _, ...without } = full;
      expect(configure(state, without as SourceConfiguration), name).toEqual([configured(without)]);
      expect(configure(after(configured(without)), full), name).toEqual([configured(full)]);
    }
  });

  test("that was removed is set up anew by the same settings", () => {
    const state = after(configured(full), { type: "rivulet.SourceRemoved", data: {} });
    expect(source.decide({ name: "Remove", data: {} }, state, context)).toEqual([]);
    expect(configure(state, full)).toEqual([configured(full)]);
  });
});

describe("what a source's name or a producer's value gives", () => {
  const name = fc.stringMatching(new RegExp(SOURCE_PATTERN.source));
  const type = /^[^.\s*#\p{C}]+(\.[^.\s*#\p{C}]+)*$/u;

  test("is a category, and never the platform's", () => {
    fc.assert(
      fc.property(fc.oneof(name, fc.constantFrom("audit", "AUDIT", "rivulet_source", "Rivulet-x", "9", "-a", "rivulet")), (source) => {
        expect(sourceCategory(source)).toMatch(CATEGORY_PATTERN);
        expect(isPlatformCategory(sourceCategory(source))).toBe(false);
      }),
    );
    expect([sourceCategory("shop"), sourceCategory("My-Shop.eu"), sourceCategory("audit"), sourceCategory("1st")]).toEqual([
      "shop",
      "my_shop_eu",
      "webhook_audit",
      "webhook_1st",
    ]);
  });

  test("is a type's words, and never the platform's", () => {
    fc.assert(
      fc.property(fc.oneof(name, fc.constantFrom("rivulet", "rivulet.x", "rivulet..", "a..b.")), fc.string({ unit: "binary" }), (source, value) => {
        const whole = `${sourceWords(source)}.${typeWords(value)}`;
        expect(whole).toMatch(type);
        expect(whole.startsWith("rivulet.")).toBe(false);
      }),
    );
  });

  test("is a stream, whatever its id", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 400 }), fc.constantFrom("", ".", "..", "...", "a/b")), (id) => {
        expect(parseStreamName(streamOf({ category: "a", id }))?.category).toBe("a");
      }),
    );
    expect(streamOf({ category: "a", id: "x".repeat(300) })).toBe(`a-${"x".repeat(200)}`);
  });
});
