/** The most values that a JSON text may hold, names not counted: more of them than this want more memory than a worker has. */
export const MAX_JSON_VALUES = 1_000_000;

/**
 * Whether a JSON text has more values than that, found out before any of them is made. Each but the first comes behind a comma or a bracket
 * that opens, so those are counted, outside of strings (an empty array counts for two). A text of fewer characters than two for each value
 * cannot hold them, so most texts are not looked at.
 */
export function hasTooManyValues(text: string): boolean {
  if (text.length < 2 * MAX_JSON_VALUES) return false;
  let count = 1;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at);
    else if ((char === COMMA || char === BRACKET || char === BRACE) && ++count > MAX_JSON_VALUES) return true;
  }
  return false;
}

const [QUOTE, COMMA, BRACKET, BRACE, BACKSLASH] = [0x22, 0x2c, 0x5b, 0x7b, 0x5c];

/** Where a string that begins at `start` has its last quote; the text's end where it has none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    // An even number of them escapes itself, and not the quote.
    if ((at - before) % 2 === 0) return at;
  }
  return text.length;
}
