/** The longest wildcard, in UTF-16 units: for pieces up to that the engine finds them in time with the text, for longer ones it may not. */
const LONGEST = 250;

/** How a wildcard reads: what stands between its stars, unescaped; or why it is none. */
export type WildcardRead = { readonly ok: true; readonly pieces: readonly string[] } | { readonly ok: false; readonly expected: string; readonly got: string };

/** Reads a wildcard: `*` stands for any characters, or none; `\*` and `\\` for themselves. */
export function readWildcard(text: string): WildcardRead {
  if (text.length > LONGEST) return { ok: false, expected: `a wildcard of at most ${LONGEST} characters`, got: `${text.length}` };
  const pieces: string[] = [];
  let piece = "";
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1];
    switch (text[at]) {
      case "*":
        if (next === "*") return { ok: false, expected: "no two * in a row in a wildcard", got: `two at character ${at + 1}` };
        pieces.push(piece);
        piece = "";
        break;
      case "\\":
        if (next !== "*" && next !== "\\")
          return { ok: false, expected: "* or \\ after a \\ in a wildcard", got: `${next === undefined ? "the end" : next} at character ${at + 2}` };
        piece += next;
        at++;
        break;
      default:
        piece += text[at];
    }
  }
  return { ok: true, pieces: [...pieces, piece] };
}

/**
 * Whether a text is made of these pieces with anything between. Each piece is looked for once, after the one before, which is
 * enough where a star is all that stands between them: there is nothing to go back to.
 */
export function wildcardMatches(pieces: readonly string[], text: string): boolean {
  const first = pieces[0] as string;
  if (pieces.length === 1) return text === first;
  const last = pieces.at(-1) as string;
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] as string;
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
