import { append, get, type HeaderFields, newerThan, ok, type StoredEvent } from "../support/http.ts";
import { eventually } from "./eventually.ts";
import { act, made, pull } from "./subscriptions.ts";

/** A dead letter as answers show it. */
export interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  readonly event: StoredEvent & { readonly position: number };
  readonly attempts: readonly { readonly at: string; readonly status: number | null; readonly error: string | null; readonly durationMs: number }[];
  readonly parkedAt: string;
  readonly waitingBehind?: number | null;
}

/** A subscription that is pulled, whose events are given up at the first refusal. */
export const strict = (name: string, headers: HeaderFields, more: object = {}): Promise<string> =>
  made(name, { sink: pull, types: ["dead.#"], retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 }, ...more }, headers);

/** Appends an event and waits until the log has it; its position. */
export async function logged(stream: string, headers: HeaderFields, { type = "dead.Thing", data = {} as unknown } = {}): Promise<number> {
  const write = await append(stream, [{ type, data }], headers);
  const { items } = ok<{ items: readonly { position: number }[] }>(await get(`/v1/events?stream=${stream}&limit=1000`, { ...headers, ...newerThan(write) }));
  return items.at(-1)?.position as number;
}

type Pulled = readonly (StoredEvent & { readonly position: number })[];

/** What may be pulled now; asks until there is something. */
export const pulled = (id: string, headers: HeaderFields): Promise<Pulled> =>
  eventually(
    "events to pull",
    async () => ok<{ items: Pulled }>(await get(`/v1/subscriptions/${id}/events`, headers)).items,
    ({ length }) => length > 0,
  );

/** Gives up all that may be pulled now; the ids of the dead letters that they become. */
export async function giveUp(id: string, headers: HeaderFields, reason = "not wanted"): Promise<readonly string[]> {
  const positions = (await pulled(id, headers)).map(({ position }) => position);
  ok(await act(id, "nack", { positions, reason }, headers));
  return positions.map((position) => `${id}~${position}`);
}
