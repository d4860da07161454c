import { topicMatches } from "../../src/kernel/index.ts";
import type { FollowerStanding } from "./contract.ts";
import type { FollowerStore, Lane } from "./follower-store.ts";

/** How many dead letters go at a time: few at first, so that a sink that is not well yet fails few. */
const BATCHES = [1, 2, 5, 10, Number.MAX_SAFE_INTEGER];

/** A redrive of many dead letters, under way or over. */
export interface Redrive {
  readonly id: string;
  readonly filter: {
    readonly type?: string | undefined;
    readonly stream?: string | undefined;
    readonly since?: string | undefined;
    readonly until?: string | undefined;
  };
  readonly step: number;
  /** The lanes that are tried now. */
  readonly batch: readonly string[];
  readonly delivered: number;
  readonly state: "running" | "done" | "stopped";
}

const keyOf = (id: string): string => `redrive:${id}`;

/** Notes a redrive; what it takes it finds among what is parked when it is taken on. */
export function beginRedrive(store: FollowerStore, { id, filter }: Pick<Redrive, "id" | "filter">): void {
  // Who has taken up nothing yet has nothing parked; a handler that has not begun has nobody either who would find that out.
  const state = store.cursor === undefined && store.lanes.size === 0 ? "done" : "running";
  store.put(keyOf(id), { id, filter, step: 0, batch: [], delivered: 0, state } satisfies Redrive);
}

/** Takes redrives on: where a batch is through, the next, larger one; where one of it has failed, none. Says whether anything moved. */
export function takeRedrivesOn(store: FollowerStore, now: number): boolean {
  let hasMoved = false;
  for (const redrive of running(store)) {
    const lanes = redrive.batch.map((key) => store.lanes.get(key));
    // Through is what has left its lane, or has gone on in it.
    if (lanes.some((lane) => lane?.run === redrive.id)) continue;
    const failed = lanes.filter((lane) => lane?.state === "parked").length;
    const delivered = redrive.delivered + lanes.length - failed;
    const wanted = failed > 0 ? [] : parkedBy(store, redrive.filter).slice(0, BATCHES[redrive.step]);
    store.together(() => {
      for (const lane of wanted) store.putLane({ ...lane, state: "retrying", due: now, tries: 0, run: redrive.id });
      const state = failed > 0 ? "stopped" : wanted.length === 0 ? "done" : "running";
      store.put(keyOf(redrive.id), { ...redrive, delivered, state, batch: wanted.map(({ key }) => key), step: Math.min(redrive.step + 1, BATCHES.length - 1) });
    });
    hasMoved = true;
  }
  return hasMoved;
}

/** The redrives there were, for those who ask. */
export function shownRedrives(store: FollowerStore): FollowerStanding["redrives"] {
  return store.readAll<Redrive>("redrive:").map(({ id, delivered, state, filter }) => ({ id, delivered, state, left: parkedBy(store, filter).length }));
}

function running(store: FollowerStore): readonly Redrive[] {
  return store.readAll<Redrive>("redrive:").filter(({ state }) => state === "running");
}

function parkedBy(store: FollowerStore, { type, stream, since, until }: Redrive["filter"]): readonly Lane[] {
  const isMeant = (lane: Lane): boolean =>
    lane.state === "parked" &&
    (type === undefined || topicMatches(type, lane.type)) &&
    (stream === undefined || lane.stream === stream) &&
    (since === undefined || (lane.parkedAt ?? "") >= since) &&
    (until === undefined || (lane.parkedAt ?? "") < until);
  return [...store.lanes.values()].filter(isMeant).sort((a, b) => a.position - b.position);
}
