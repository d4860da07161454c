/** A topic pattern: words parted by dots, `*` for exactly one word, `#` for any number of them, none included. */
export const TOPIC_PATTERN = /^(\*|#|[^.*#\s]+)(\.(\*|#|[^.*#\s]+))*$/;

/**
 * Whether an event type matches a topic pattern, with RabbitMQ's meaning
 * (https://www.rabbitmq.com/tutorials/tutorial-five-javascript). Takes time in words of the pattern times words of the topic.
 */
export function topicMatches(pattern: string, topic: string): boolean {
  const words = topic.split(".");
  // reachable[i]: the pattern so far can have eaten the first i words
  let reachable = [true, ...words.map(() => false)];
  for (const part of pattern.split(".")) {
    const first = reachable.indexOf(true);
    reachable =
      part === "#"
        ? reachable.map((_, i) => first >= 0 && i >= first)
        : [false, ...words.map((word, i) => reachable[i] === true && (part === "*" || part === word))];
  }
  return reachable[words.length] === true;
}
