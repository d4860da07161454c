import { TopicIndex } from "../../kernel/index.ts";

/** Whether a type matches one of the patterns; compiled once, and quick for types that come again. */
export function topicMatcher(patterns: readonly string[]): (type: string) => boolean {
  const index = new TopicIndex<true>();
  index.set(true, patterns);
  return (type) => index.matching(type).size > 0;
}
