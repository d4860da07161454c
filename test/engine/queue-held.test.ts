import { createMessageBatch } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { compose } from "../../src/compose.ts";
import { GENESIS_HASH, jsonText, packHints, type RecordedEvent } from "../../src/kernel/index.ts";
import { env, wholeLog } from "../support/engine.ts";
import { metadata } from "../support/metadata.ts";

const hash = (version: number): string => (version === 0 ? GENESIS_HASH : `sha256:${String(version).padStart(64, "a")}`);

test("a batch of the queue is held by no writing of spans, for the next batch waits for its end; who comes next writes them", async () => {
  const tenant = "unheld-spans";
  // With a recorder of its own, to which nobody else has handed anything. The events are nobody else's: no other consumer is faster.
  const { worker } = compose();
  const bindings = { ...env, METRICS_EVERY_MS: "600000" };
  const works: Promise<unknown>[] = [];
  const context = { waitUntil: (work: Promise<unknown>) => void works.push(work) } as unknown as ExecutionContext;
  const recorded = new Date().toISOString();
  for (const version of [1, 2, 3]) {
    const event: RecordedEvent = {
      id: `e${version}`,
      stream: "note-1",
      version,
      type: "notes.Written",
      schemaVersion: 1,
      time: recorded,
      recorded,
      source: "/test",
      metadata,
      hash: hash(version),
      previousHash: hash(version - 1),
      dataHash: hash(9),
      data: jsonText({ text: "a" }),
    };
    const [body] = packHints({ shard: 0, tenant, stream: "note-1", head: event, events: [event] }) as [string];
    await worker.queue(createMessageBatch<string>("rivulet-events-0", [{ id: `m${version}`, timestamp: new Date(), attempts: 1, body }]), bindings, context);
  }
  // The first flush of figures, which is due at once, and nothing else.
  expect(works).toHaveLength(1);
  expect(await wholeLog(tenant)).toHaveLength(3);
  const written = () =>
    env.TELEMETRY!.prepare("SELECT count(*) AS count FROM hops WHERE tenant = ?1 AND service = 'projector'").bind(tenant).first<number>("count");
  await Promise.all(works);
  expect(await written()).toBe(0);
  const headers = { authorization: "Bearer test-admin-key", "tenant-id": tenant, traceparent: metadata.traceparent };
  expect((await worker.fetch(new Request("https://x/v1/projections", { headers }), bindings, context)).status).toBe(200);
  await vi.waitFor(async () => expect(await written()).toBe(3), { timeout: 30_000, interval: 50 });
});
