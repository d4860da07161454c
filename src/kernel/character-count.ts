/**
 * How many characters (code points) a text has: what JSON Schema counts for `maxLength`, while `length` counts UTF-16 units, of which
 * an emoji takes two.
 */
export function characterCount(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    // A pair of surrogates is one character; a lone one counts by itself.
    if (!isHighSurrogate(text.charCodeAt(at)) || !isLowSurrogate(text.charCodeAt(at + 1))) continue;
    count--;
    at++;
  }
  return count;
}

/** Whether a text has more characters than that. Most texts need no counting. */
export function isLongerThan(text: string, characters: number): boolean {
  if (text.length <= characters) return false;
  return text.length > 2 * characters || characterCount(text) > characters;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
