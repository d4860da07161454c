import { CATEGORY_PATTERN, isLongerThan, isPlatformCategory, STREAM_ID_PATTERN } from "../kernel/index.ts";
import { type InboundEvent, missingValues, type Unusable } from "./inbound.ts";
import { categoryPart, idPart, typeWords } from "./names.ts";
import type { Inbound } from "./scheme.ts";
import { fillTemplate, isFault, type MissingValue, parseTemplate, type Piece, type Template, type TemplateFault } from "./template.ts";

/** What a source's settings may say of its events with a template, in the place of the scheme's default. */
export const TEMPLATE_NAMES = ["type", "stream", "id"] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** A template's text may have at most this many characters. */
export const MAX_TEMPLATE_LENGTH = 512;

/** An event's type and id may have at most this many. */
const MAX_NAME_LENGTH = 256;

/** Why a text can be no template for this; undefined where it can. What it finds good makes a valid name of every value. */
export function templateFault(name: TemplateName, text: string): TemplateFault | undefined {
  const template = parseTemplate(text);
  if (isFault(template)) return template;
  if (name !== "stream" && isLongerThan(sampleOf(template), MAX_NAME_LENGTH))
    return { at: 1, message: `Expected at most ${MAX_NAME_LENGTH} characters of text` };
  if (name === "type") return typeFault(template);
  if (name === "id") {
    return template.some((piece) => !("literal" in piece))
      ? undefined
      : { at: 1, message: "Expected a value in braces: with one id for all deliveries only the first would be taken" };
  }
  const parts = splitStream(template);
  return isFault(parts) ? parts : streamFault(parts);
}

function typeFault(template: Template): TemplateFault | undefined {
  const fault = literalFault(template, /[\s*#\p{C}]/u, "in a type");
  if (fault) return fault;
  const sample = sampleOf(template);
  const empty = sample.startsWith(".") ? 0 : sample.endsWith(".") ? sample.length - 1 : sample.indexOf("..");
  if (empty >= 0) return { at: positionOf(template, empty), message: "Expected a word between the dots of a type" };
  return sample === "rivulet" || sample.startsWith("rivulet.") ? { at: 1, message: "Types that begin with rivulet. are the platform's" } : undefined;
}

interface StreamParts {
  readonly category: Template;
  readonly id: Template;
}

/** Splits at the first `-` that stands in the template itself: values cannot move the border, since a category's are freed of it. */
function splitStream(template: Template): StreamParts | TemplateFault {
  const index = template.findIndex((piece) => "literal" in piece && piece.literal.includes("-"));
  const piece = template[index];
  if (piece === undefined || !("literal" in piece)) return { at: 1, message: "Expected <category>-<id>, got no - outside of braces" };
  const dash = piece.literal.indexOf("-");
  const before = { at: piece.at, literal: piece.literal.slice(0, dash) };
  const after = { at: piece.at + dash + 1, literal: piece.literal.slice(dash + 1) };
  const parts = { category: [...template.slice(0, index), before], id: [after, ...template.slice(index + 1)] };
  const hasText = (part: Template): boolean => part.some((piece) => !("literal" in piece) || piece.literal !== "");
  if (!hasText(parts.category)) return { at: 1, message: "Expected a category before the -" };
  return hasText(parts.id) ? parts : { at: after.at, message: "Expected an id after the -" };
}

function streamFault({ category, id }: StreamParts): TemplateFault | undefined {
  const fault = literalFault(category, /[^a-z0-9_]/, "in a category") ?? literalFault(id, /[^A-Za-z0-9._~:-]/, "in a stream's id");
  if (fault) return fault;
  const sample = sampleOf(category);
  if (!CATEGORY_PATTERN.test(sample)) return { at: 1, message: "Expected a category of [a-z][a-z0-9_]*, at most 500 characters" };
  if (isPlatformCategory(sample)) return { at: 1, message: `The category ${sample} is the platform's; only it appends there` };
  const name = sampleOf(id);
  const isName = STREAM_ID_PATTERN.test(name) && (id.some((piece) => !("literal" in piece)) || !/^\.{1,2}$/.test(name));
  return isName ? undefined : { at: id[0]?.at ?? 1, message: "Expected an id of 1 to 200 of [A-Za-z0-9._~:-] that is not . or .." };
}

function literalFault(template: Template, wrong: RegExp, where: string): TemplateFault | undefined {
  for (const piece of template) {
    if (!("literal" in piece)) continue;
    const found = wrong.exec(piece.literal);
    if (found) return { at: piece.at + found.index, message: `${JSON.stringify(found[0])} cannot stand ${where}` };
  }
  return undefined;
}

/** What a template gives where every value is `x`. */
function sampleOf(template: Template): string {
  return template.map(sampleOfPiece).join("");
}

function sampleOfPiece(piece: Piece): string {
  return "literal" in piece ? piece.literal : "x";
}

/** Where in the template's text a character of its sample stands. */
function positionOf(template: Template, index: number): number {
  let start = 0;
  for (const piece of template) {
    const { length } = sampleOfPiece(piece);
    if (index < start + length) return "literal" in piece ? piece.at + index - start : piece.at;
    start += length;
  }
  return 1;
}

/** An event's id or type from its template, which `templateFault` has found good. */
export function fillName(name: "id" | "type", text: string, inbound: Inbound): string | Unusable {
  const filled = fillTemplate(good(text), inbound, name === "type" ? typeWords : (value) => value);
  return typeof filled === "string" ? filled : missing(name, filled);
}

/** An event's stream from its template, which `templateFault` has found good. */
export function fillStream(text: string, inbound: Inbound): InboundEvent["stream"] | Unusable {
  const parts = splitStream(good(text));
  if (isFault(parts)) throw new RangeError(`expected a stream's template, got ${text}`);
  const category = fillTemplate(parts.category, inbound, categoryPart);
  const id = fillTemplate(parts.id, inbound, idPart);
  if (typeof category !== "string" || typeof id !== "string") return missing("stream", [category, id].filter((part) => typeof part !== "string").flat());
  if (!CATEGORY_PATTERN.test(category)) {
    return {
      status: 422,
      code: "invalid_stream",
      detail: `The template of the stream gives the category ${category.slice(0, 100)}: expected [a-z][a-z0-9_]*.`,
    };
  }
  if (isPlatformCategory(category)) {
    return { status: 403, code: "reserved_category", detail: `The template of the stream gives the category ${category}, which is the platform's.` };
  }
  return { category, id };
}

function good(text: string): Template {
  const template = parseTemplate(text);
  if (isFault(template)) throw new RangeError(`expected a template, got ${text}`);
  return template;
}

function missing(name: TemplateName, values: readonly MissingValue[]): Unusable {
  return missingValues(values.map(({ path, message }) => ({ path, message: `${message}: the template of the event's ${name} needs it` })));
}
