import type { World } from "../world/world.ts";

/** Alarms that an object may have while nothing goes on: what guarded the last work, and what looked, with growing patience, whether it was done. */
const MOST_USELESS = 6;

/** At rest nobody holds an alarm; and those that fired since anything happened were few. */
export function* checkAlarms({ namespaces }: World): Generator<string> {
  for (const { name, alarm, uselessAlarms } of namespaces.flatMap(({ hosts }) => [...hosts.values()])) {
    if (alarm.time !== null) yield `${name} has an alarm that nobody gives`;
    if (uselessAlarms > MOST_USELESS) yield `${name} was woken ${uselessAlarms} times while nothing went on`;
  }
}
