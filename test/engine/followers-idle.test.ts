import { listDurableObjectIds, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { partitionsOf } from "../../durable-objects/follower/contract.ts";
import { SUBSCRIPTION_CATEGORY } from "../../src/followers/subscription.ts";
import { tenantStream } from "../../src/identity/tenant.ts";
import { append, dispatcher, draft, env, stub } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { follower, listen, standing, subscribe, tell } from "../support/followers.ts";

afterEach(heal);

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 40_000, interval: 50 });

const TENANT = "idle";
const STREAMS = Array.from({ length: 6 }, (_, index) => `note-${index}`);
/** Fifty of every sort: one partition and two, order and none, of everything, of some, of nothing, paused, pulled, and with a dead letter. */
const SUBSCRIPTIONS = Array.from({ length: 50 }, (_, index) => ({ id: `s${index}`, sort: index % 10, concurrency: index % 10 === 1 ? 12 : 6 }));
const SORTS: Readonly<Record<number, object>> = {
  1: { concurrency: 12 },
  2: { order: "none" },
  3: { filter: { data: { text: ["never"] } } },
  4: { types: ["nobody.writes.this"] },
  5: { sink: { kind: "pull" } },
  6: { types: ["notes.Starred"] },
};
const [PAUSED, POISONED] = [7, 8];

/** Every object that the tenant has an alarm in, or could have: by its name, for an object that wakes needs it. */
function objects(): Map<string, DurableObjectStub> {
  const partitions = SUBSCRIPTIONS.flatMap(({ id, concurrency }) =>
    Array.from(
      { length: partitionsOf({ concurrency }) },
      (_, partition) => [`follower ${id}/${partition}`, follower(TENANT, id, "subscription", partition)] as const,
    ),
  );
  return new Map<string, DurableObjectStub>([
    ["dispatcher", dispatcher(TENANT)],
    // Where it is looked whether the tenant is suspended.
    ["tenant", stub("default", tenantStream(TENANT))],
    ["handler", follower(TENANT, "tested", "handler")],
    ...partitions,
    ...[...STREAMS, ...SUBSCRIPTIONS.map(({ id }) => `${SUBSCRIPTION_CATEGORY}-${id}`)].map((stream) => [stream, stub(TENANT, stream)] as const),
  ]);
}

async function armed(): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [name, object] of objects()) if ((await runInDurableObject(object, (_, state) => state.storage.getAlarm())) !== null) names.push(name);
  return names;
}

it("an idle tenant with 50 subscriptions has no alarm anywhere: none can fire, in an hour or ever", async () => {
  const sinks = listen();
  sinks.answer = ({ url, event }) => (url.endsWith("8") && event.stream === "note-0" ? 500 : 204);
  for (const { id, sort } of SUBSCRIPTIONS) await subscribe(TENANT, id, SORTS[sort] ?? {});
  for (const { id } of SUBSCRIPTIONS.filter(({ sort }) => sort === PAUSED)) await tell(TENANT, id, "Pause", {});
  for (const stream of STREAMS) await append(TENANT, stream, [draft("notes.Written", { text: "a" }), draft("notes.Written", { text: "b" })]);
  const events = STREAMS.length * 2;
  const wanted = (sort: number): number => ([3, 4, 5, 6, PAUSED].includes(sort) ? 0 : sort === POISONED ? events - 2 : events);
  await until(() => {
    const got = new Map<string, Set<number>>();
    for (const { url, event } of sinks.received) got.set(url, (got.get(url) ?? new Set()).add(event.position));
    for (const { id, sort } of SUBSCRIPTIONS) expect(got.get(`https://sink.example/${id}`)?.size ?? 0, id).toBe(wanted(sort) + (sort === POISONED ? 1 : 0));
  });
  for (const { id } of SUBSCRIPTIONS.filter(({ sort }) => sort === POISONED)) {
    await until(async () => expect(await standing(TENANT, id)).toMatchObject({ parked: 1, retrying: 0 }));
  }

  // What guarded the last deliveries goes off, finds nothing to do, and is not set again.
  const fired = new Map<string, number>();
  for (let isQuiet = false; !isQuiet;) {
    isQuiet = true;
    for (const [name, object] of objects()) {
      if (!(await runDurableObjectAlarm(object))) continue;
      isQuiet = false;
      fired.set(name, (fired.get(name) ?? 0) + 1);
      expect(fired.get(name), `alarms of ${name} after the last delivery`).toBeLessThan(5);
    }
  }
  const before = sinks.received.length;
  expect(await armed()).toEqual([]);

  // And these are all the objects there are.
  const known = new Set([...objects().values()].map(({ id }) => id.toString()));
  const listed = await Promise.all(
    ([env.AGGREGATE, env.DISPATCHER, env.FOLLOWER] as readonly DurableObjectNamespace[]).map((namespace) => listDurableObjectIds(namespace)),
  );
  expect(
    listed
      .flat()
      .map(String)
      .filter((id) => !known.has(id)),
  ).toEqual([]);
  // What was counted last is written down once more, and then nobody waits for that either.
  for (const id of await listDurableObjectIds(env.METRICS)) {
    const figures = env.METRICS.get(id);
    await until(async () => {
      await runDurableObjectAlarm(figures);
      expect(await runInDurableObject(figures, (_, { storage }) => storage.getAlarm())).toBeNull();
    });
  }
  for (const namespace of [env.CIRCUIT, env.KEY_REGISTRY, env.ALERTS] as readonly DurableObjectNamespace[]) {
    for (const id of await listDurableObjectIds(namespace))
      expect(await runInDurableObject(namespace.get(id), (_, { storage }) => storage.getAlarm())).toBeNull();
  }
  expect(sinks.received).toHaveLength(before);

  // Idle, not dead: what comes next is delivered.
  await append(TENANT, "note-5", [draft("notes.Written", { text: "c" })]);
  await until(() => expect(sinks.received.slice(before).length).toBe(SUBSCRIPTIONS.filter(({ sort }) => wanted(sort) > 0).length));
});
