import type { StreamStore } from "./stream-store.ts";

/** How much of a stream is kept; what is left out asks nothing. The strictest counts. */
export interface Retention {
  /** The newest so many events. */
  readonly maxCount?: number;
  /** Events `recorded` so many milliseconds ago or later; `text` is the duration as it was given (ISO 8601). */
  readonly maxAge?: { readonly milliseconds: number; readonly text: string };
  /** From this version on. */
  readonly before?: number;
}

/** The name of the setting. */
export const RETENTION = "retention";

/** An alarm for age alone comes at most this often (milliseconds); what is too old is not shown in any case. */
const AGE_PAUSE = 3_600_000;

/** The first version that may be shown: retention counts at once, even while the rows are still there. */
export function firstVersion(store: StreamStore, now: number): number {
  const stored = store.firstVersion();
  const retention = store.setting<Retention>(RETENTION);
  if (retention === undefined) return stored;
  const { version } = store.memory;
  const { maxCount, maxAge, before } = retention;
  return Math.max(
    stored,
    before === undefined ? 1 : Math.min(before, version + 1),
    maxCount === undefined ? 1 : version - maxCount + 1,
    maxAge === undefined ? 1 : store.firstSince(new Date(now - maxAge.milliseconds).toISOString()),
  );
}

/**
 * Deletes what retention lets go, but only what the log has, in steps that let others in. Says when to come back for what grows
 * too old (milliseconds since 1970); undefined where nothing will.
 */
export async function retain(store: StreamStore, loggedVersion: number, now: number): Promise<number | undefined> {
  const retention = store.setting<Retention>(RETENTION);
  if (retention === undefined) return undefined;
  const end = Math.min(firstVersion(store, now), loggedVersion + 1);
  while (store.firstVersion() < end && store.truncate(end)) await scheduler.wait(0);
  const oldest = store.envelope(store.firstVersion());
  if (retention.maxAge === undefined || oldest === undefined || oldest.version === store.memory.version) return undefined;
  return Math.max(Date.parse(oldest.recorded) + retention.maxAge.milliseconds, now + AGE_PAUSE);
}
