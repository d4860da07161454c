import { evictDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { append, deliver, draft, eventTypeCounts, fireAlarm, fireDispatcher, stub, wholeLog, wholeStream } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { type Chance, chance } from "../support/chance.ts";

/** How many histories, and from which seed on: `SEEDS=5000 FIRST_SEED=1` runs more. */
const FIRST_SEED = 1;
const SEEDS = 200;
const PER_TEST = 20;

afterEach(heal);

for (let first = FIRST_SEED; first < FIRST_SEED + SEEDS; first += PER_TEST) {
  test(`the log equals the streams after any history: seeds ${first} to ${first + PER_TEST - 1}`, async () => {
    for (let seed = first; seed < first + PER_TEST; seed++) {
      const story: string[] = [];
      try {
        await history(seed, story);
      } catch (cause) {
        throw new Error(`seed ${seed} fails after: ${story.join(" · ")}`, { cause });
      }
    }
  });
}

async function history(seed: number, story: string[]): Promise<void> {
  const random = chance(seed);
  const tenant = `seed-${seed}`;
  const streams = Array.from({ length: random.upTo(4) }, (_, index) => `note-${index}`);
  const acknowledged = new Map<string, number>();
  let inFlight: string[] = [];
  faults.captured = [];
  const collect = (): void => {
    inFlight.push(...(faults.captured?.splice(0) ?? []));
  };

  const appendSome = async (): Promise<void> => {
    const stream = random.pick(streams);
    const events = Array.from({ length: random.upTo(5) }, () =>
      draft(`notes.${random.pick(["Added", "Changed", "Removed"])}`, { n: random.upTo(100) }, random.once(3) ? { id: `id-${random.upTo(20)}-${seed}` } : {}),
    );
    const distinct = events.filter((event, index) => event.id === undefined || events.findIndex((other) => other.id === event.id) === index);
    story.push(`append ${distinct.length} to ${stream}`);
    const result = await append(tenant, stream, distinct, random.once(4) ? { precondition: { kind: "version", version: acknowledged.get(stream) ?? 0 } } : {});
    if (!result.ok) {
      expect(["event_id_reused", "version_mismatch"]).toContain(result.code);
      return;
    }
    acknowledged.set(stream, Math.max(acknowledged.get(stream) ?? 0, ...result.events.map(({ version }) => version)));
    collect();
  };

  const project = async (): Promise<void> => {
    const projectors = random.upTo(3);
    injectFault(random, story);
    const batches = Array.from({ length: projectors }, () => mangled(random, inFlight));
    if (random.once(3)) inFlight = [];
    story.push(`${projectors} projectors on ${batches.map((batch) => batch.length).join("+")}`);
    const again = await Promise.all(batches.map(deliver));
    stopFaults();
    if (random.once(2)) inFlight.push(...again.flat());
  };

  const alarm = async (): Promise<void> => {
    const stream = random.pick(streams);
    injectFault(random, story);
    const meanwhile = random.once(2);
    story.push(`alarm of ${stream}${meanwhile ? " with an append meanwhile" : ""}`);
    // Fired beside an append, the alarm waits for D1 while the append commits.
    await Promise.all([fireAlarm(tenant, stream), meanwhile ? appendSome() : undefined]);
    stopFaults();
    collect();
  };

  const evict = async (): Promise<void> => {
    const stream = random.pick(streams);
    story.push(`evict ${stream}`);
    await stub(tenant, stream).describe();
    await evictDurableObject(stub(tenant, stream));
  };

  const steps = 6 + random.upTo(14);
  for (let step = 0; step < steps; step++) await random.pick([appendSome, appendSome, project, alarm, evict])();

  story.push("all is well again");
  await settle(tenant, streams, collect, () => inFlight.splice(0));
  await check(tenant, streams, acknowledged);
}

/** A third dropped, some doubled, all shuffled. */
function mangled(random: Chance, messages: readonly string[]): readonly string[] {
  const kept = messages.filter(() => !random.once(3));
  return random.shuffled([...kept, ...kept.filter(() => random.once(3))]);
}

function injectFault(random: Chance, story: string[]): void {
  const connectionLost = (): never => {
    throw new Error("D1_ERROR: Network connection lost.");
  };
  const sometimes = (fault: () => void) => () => {
    if (random.once(2)) fault();
  };
  const kind = random.pick(["none", "none", "before", "after", "mid", "query", "send"]);
  if (kind !== "none") story.push(`D1 or queue fails: ${kind}`);
  if (kind === "before") faults.beforeBatch = sometimes(connectionLost);
  if (kind === "after") faults.afterBatch = sometimes(connectionLost);
  // In a batch of the views a statement that is refused is a view's own fault, which views.test.ts is about.
  if (kind === "mid") faults.midBatch = (database) => (database === "log" && random.once(2) ? "INSERT INTO heads (tenant) VALUES (NULL)" : undefined);
  if (kind === "query") faults.beforeQuery = sometimes(connectionLost);
  if (kind === "send") faults.beforeSend = sometimes(connectionLost);
}

function stopFaults(): void {
  const { captured } = faults;
  heal();
  faults.captured = captured;
}

/** Lets alarms fire until none is left: nothing else may be needed. */
async function settle(tenant: string, streams: readonly string[], collect: () => void, drain: () => readonly string[]): Promise<void> {
  for (let round = 0; round < 10; round++) {
    // What was still in flight is lost, except what the alarms send anew.
    const fired = await Promise.all([...streams.map((stream) => fireAlarm(tenant, stream)), fireDispatcher(tenant)]);
    collect();
    await deliver(drain());
    if (!fired.includes(true)) return;
  }
  throw new Error("the alarms did not let go within 10 rounds");
}

async function check(tenant: string, streams: readonly string[], acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const log = await wholeLog(tenant);
  expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1));
  const counts: Record<string, number> = {};
  for (const stream of streams) {
    const own = await wholeStream(tenant, stream);
    expect(own.length).toBeGreaterThanOrEqual(acknowledged.get(stream) ?? 0);
    const logged = log.filter((event) => event.stream === stream);
    expect(logged.map(({ version, id, hash }) => ({ version, id, hash }))).toEqual(own.map(({ version, id, hash }) => ({ version, id, hash })));
    expect(logged.map(({ data }) => JSON.parse(data))).toEqual(own.map(({ data }) => data));
    for (const { type } of own) counts[type] = (counts[type] ?? 0) + 1;
    if (own.length > 0) expect(await stub(tenant, stream).verify(1, own.length)).toMatchObject({ valid: true });
  }
  expect(log).toHaveLength(Object.values(counts).reduce((sum, count) => sum + count, 0));
  expect(await eventTypeCounts(tenant)).toEqual(counts);
}
