import type { RecordedEvent } from "../../src/kernel/index.ts";
import type { FollowerDefinition, FollowerIdentity, FollowerPorts } from "./contract.ts";
import { type FollowerStore, type Lane, LEASES } from "./follower-store.ts";
import { done } from "./lane-work.ts";
import { beginRedrive, type Redrive } from "./redrives.ts";
import { beginReplay, type ReplayState, stopReplay } from "./replays.ts";

interface Heeding {
  readonly follower: FollowerIdentity;
  readonly store: FollowerStore;
  readonly ports: FollowerPorts;
}

/** Does what a follower's stream tells it, once: what it did and up to where it has read are one commit. */
export async function heed(heeding: Heeding, events: readonly RecordedEvent[], definition: FollowerDefinition): Promise<void> {
  const { follower, store, ports } = heeding;
  const said = events.map(({ type, data }) => ({ name: type.slice(type.indexOf(".") + 1), data: JSON.parse(data) as never }));
  const dropped = said.filter(({ name }) => name === "DeadLetterDropped").map(({ data }) => (data as { position: number }).position);
  const own = dropped.filter((position) => laneAt(store, position) !== undefined);
  // Before it is noted as done, so that a crash between the two does it again.
  if (own.length > 0) await ports.unpark(follower, own);
  const resumed = said.some(({ name }) => name === "SubscriptionResumed" || name === "HandlerResumed");
  const stopped = store.cursor?.stopped;
  const head = resumed && stopped?.because === "log" ? await ports.read(follower.tenant, { after: Number.MAX_SAFE_INTEGER, types: [], limit: 1 }) : undefined;
  const gone = head === undefined ? [] : beyond(store, head.position);
  await ports.unpark(
    follower,
    gone.filter(({ parkedAt }) => parkedAt !== undefined).map(({ position }) => position),
  );
  store.together(() => {
    if (resumed && store.cursor !== undefined) {
      // The log it followed is gone: it goes on where the new one is by now.
      const anew = head && { position: head.position, epoch: head.epoch, entry: head.entryTo };
      store.putCursor({ ...store.cursor, ...anew, stopped: null });
    }
    for (const { key } of gone) store.removeLane(key);
    if (head !== undefined) {
      for (const lane of store.lanes.values()) store.putLane({ ...lane, isOfBefore: true });
      store.remove(LEASES);
    }
    for (const { name, data } of said) act(heeding, name, data);
    store.putTold({ version: events.at(-1)?.version ?? store.told?.version ?? 0, definition });
  });
}

function act({ store, ports }: Heeding, name: string, data: never): void {
  if (name === "ReplayStarted") beginReplay(store, data as Parameters<typeof beginReplay>[1]);
  if (name === "ReplayStopped") stopReplay(store, (data as ReplayState).id);
  if (name === "DeadLettersRedriven") beginRedrive(store, data as Redrive);
  if (name === "DeadLetterRedriven") {
    const { position, edit } = data as { readonly position: number; readonly edit?: unknown };
    const lane = laneAt(store, position);
    if (lane === undefined) return;
    const { isOver: _, ...kept } = lane;
    store.putLane({ ...kept, state: "retrying", due: ports.now(), tries: 0, ...(edit !== undefined && { edit: { data: edit } }) });
  }
  if (name === "DeadLetterDropped") {
    const lane = laneAt(store, (data as { readonly position: number }).position);
    if (lane) done({ store }, lane);
  }
}

/** Lanes that would wait for what another log has at positions that this one has not come to; and those that only had to catch up. */
function beyond(store: FollowerStore, head: number): readonly Lane[] {
  return [...store.lanes.values()].filter(({ position, state }) => position > head || state === "catching-up");
}

/** The dead letter of a position, if it is one here: parked, or about to be, for D1 may show it before it has answered. */
function laneAt(store: FollowerStore, position: number): Lane | undefined {
  return [...store.lanes.values()].find((lane) => lane.position === position && (lane.state === "parked" || lane.isOver === true));
}
