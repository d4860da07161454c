import { type FinalEvent, nameOf } from "./final-state.ts";
import { describe, type SentEvent } from "./operation.ts";
import { isPlatforms } from "./platforms.ts";
import type { Run } from "./run.ts";
import type { Violation, ViolationKind } from "./violation.ts";
import { contentOf, type Write } from "./write.ts";

/** Where each write is in its stream; the versions of one that is not there are none. */
export interface Placed {
  readonly violations: readonly Violation[];
  readonly versions: ReadonlyMap<Write, readonly number[]>;
}

/**
 * Finds each write in the final streams. What was acknowledged is there as it was answered, what was refused is not, what is
 * unknown is there once and whole or not at all, and nothing else is there.
 */
export function placeWrites(run: Run): Placed {
  const claimed = new Map<string, Write>();
  const violations: Violation[] = [];
  const versions = new Map<Write, readonly number[]>();
  const tell: Tell = (kind, message) => void violations.push({ kind, message });
  const place = (write: Write, events: readonly FinalEvent[]): void => {
    for (const event of events) claimed.set(nameOf(event), write);
    const numbers = events.map(({ version }) => version);
    versions.set(write, numbers);
    const isWhole = numbers.length === write.events.length && !run.hasSharedIds(write);
    if (isWhole && numbers.some((version, index) => index > 0 && version !== (numbers[index - 1] as number) + 1)) {
      tell("not-contiguous", `${asked(write)} is at the versions ${numbers.join(", ")}, which are no run.`);
    }
  };
  for (const write of run.writes) if (write.outcome === "ok") place(write, findAcknowledged(run, write, tell));
  const contents = contentsOf(run);
  for (const write of run.writes) {
    const free = (sent: SentEvent): readonly FinalEvent[] =>
      (contents.get(write.stream)?.get(contentOf(sent)) ?? []).filter((event) => !claimed.has(nameOf(event)) && is(sent, event));
    if (write.outcome === "unknown") place(write, findUnknown(run, write, free, tell));
  }
  for (const message of strangers(run, claimed)) violations.push(message);
  return { violations, versions };
}

type Tell = (kind: ViolationKind, message: string) => void;

const asked = ({ first, calls }: Write): string => `${describe(first)}, call ${calls[0]?.call},`;

/** Whether the final event is this one as it was sent. */
function is(sent: SentEvent, event: FinalEvent): boolean {
  const hasId = sent.id === undefined || (sent.id === event.id && (sent.source ?? "/v1") === event["source"]);
  return hasId && contentOf(sent) === `${event.type} ${event.dataHash}`;
}

function findAcknowledged(run: Run, write: Write, tell: Tell): readonly FinalEvent[] {
  const stream = run.events.get(write.stream) ?? new Map<number, FinalEvent>();
  const answered = write.answer?.events ?? [];
  if (answered.length !== write.events.length) tell("acknowledged-altered", `${asked(write)} was answered with ${answered.length} events.`);
  return answered.flatMap(({ id, version, hash }, index) => {
    const event = stream.get(version);
    if (event?.id !== id) {
      const moved = [...stream.values()].find((other) => other.id === id);
      const there = event === undefined ? "nothing" : `the event ${event.id}`;
      if (moved === undefined) tell("acknowledged-missing", `${asked(write)} was answered with ${id} at version ${version}; there is ${there}.`);
      else
        tell("acknowledged-moved", `${asked(write)} was answered with ${id} at version ${version}; it is at version ${moved.version}, and there is ${there}.`);
      return moved ? [moved] : [];
    }
    const sent = write.events[index];
    if (event.hash !== hash) tell("acknowledged-altered", `${asked(write)} was answered with the hash ${hash} for version ${version}; it is ${event.hash}.`);
    if (sent !== undefined && !is(sent, event)) {
      tell("acknowledged-altered", `${asked(write)} sent "${contentOf(sent)}" as event ${index}; version ${version} is "${event.type} ${event.dataHash}".`);
    }
    return [event];
  });
}

/** Where an unknown write is: the candidates for each of its events are what nobody else wrote. */
function findUnknown(run: Run, write: Write, free: (sent: SentEvent) => readonly FinalEvent[], tell: Tell): readonly FinalEvent[] {
  const candidates = write.events.map(free);
  const [first = []] = candidates;
  const whole = first.map((head) => candidates.map((events, index) => events.find(({ version }) => version === head.version + index)));
  const found = whole.find((events) => !events.includes(undefined));
  if (found !== undefined) return found as readonly FinalEvent[];
  const parts = candidates.flatMap(([event]) => (event === undefined ? [] : [event]));
  if (parts.length > 0 && parts.length < write.events.length && !run.hasSharedIds(write)) {
    const versions = parts.map(({ version }) => version).join(", ");
    tell("unknown-partial", `${asked(write)} had no answer; of its ${write.events.length} events only ${parts.length} are there, at ${versions}.`);
  }
  return parts;
}

/** A stream's events by what they say. */
type Contents = ReadonlyMap<string, ReadonlyMap<string, readonly FinalEvent[]>>;

function contentsOf({ events }: Run): Contents {
  const byContent = (versions: ReadonlyMap<number, FinalEvent>) => Map.groupBy(versions.values(), ({ type, dataHash }) => `${type} ${dataHash}`);
  return new Map([...events].map(([stream, versions]) => [stream, byContent(versions)]));
}

const EXTRA = { ok: "acknowledged-repeated", unknown: "unknown-repeated", refused: "refused-present" } as const;

/** What is in the streams beside what was found. */
function strangers(run: Run, claimed: ReadonlyMap<string, Write>): readonly Violation[] {
  const senders = new Map<string, Write>();
  // The last one stands, so the ones that wrote come last.
  for (const outcome of ["refused", "unknown", "ok"] as const) {
    for (const write of run.writes.filter((each) => each.outcome === outcome)) {
      for (const event of write.events) senders.set(`${write.stream} ${contentOf(event)}`, write);
    }
  }
  const events = [...run.events.values()].flatMap((versions) => [...versions.values()]);
  return events.flatMap((event): readonly Violation[] => {
    if (claimed.has(nameOf(event)) || event.type.startsWith("rivulet.") || isPlatforms(event.stream)) return [];
    const write = senders.get(`${event.stream} ${event.type} ${event.dataHash}`);
    if (write !== undefined) {
      const was = { ok: "was taken once", unknown: "had no answer", refused: `was refused with ${statusOf(write)}` }[write.outcome];
      return [{ kind: EXTRA[write.outcome], message: `${asked(write)} ${was}, but its event is there (again) as ${nameOf(event)}, id ${event.id}.` }];
    }
    return run.othersAppend
      ? []
      : [{ kind: "event-of-nobody", message: `${nameOf(event)} (type ${event.type}, id ${event.id}) is there, but no client sent it.` }];
  });
}

function statusOf({ calls }: Write): number | undefined {
  const last = calls.at(-1)?.outcome;
  return last?.phase === "failed" ? last.refusal.status : undefined;
}
