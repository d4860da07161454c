import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlatformCategory, type JsonText, parseStreamName } from "../../src/kernel/index.ts";
import { streamOf } from "../../src/webhooks/names.ts";
import { type Inbound } from "../../src/webhooks/scheme.ts";
import { isFault, parseTemplate, type Piece } from "../../src/webhooks/template.ts";
import { fillName, fillStream, TEMPLATE_NAMES, templateFault } from "../../src/webhooks/templates.ts";

function inboundOf(value: unknown, headers: Readonly<Record<string, string>> = {}): Inbound {
  const text = JSON.stringify(value) as JsonText;
  return { source: "s", headers: new Headers(headers), body: Uint8Array.from(Buffer.from(text)), payload: { value, text } };
}

const written = (piece: Piece): string =>
  "literal" in piece ? piece.literal : "header" in piece ? `{header.${piece.header}}` : `{body.${piece.body.join(".")}}`;

const place = fc.constantFrom("{body.a}", "{body.b.0.c}", "{header.X-A}", "o", "7");

/** Text that looks like a template, and sometimes is one. */
const template = fc.oneof(
  fc.tuple(place, fc.constantFrom("-", ".", "-a.b:"), place, place).map((parts) => parts.join("")),
  fc
    .array(
      fc.oneof(
        fc.constantFrom("order", "-", "a.b", ".", "{body.a}", "{body.b.0.c}", "{header.X-A}", "{", "}", "{body.", "audit", "rivulet.", "_", "9", " "),
        fc.string({ maxLength: 4 }),
      ),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((parts) => parts.join("")),
);

describe("a template", () => {
  test("is its pieces, in order, each where it says it is", () => {
    expect(parseTemplate("order-{body.data.0.id}:{header.X-Id}!")).toEqual([
      { at: 1, literal: "order-" },
      { at: 7, body: ["data", "0", "id"] },
      { at: 23, literal: ":" },
      { at: 24, header: "X-Id" },
      { at: 37, literal: "!" },
    ]);
    fc.assert(
      fc.property(template, (text) => {
        const pieces = parseTemplate(text);
        if (isFault(pieces)) {
          expect(pieces.at).toBeGreaterThan(0);
          expect(pieces.at).toBeLessThanOrEqual(text.length + 1);
        } else {
          expect(pieces.map(written).join("")).toBe(text);
          for (const piece of pieces) expect(text.slice(piece.at - 1).startsWith(written(piece))).toBe(true);
        }
      }),
    );
  });

  test("is read in time that grows with its length alone", () => {
    for (const text of ["{".repeat(1e5), "{body.".repeat(2e4), `{body${".a".repeat(1e5)}}`, "{body.a}".repeat(2e4), "}".repeat(1e5), "-".repeat(1e5)]) {
      const start = performance.now();
      for (const name of TEMPLATE_NAMES) templateFault(name, text);
      expect(performance.now() - start).toBeLessThan(1000);
    }
  });

  test("that is found good gives a valid name or a refusal for whatever is delivered", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }).filter((text) => text.isWellFormed()),
      fc.constantFrom("audit", "rivulet_x", "..", "-", "é", "A-b"),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    let valid = 0;
    fc.assert(
      fc.property(template, value, value, (text, a, c) => {
        const inbound = inboundOf({ a, b: [{ c }] }, { "x-a": "h v" });
        if (templateFault("stream", text) === undefined) {
          const stream = fillStream(text, inbound);
          if ("status" in stream) expect([403, 422]).toContain(stream.status);
          else {
            const { category } = parseStreamName(streamOf(stream)) ?? {};
            expect(category).toBe(stream.category);
            expect(isPlatformCategory(category as string)).toBe(false);
            valid++;
          }
        }
        if (templateFault("type", text) === undefined) {
          const type = fillName("type", text, inbound);
          if (typeof type === "string") expect(type).toMatch(/^[^.\s*#\p{C}]+(\.[^.\s*#\p{C}]+)*$/u);
        }
        if (templateFault("id", text) === undefined) expect(fillName("id", text, inbound)).not.toBe("");
      }),
      { numRuns: 3000 },
    );
    expect(valid).toBeGreaterThan(50);
  });

  test("that is not found good is never filled: it throws", () => {
    expect(() => fillName("id", "{", inboundOf({}))).toThrow(RangeError);
    expect(() => fillStream("nodash", inboundOf({}))).toThrow(RangeError);
  });
});
