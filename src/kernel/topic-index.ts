import { topicMatches } from "./topic-pattern.ts";

/** Types whose matches are kept: an event type comes again and again. */
const MOST_KEPT = 1_000;

/** Which of many followers want an event type: patterns by their first word, so that only those that may match are looked at. */
export class TopicIndex<Id> {
  readonly #patterns = new Map<Id, readonly string[]>();
  /** Who has a pattern that begins with this word; under `*` those that begin with a wildcard. */
  readonly #byWord = new Map<string, Set<Id>>();
  readonly #known = new Map<string, ReadonlySet<Id>>();

  /** Adds somebody, or changes what they want. */
  set(id: Id, patterns: readonly string[]): void {
    this.delete(id);
    this.#patterns.set(id, patterns);
    for (const pattern of patterns) {
      const word = wordOf(pattern);
      this.#byWord.set(word, (this.#byWord.get(word) ?? new Set()).add(id));
    }
  }

  delete(id: Id): void {
    this.#known.clear();
    for (const word of (this.#patterns.get(id) ?? []).map(wordOf)) {
      const ids = this.#byWord.get(word);
      ids?.delete(id);
      if (ids?.size === 0) this.#byWord.delete(word);
    }
    this.#patterns.delete(id);
  }

  /** Those who want this type, in no order. */
  matching(type: string): ReadonlySet<Id> {
    const known = this.#known.get(type);
    if (known !== undefined) return known;
    const [word = ""] = type.split(".", 1);
    const candidates = [...(this.#byWord.get(word) ?? []), ...(this.#byWord.get(ANY) ?? [])];
    const found = new Set(candidates.filter((id) => this.#patterns.get(id)?.some((pattern) => topicMatches(pattern, type))));
    if (this.#known.size >= MOST_KEPT) this.#known.clear();
    this.#known.set(type, found);
    return found;
  }
}

const ANY = "*";

function wordOf(pattern: string): string {
  const [word = ""] = pattern.split(".", 1);
  return word === "#" ? ANY : word;
}
