import { type LoggedEvent, retryDelay, topicMatches } from "../../src/kernel/index.ts";
import type { FollowerStanding } from "./contract.ts";
import type { FollowerStore } from "./follower-store.ts";
import type { LaneWork } from "./lane-work.ts";

/** Events read at a time, and delivered before the replay's cursor is written. */
const PAGE = 100;
/** A pause (milliseconds) that is worth waiting for; longer ones are the alarm's. */
const SHORT = 1_000;

/** What a replay goes over, and how far it is: a second lane beside the live one, with a cursor and a pace of its own. */
export interface ReplayState {
  readonly id: string;
  readonly to: number;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly types?: readonly string[] | undefined;
  readonly stream?: string | undefined;
  /** Deliveries a second. */
  readonly rate: number;
  /** Everything up to here is delivered again. */
  readonly position: number;
  readonly delivered: number;
  readonly due: number;
  readonly tries: number;
  readonly state: "running" | "done" | "stopped";
  readonly reason?: string;
}

const keyOf = (id: string): string => `replay:${id}`;

/** Notes a replay; it begins with the next run. */
export function beginReplay(
  store: FollowerStore,
  settings: Omit<ReplayState, "position" | "delivered" | "due" | "tries" | "state"> & { readonly from: number },
): void {
  const { from, ...kept } = settings;
  store.put(keyOf(settings.id), { ...kept, position: from - 1, delivered: 0, due: 0, tries: 0, state: "running" } satisfies ReplayState);
}

/** Ends a replay that somebody has stopped. */
export function stopReplay(store: FollowerStore, id: string): void {
  const replay = store.read<ReplayState>(keyOf(id));
  if (replay?.state === "running") store.put(keyOf(id), { ...replay, state: "stopped", reason: "It was stopped." });
}

/** The replay that is due first; one goes on at a time. */
export function nextReplay(store: FollowerStore, now: number): { readonly key: string; readonly replay: ReplayState } | undefined {
  const replay = store.readAll<ReplayState>("replay:").find(({ state }) => state === "running");
  return replay === undefined || replay.due > now ? undefined : { key: keyOf(replay.id), replay };
}

/** The replays there were, for those who ask. */
export function shownReplays(store: FollowerStore): FollowerStanding["replays"] {
  return store.readAll<ReplayState>("replay:").map(({ id, position, to, delivered, state }) => ({ id, position, to, delivered, state }));
}

/** Takes a replay on, in order and at its pace, until it is through, fails, or has to wait for long. */
export async function takeReplayOn(
  work: LaneWork,
  { key, replay: from }: { readonly key: string; readonly replay: ReplayState },
  isOwn: (event: LoggedEvent) => boolean,
): Promise<void> {
  const { ports, store, follower, definition } = work;
  const types = from.types ?? definition.types;
  let replay = from;
  while (replay.position < replay.to) {
    const query = { after: replay.position, to: replay.to, types, limit: PAGE, ...(replay.stream !== undefined && { stream: replay.stream }) };
    const page = await ports.read(follower.tenant, query);
    for (const event of page.events.filter((event) => isOwn(event) && work.matches(event) && isMeant(replay, event))) {
      if (work.isHalted()) return save(store, key, replay);
      replay = await replayOne(work, replay, event);
      if (replay.position < event.position || replay.due > ports.now() + SHORT) return save(store, key, replay);
    }
    replay = { ...replay, position: Math.max(replay.position, page.lookedTo), tries: 0 };
    // Stopped by somebody meanwhile, or the log ends before it.
    if (store.read<ReplayState>(key)?.state !== "running") return;
    if (page.lookedTo >= page.position) break;
    save(store, key, replay);
  }
  save(store, key, { ...replay, state: "done" });
}

async function replayOne(work: LaneWork, replay: ReplayState, event: LoggedEvent): Promise<ReplayState> {
  const { ports, attempts, definition } = work;
  const pause = replay.due - ports.now();
  if (pause > 0) await scheduler.wait(Math.min(pause, SHORT));
  const tried = await attempts.try(definition, { event, attempt: replay.tries + 1, replay: replay.id });
  const now = ports.now();
  if (tried.kind === "refused") return { ...replay, due: tried.until };
  if (tried.outcome.kind === "delivered") {
    return { ...replay, position: event.position, delivered: replay.delivered + 1, due: Math.max(replay.due, now) + 1000 / replay.rate, tries: 0 };
  }
  if (tried.outcome.kind === "gone") {
    await work.gone(tried.outcome.error);
    return { ...replay, state: "stopped", reason: tried.outcome.error };
  }
  const tries = replay.tries + 1;
  if (tries >= definition.retry.maxAttempts)
    return { ...replay, tries, state: "stopped", reason: `The event at ${event.position} failed ${tries} times: ${tried.outcome.error}` };
  return { ...replay, tries, due: now + retryDelay(definition.retry, tries, ports.chance(), tried.outcome.retryAfterMs) };
}

function isMeant({ types, stream, since, until }: ReplayState, event: LoggedEvent): boolean {
  return (
    (types === undefined || types.some((pattern) => topicMatches(pattern, event.type))) &&
    (stream === undefined || stream === event.stream) &&
    (since === undefined || event.recorded >= since) &&
    (until === undefined || event.recorded < until)
  );
}

function save(store: FollowerStore, key: string, replay: ReplayState): void {
  // Who stopped it meanwhile is right.
  if (store.read<ReplayState>(key)?.state === "running") store.put(key, replay);
}
