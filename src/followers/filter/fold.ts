let last = "";
let folded = "";

/**
 * A text as it is compared where case does not count: down and up again, so that K (the sign of kelvin), ς and ß fall together with
 * k, σ and ss. The last one is kept, since the values of a filter ask for the same text one after the other.
 */
export function fold(text: string): string {
  if (text !== last) {
    folded = text.toLowerCase().toUpperCase();
    last = text;
  }
  return folded;
}
