import { HEADER_PATTERN } from "./hmac-settings.ts";
import { valueAt } from "./payload.ts";
import type { Inbound } from "./scheme.ts";

/** A piece of a template and where it begins, counted from 1: text as it stands, or the place of a value in the delivery. */
export type Piece = { readonly at: number } & ({ readonly literal: string } | { readonly header: string } | { readonly body: readonly string[] });

/** A parsed template. */
export type Template = readonly Piece[];

/** Why a text is no template, and at which character, counted from 1. */
export interface TemplateFault {
  readonly at: number;
  readonly message: string;
}

export function isFault<Result extends object>(result: Result | TemplateFault): result is TemplateFault {
  return "message" in result;
}

/**
 * Reads a template: text, and in braces where a value comes from, `{header.<Name>}` or `{body.<name>.<name>}`, in which a whole number
 * is a place in a list, from 0. There is nothing else: no expression, no escape, and nothing that takes longer than the text is long.
 */
export function parseTemplate(text: string): Template | TemplateFault {
  const pieces: Piece[] = [];
  let from = 0;
  while (from < text.length) {
    const open = text.indexOf("{", from);
    const literal = text.slice(from, open < 0 ? undefined : open);
    const stray = literal.indexOf("}");
    if (stray >= 0) return { at: from + stray + 1, message: "Expected a { before this }" };
    if (literal !== "") pieces.push({ at: from + 1, literal });
    if (open < 0) break;
    const close = text.indexOf("}", open);
    if (close < 0) return { at: open + 1, message: "Expected a } that closes this {" };
    const piece = parsePlace(text.slice(open + 1, close), open + 2);
    if (isFault(piece)) return piece;
    pieces.push(piece);
    from = close + 1;
  }
  return pieces.length === 0 ? { at: 1, message: "Expected at least one character" } : pieces;
}

function parsePlace(place: string, at: number): Piece | TemplateFault {
  const inner = place.indexOf("{");
  if (inner >= 0) return { at: at + inner, message: "Expected a } before another {" };
  const [root = "", ...path] = place.split(".");
  if ((root !== "header" && root !== "body") || path.length === 0) {
    return { at, message: `Expected header.<Name> or body.<path> in braces, got ${place === "" ? "nothing" : place}` };
  }
  if (root === "header") {
    const header = place.slice("header.".length);
    if (!HEADER_PATTERN.test(header)) return { at: at + "header.".length, message: "Expected a header's name after header." };
    if (SECRET_HEADERS.has(header.toLowerCase()))
      return { at: at + "header.".length, message: `The header ${header} carries a secret, which no event may show` };
    return { at: at - 1, header };
  }
  const empty = path.indexOf("");
  if (empty < 0) return { at: at - 1, body: path };
  return { at: at + ["body", ...path.slice(0, empty)].join(".").length + 1, message: "Expected a name between the dots" };
}

const SECRET_HEADERS: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** A value that a template wants and the delivery does not have. */
export interface MissingValue {
  /** As the template writes it: `body.data.id`. */
  readonly path: string;
  readonly message: string;
}

/** The text that a template gives for a delivery, each value through `clean` first; else everything that is missing. */
export function fillTemplate(template: Template, inbound: Inbound, clean: (value: string) => string): string | readonly MissingValue[] {
  const missing: MissingValue[] = [];
  let text = "";
  for (const piece of template) {
    if ("literal" in piece) text += piece.literal;
    else {
      const found = valueOf(piece, inbound);
      if ("text" in found) text += clean(found.text);
      else missing.push({ path: "header" in piece ? `header.${piece.header}` : `body.${piece.body.join(".")}`, message: found.fault });
    }
  }
  return missing.length === 0 ? text : missing;
}

function valueOf(piece: Exclude<Piece, { literal: string }>, { headers, payload }: Inbound): ReturnType<typeof valueAt> {
  if ("body" in piece) return valueAt(payload, piece.body);
  const value = headers.get(piece.header);
  return value ? { text: value } : { fault: value === null ? "is missing" : "is empty" };
}
