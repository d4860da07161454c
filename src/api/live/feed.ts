import type { JsonText } from "../../kernel/index.ts";
import { Doorbell } from "./doorbell.ts";

/** An event on its way to a listener; `id` is what the listener resumes with. */
export interface LiveEvent {
  readonly id: number;
  readonly text: JsonText;
}

/** What is followed: a stream by versions, or the log by positions. */
export interface Feed {
  /** What rings when there is more. */
  readonly object: Pick<Fetcher, "fetch">;
  /** The first number wanted; undefined begins with what comes next. */
  readonly from: number | undefined;
  /** Up to a page of events from a number on, and the number to go on with. */
  page(from: number): Promise<{ readonly events: readonly LiveEvent[]; readonly next: number; readonly isEnd?: boolean }>;
  /** Calls `end` when who listens may not go on; gives what stops the watching. */
  watch(end: () => void): Promise<() => void>;
}

/** Where a feed's events go. A write returns when the listener has room for more, and throws when it is gone. */
export interface Listener {
  event(event: LiveEvent): Promise<void>;
  heartbeat(): Promise<void>;
  readonly isGone: boolean;
}

/** Milliseconds between heartbeats to a listener that has nothing to hear. */
export const HEARTBEAT = 15_000;

/**
 * Gives a listener what is there and then what happens, in order, without gap or repeat, until it is gone or the feed ends. Only
 * one page is in memory at a time, however slowly it is read. Returns early when the object lets go: the listener resumes.
 */
export async function follow(feed: Feed, bell: Doorbell, listener: Listener): Promise<void> {
  let next = feed.from ?? bell.head + 1;
  let heartbeatDue = Date.now() + HEARTBEAT;
  while (!listener.isGone) {
    if (next <= bell.head) {
      const page = await feed.page(next);
      for (const event of page.events) await listener.event(event);
      if (page.isEnd) return;
      next = Math.max(page.next, next);
      if (page.events.length > 0) heartbeatDue = Date.now() + HEARTBEAT;
    } else {
      if (bell.isClosed) return;
      await bell.wait(Math.max(0, heartbeatDue - Date.now()));
    }
    // What the listener did not ask for rings as well, and is no sign of life to it.
    if (Date.now() < heartbeatDue || bell.isClosed) continue;
    await listener.heartbeat();
    heartbeatDue = Date.now() + HEARTBEAT;
  }
}
