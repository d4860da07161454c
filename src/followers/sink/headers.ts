/** A sink's own headers at most: so many, and so many characters of names and values together. */
const MOST_HEADERS = 20;
const MOST_CHARACTERS = 8_192;

/** A header's name (RFC 9110, section 5.6.2), and a value that every server takes: visible ASCII with blanks and tabs between. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/;

/** What begins the names of headers that the platform or the connection has a say in. */
const OURS = /^(?:webhook-|svix-|rivulet-|ce-|content-|proxy-|sec-|cf-|x-forwarded-)/;
const TAKEN =
  /^(?:accept-encoding|cdn-loop|connection|date|expect|forwarded|host|keep-alive|origin|te|traceparent|tracestate|trailer|transfer-encoding|upgrade|user-agent|via|x-real-ip)$/;

/** Why these cannot be headers of a sink's own, in a sentence; undefined where they can. Never repeats a value: it may be secret. */
export function headersFault(headers: Readonly<Record<string, string>>): string | undefined {
  const fields = Object.entries(headers);
  if (fields.length > MOST_HEADERS) return `Expected at most ${MOST_HEADERS} headers, got ${fields.length}`;
  const characters = fields.reduce((sum, field) => sum + field.join("").length, 0);
  if (characters > MOST_CHARACTERS) return `Expected headers of at most ${MOST_CHARACTERS} characters, got ${characters}`;
  const seen = new Set<string>();
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (!NAME.test(name)) return `Expected names of headers, got ${JSON.stringify(name)}`;
    if (OURS.test(lower) || TAKEN.test(lower)) return `Expected headers of your own, got ${name}, which the platform sets or leaves out itself`;
    if (seen.has(lower)) return `Expected each header once, got ${name} twice`;
    if (!VALUE.test(value)) return `Expected ${name} to be of visible ASCII characters, with blanks only between them`;
    seen.add(lower);
  }
  return undefined;
}
