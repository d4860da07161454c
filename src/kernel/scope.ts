/**
 * What a key may do: `<area>:<verb>`, or `<area>:<verb>:<topic>`. In what is granted, `*` stands for any text within its part, and a
 * missing topic for all topics. In what is needed, `*` is a character like any other: "every stream of the category" is needed as
 * `streams:read:order-*`, and only a grant that reaches all of them matches it.
 */
export type Scope = `${string}:${string}`;

/** At most 400 characters. */
export const SCOPE_PATTERN = /^(?=.{3,400}$)[a-z*][a-z*-]*:[A-Za-z0-9_*-]+(?::[A-Za-z0-9._~:*-]+)?$/;

/** Every scope there is. */
export const EVERYTHING: Scope = "*:*";

/** Whether any of the granted scopes reaches what is needed. Also tells whether who has these may give that one away. */
export function allows(granted: readonly string[], needed: string): boolean {
  const wanted = partsOf(needed);
  return granted.some((scope) => reaches(partsOf(scope), wanted));
}

/** Whether any of the granted scopes reaches an area's verb for at least one topic. */
export function allowsSome(granted: readonly string[], needed: string): boolean {
  const { area, verb } = partsOf(needed);
  return granted.map(partsOf).some((parts) => matches(parts.area, area) && matches(parts.verb, verb));
}

interface Parts {
  readonly area: string;
  readonly verb: string;
  /** Undefined: all of them. It may have colons of its own, as a stream's id may. */
  readonly topic: string | undefined;
}

function partsOf(scope: string): Parts {
  const [area = "", verb = "", ...topic] = scope.split(":");
  return { area, verb, topic: topic.length === 0 ? undefined : topic.join(":") };
}

function reaches(granted: Parts, needed: Parts): boolean {
  if (!matches(granted.area, needed.area) || !matches(granted.verb, needed.verb)) return false;
  if (granted.topic === undefined) return true;
  return matches(granted.topic, needed.topic ?? "*");
}

/** Whether a pattern with `*` matches a whole text: in the time of their product at worst, whatever the pattern. */
function matches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  let place = 0;
  while (place < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      taken = place;
    } else if (at < pattern.length && pattern[at] === text[place]) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star + 1;
      place = ++taken;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
