import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Doorbell } from "../../src/api/live/doorbell.ts";
import { type Feed, follow, HEARTBEAT } from "../../src/api/live/feed.ts";
import { jsonText } from "../../src/kernel/index.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Rings every four seconds, which is more often than a heartbeat comes; the listener's seconds at which it heard something. */
async function heard(seconds: number, isWanted: (position: number) => boolean): Promise<{ readonly heartbeats: number[]; readonly events: number[] }> {
  const start = Date.now();
  const at = (): number => Math.round((Date.now() - start) / 1_000);
  const bell = {
    get head() {
      return Math.floor(at() / 4);
    },
    isClosed: false,
    wait: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 4_000 - ((Date.now() - start) % 4_000)))),
  } as unknown as Doorbell;
  const feed = {
    from: 1,
    async page(from: number) {
      const events = isWanted(from) ? [{ id: from, text: jsonText({}) }] : [];
      return { events, next: from + 1 };
    },
  } as unknown as Feed;
  const said = { heartbeats: [] as number[], events: [] as number[] };
  const listener = {
    event: async () => void said.events.push(at()),
    heartbeat: async () => void said.heartbeats.push(at()),
    get isGone() {
      return at() >= seconds;
    },
  };
  const following = follow(feed, bell, listener);
  await vi.advanceTimersByTimeAsync((seconds + 5) * 1_000);
  await following;
  return said;
}

describe("a listener gets a heartbeat", () => {
  test("every 15 seconds, while what it did not ask for keeps coming", async () => {
    expect(HEARTBEAT).toBe(15_000);
    expect(await heard(50, () => false)).toEqual({ heartbeats: [15, 30, 45], events: [] });
  });

  test("15 seconds after what it heard last, and none while it hears enough", async () => {
    expect(await heard(60, () => true)).toMatchObject({ heartbeats: [] });
    expect(await heard(60, (position) => position % 6 === 0)).toEqual({ heartbeats: [15, 39], events: [24, 48] });
  });
});
