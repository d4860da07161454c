import { expect, test } from "vitest";
import type { FollowedPage, FollowerDefinition, FollowerPorts } from "../../../durable-objects/follower/contract.ts";
import type { FollowerStore } from "../../../durable-objects/follower/follower-store.ts";
import { Pump } from "../../../durable-objects/follower/pump.ts";
import type { LoggedEvent } from "../../../src/kernel/index.ts";

const definition: FollowerDefinition = {
  types: ["#"],
  after: 0,
  epoch: "",
  order: "stream",
  priority: "normal",
  concurrency: 6,
  timeoutMs: 1_000,
  retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 1 },
  sink: "push",
  status: "active",
};

/** A log, and a follower of it whose reads can be held up. */
class Followed {
  readonly delivered: number[] = [];
  readonly pump: Pump;
  /** What a read waits for once the log has answered it. */
  answering: Promise<void> = Promise.resolve();
  reads = 0;
  readonly #log: LoggedEvent[] = [];

  constructor() {
    const store = { cursor: undefined, lanes: new Map(), readAll: () => [], putCursor: () => {} } as unknown as FollowerStore;
    const ports = {
      matcher: () => () => true,
      read: (_: string, { after }: { readonly after: number }) => this.#page(after),
      deliver: async (_follower: unknown, _definition: unknown, { event }: { readonly event: LoggedEvent }) => {
        this.delivered.push(event.position);
        return { kind: "delivered" };
      },
      restsUntil: () => 0,
      now: () => 0,
    } as unknown as FollowerPorts;
    this.pump = new Pump({ tenant: "t", kind: "subscription", id: "s", partition: 0 }, definition, store, ports);
  }

  /** An event comes, and the follower is woken for it as the dispatcher does. */
  write(): void {
    const position = this.#log.length + 1;
    this.#log.push({ position, id: `id-${position}`, stream: `note-${position}`, version: 1, type: "notes.Written", entry: `mark-${position}` } as LoggedEvent);
    if (this.pump.isIdle) this.pump.skipTo(position - 1, `mark-${position - 1}`);
    this.pump.heard(position);
  }

  async #page(after: number): Promise<FollowedPage> {
    this.reads++;
    const events = this.#log.slice(after);
    const position = this.#log.length;
    const [entryAt = null, entryTo = null] = [after, position].map((at) => this.#log[at - 1]?.entry);
    const page = { position, epoch: "e", entryAt, events, lookedTo: position, entryTo };
    await this.answering;
    return page;
  }
}

test("what a follower is woken for while the log's answer is on its way to it is read next", async () => {
  const followed = new Followed();
  followed.write();
  await followed.pump.run();
  expect(followed.delivered).toEqual([1]);

  const { promise, resolve } = Promise.withResolvers<void>();
  followed.answering = promise;
  followed.write();
  const run = followed.pump.run();
  // The answer, with the second event, is made already.
  followed.write();
  expect(followed.pump.isIdle).toBe(false);
  resolve();
  await run;
  expect(followed.delivered).toEqual([1, 2, 3]);
  expect(followed.pump.isIdle).toBe(true);
});

test("and no more is read than that: a follower that has heard of everything does not ask again", async () => {
  const followed = new Followed();
  followed.write();
  followed.write();
  await followed.pump.run();
  await followed.pump.run();
  expect([followed.delivered, followed.reads]).toEqual([[1, 2], 1]);
});
