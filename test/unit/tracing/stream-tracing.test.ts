import { expect, test } from "vitest";
import type { AppendRequest, ExecuteRequest } from "../../../durable-objects/aggregate/contract.ts";
import { StreamTracing } from "../../../durable-objects/aggregate/stream-tracing.ts";
import type { HopRecord } from "../../../src/tracing/hop.ts";
import { Recorder } from "../../../src/tracing/recorder.ts";
import { Sampler } from "../../../src/tracing/sampler.ts";
import { Tracer } from "../../../src/tracing/tracer.ts";

const TRACE = "a".repeat(32);
const identity = { tenant: "t", stream: "note-1" };

/** What is kept of a write that takes so long (milliseconds) and comes to this. */
async function keptOf(
  request: AppendRequest | ExecuteRequest,
  { takes = 5, comes }: { readonly takes?: number; readonly comes: object },
): Promise<readonly HopRecord[]> {
  let now = 1_000;
  const kept: HopRecord[] = [];
  const works: Promise<unknown>[] = [];
  const parts = {
    now: () => now,
    recorder: new Recorder(() => now),
    sampler: new Sampler(1),
    sinks: () => [{ name: "test", write: (hops: readonly HopRecord[]) => void kept.push(...hops) }],
  };
  const tracing = new StreamTracing(new Tracer(parts, (work) => void works.push(work)), identity, () => now);
  const answered = await tracing.write(request, async () => {
    now += takes;
    return comes as { ok: true };
  });
  expect(answered).toBe(comes);
  await Promise.all(works);
  return kept;
}

const metadata = (flags: string) => ({ correlationId: "c", traceparent: `00-${TRACE}-${"b".repeat(16)}-${flags}`, priority: "normal", actor: "a" });
const append = (flags: string) => ({ events: [{ metadata: metadata(flags) }], precondition: { kind: "none" } }) as unknown as AppendRequest;
const execute = (flags: string) => ({ command: { name: "Add" }, metadata: metadata(flags) }) as unknown as ExecuteRequest;
const written = { ok: true, events: [{ id: "i", version: 7, hash: "h" }] };

test.each([
  ["an append of a trace that is kept", append("01"), "append"],
  ["a command of one", execute("01"), "execute Add"],
])("%s is a hop of it", async (_, request, name) => {
  const [hop, ...others] = await keptOf(request, { comes: written });
  expect(others).toEqual([]);
  expect(hop).toMatchObject({ tenant: "t", traceId: TRACE, service: "aggregate:note", correlationId: "c" });
  expect(hop?.spans).toMatchObject([
    { name, kind: "server", start: 1_000, durationMs: 5, parentSpanId: "b".repeat(16), attributes: { "rivulet.stream": "note-1", "rivulet.version": 7 } },
  ]);
});

test.each([
  ["an append", append("00")],
  ["a command", execute("00")],
])("%s of a trace that is not kept is kept where it was slow, or where the platform failed at it", async (_, request) => {
  expect(await keptOf(request, { comes: written })).toEqual([]);
  expect(await keptOf(request, { comes: { ok: false, code: "version_mismatch", detail: "no" } })).toEqual([]);
  const [slow] = await keptOf(request, { takes: 1_000, comes: written });
  expect(slow?.spans).toMatchObject([{ start: 1_000, durationMs: 1_000, status: "unset", attributes: { "rivulet.written": 1 } }]);
  const [failed] = await keptOf(request, { comes: { ok: false, code: "fault", detail: "the disk is full" } });
  expect(failed?.spans).toMatchObject([
    { start: 1_000, durationMs: 5, status: "error", error: "fault: the disk is full", attributes: { "rivulet.refused": "fault" } },
  ]);
});
