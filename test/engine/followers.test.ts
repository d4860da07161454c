import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FollowerObject } from "../../durable-objects/follower.ts";
import { payment } from "../../src/domains/commerce/index.ts";
import { commandTo } from "../../src/kernel/index.ts";
import { append, dispatcher, draft, env, fireAlarm, wholeLog } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { fireFollower, follower, listen, type Sinks, standing, subscribe, tell } from "../support/followers.ts";
import { sinks as code } from "../support/worker.ts";

let sinks: Sinks;
let tenant: string;
let count = 0;

beforeEach(() => {
  heal();
  sinks = listen();
  tenant = `follow-${count++}`;
});

const note = (text: string) => draft("notes.Written", { text });
const write = (stream: string, ...texts: readonly string[]) => append(tenant, stream, texts.map(note));
const got = (stream: string) => sinks.received.filter(({ event }) => event.stream === stream).map(({ event }) => event.version);
const positions = () => sinks.received.map(({ event }) => event.position);
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe("a subscription", () => {
  it("gets every matching event once, in order, and nothing else", async () => {
    await subscribe(tenant, "all");
    for (const stream of ["note-1", "note-2", "note-3"]) await write(stream, "a", "b", "c");
    await append(tenant, "note-1", [draft("other.Thing", {})]);
    await until(() => expect(sinks.received).toHaveLength(9));
    await until(async () => expect(await standing(tenant, "all")).toMatchObject({ counts: { delivered: 9, failed: 0 }, isIdle: true, health: "healthy" }));
    for (const stream of ["note-1", "note-2", "note-3"]) expect(got(stream)).toEqual([1, 2, 3]);
  });

  it("begins after its position, with what was there before it was made", async () => {
    await write("note-1", "a", "b", "c");
    await until(async () => expect((await append(tenant, "note-2", [note("d")])).ok).toBe(true));
    // A log that ends before the position was set back, as far as a follower can tell.
    await until(async () => expect(await wholeLog(tenant)).toHaveLength(4));
    await subscribe(tenant, "late", { after: 2 });
    await until(() => expect(positions().sort((a, b) => a - b)).toEqual([3, 4]));
  });

  it("tries again what fails, and keeps the stream's order meanwhile", async () => {
    let failures = 2;
    sinks.answer = ({ event }) => (event.stream === "note-1" && event.version === 2 && failures-- > 0 ? 500 : 204);
    await subscribe(tenant, "retry");
    await write("note-1", "a", "b", "c", "d");
    await write("note-2", "a");
    await until(() => expect(got("note-1")).toEqual([1, 2, 2, 2, 3, 4]));
    expect(sinks.received.filter(({ event }) => event.stream === "note-1" && event.version === 2).map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(sinks.received.filter(({ event }) => event.stream === "note-1" && event.version === 2).map(({ id }) => id)).size).toBe(1);
    await until(async () => expect(await standing(tenant, "retry")).toMatchObject({ retrying: 0, parked: 0, isIdle: true }));
  });

  it("parks what exhausts its attempts; its stream waits, the others go on", async () => {
    sinks.answer = ({ event }) => (event.stream === "note-1" && event.version === 2 ? 500 : 204);
    await subscribe(tenant, "poison");
    await write("note-1", "a", "b", "c");
    await write("note-2", "a", "b");
    await until(async () => expect(await standing(tenant, "poison")).toMatchObject({ parked: 1, retrying: 0, health: "degraded" }));
    await until(() => expect(got("note-2")).toEqual([1, 2]));
    expect(got("note-1")).toEqual([1, 2, 2, 2]);
    await write("note-1", "d");
    await write("note-3", "a");
    await until(() => expect(got("note-3")).toEqual([1]));
    expect(got("note-1")).toEqual([1, 2, 2, 2]);

    sinks.answer = () => 204;
    const poison = sinks.received.find(({ event }) => event.stream === "note-1" && event.version === 2);
    await tell(tenant, "poison", "Redrive", { position: poison?.event.position });
    await until(() => expect(got("note-1")).toEqual([1, 2, 2, 2, 2, 3, 4]));
    await until(async () => expect(await standing(tenant, "poison")).toMatchObject({ parked: 0, retrying: 0, isIdle: true }));
  });

  it("keeps to the pace that its sink wants: what is over it is not tried, and waits for the minute's end", async () => {
    await subscribe(tenant, "paced", { ratePerMinute: 2 });
    const begun = Date.now();
    for (const stream of ["note-1", "note-2", "note-3", "note-4"]) await write(stream, "a");
    await until(() => expect(sinks.received).toHaveLength(2));
    await until(async () => {
      const due = await runInDurableObject(follower(tenant, "paced"), (_, state) => state.storage.getAlarm());
      // Until the run ends it is the guard's.
      if ((due ?? 0) < begun + 60_000) await fireFollower(tenant, "paced");
      expect(due).toBeGreaterThanOrEqual(begun + 60_000);
    });
    expect(sinks.received.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(await standing(tenant, "paced")).toMatchObject({ counts: { delivered: 2, failed: 0, parked: 0 }, retrying: 0, health: "healthy" });
  });

  it("pauses and goes on, losing nothing", async () => {
    await subscribe(tenant, "paused");
    await write("note-1", "a");
    await until(() => expect(got("note-1")).toEqual([1]));
    await tell(tenant, "paused", "Pause", {});
    await write("note-1", "b", "c");
    await write("note-2", "a");
    await tell(tenant, "paused", "Resume", {});
    await until(() => expect([got("note-1"), got("note-2")]).toEqual([[1, 2, 3], [1]]));
  });

  it("replays what was there, in order, beside what happens", async () => {
    await subscribe(tenant, "replay");
    for (let index = 0; index < 5; index++) await write(`note-${index % 2}`, `${index}`);
    await until(() => expect(sinks.received).toHaveLength(5));
    await tell(tenant, "replay", "StartReplay", { id: "r1", from: 1, to: 6, rate: 1000 });
    await write("note-9", "live");
    await until(() => expect(sinks.received.filter(({ replay }) => replay === "r1").map(({ event }) => event.position)).toEqual([2, 3, 4, 5, 6]));
    await until(() => expect(got("note-9")).toEqual([1]));
    await until(async () => expect((await standing(tenant, "replay")).replays).toEqual([{ id: "r1", position: 6, to: 6, delivered: 5, state: "done" }]));
  });

  it("is disabled where the sink says 410", async () => {
    sinks.answer = () => 410;
    await subscribe(tenant, "gone");
    await write("note-1", "a", "b");
    await until(async () => expect(await standing(tenant, "gone")).toMatchObject({ state: "disabled" }));
    expect(sinks.received).toHaveLength(1);
  });
});

describe("dead letters", () => {
  /** Parks the first event of so many streams; gives the position of one. */
  const park = async (id: string, streams: number): Promise<number> => {
    // What goes well between the failures keeps the sink's circuit closed.
    sinks.answer = ({ event }) => (event.stream.startsWith("note-") ? 500 : 204);
    await subscribe(tenant, id, { retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } });
    for (let index = 0; index < streams; index++) {
      await write(`note-${index}`, "a", "b");
      await write(`well-${index}`, "a", "b");
    }
    await until(async () => expect(await standing(tenant, id)).toMatchObject({ parked: streams, retrying: 0, isIdle: true }));
    await until(async () => expect(await standing(tenant, id)).toMatchObject({ counts: { delivered: 2 * streams } }));
    const first = sinks.received.find(({ event }) => event.stream === "note-0")?.event.position ?? 0;
    sinks.received.length = 0;
    return first;
  };
  const letters = async (): Promise<number> =>
    (await env.VIEWS_0.prepare("SELECT count(*) AS n FROM dead_letters WHERE tenant = ?").bind(tenant).first<number>("n")) ?? 0;

  it("stand in D1 until they are delivered", async () => {
    await park("d1", 2);
    expect(await letters()).toBe(2);
    sinks.answer = () => 204;
    await tell(tenant, "d1", "RedriveAll", { id: "run", filter: {} });
    await until(async () => expect(await standing(tenant, "d1")).toMatchObject({ parked: 0, retrying: 0 }));
    expect(await letters()).toBe(0);
    for (const stream of ["note-0", "note-1"]) expect(got(stream)).toEqual([1, 2]);
  });

  it("are redriven in growing batches: 1, 2, 5, 10, all", async () => {
    await park("batches", 22);
    sinks.answer = () => 204;
    await tell(tenant, "batches", "RedriveAll", { id: "run", filter: {} });
    await until(async () => expect((await standing(tenant, "batches")).redrives).toEqual([{ id: "run", delivered: 22, left: 0, state: "done" }]));
  });

  it("stop being redriven when failures return, and none but the batch is touched", async () => {
    await park("stops", 20);
    // The first goes well, and of the two after it only one.
    let left = 2;
    sinks.answer = ({ event }) => (event.version > 1 || left-- > 0 ? 204 : 500);
    await tell(tenant, "stops", "RedriveAll", { id: "run", filter: { type: "notes.*" } });
    await until(async () => expect((await standing(tenant, "stops")).redrives[0]).toMatchObject({ state: "stopped" }));
    expect(sinks.received.filter(({ event }) => event.version === 1)).toHaveLength(3);
    expect(await standing(tenant, "stops")).toMatchObject({ parked: 18, redrives: [{ delivered: 2, left: 18 }] });
  });

  it("are delivered as edited, once", async () => {
    const position = await park("edit", 1);
    sinks.answer = () => 204;
    await tell(tenant, "edit", "Redrive", { position, edit: { text: "mended" }, reason: "a typo" });
    await until(() => expect(sinks.received.map(({ event }) => event.data)).toEqual([{ text: "mended" }, { text: "b" }]));
  });

  it("are dropped with a reason, and what waited goes on", async () => {
    const position = await park("drop", 1);
    sinks.answer = () => 204;
    await tell(tenant, "drop", "Drop", { position, reason: "a test" });
    await until(() => expect(got("note-0")).toEqual([2]));
    expect(await letters()).toBe(0);
    await until(async () => expect(await standing(tenant, "drop")).toMatchObject({ parked: 0, retrying: 0 }));
  });
});

describe("pulling", () => {
  interface Pulled {
    readonly events: readonly { readonly event: string; readonly position: number; readonly attempt: number }[];
  }
  const lease = async (limit: number, leaseMs = 60_000): Promise<Pulled["events"]> =>
    ((await follower(tenant, "pull").lease(limit, leaseMs)) as unknown as Pulled).events;
  const versions = (events: Pulled["events"]) =>
    events.map(({ event }) => {
      const { stream, version } = JSON.parse(event) as { stream: string; version: number };
      return `${stream}@${version}`;
    });
  const pullFrom = async (): Promise<void> => subscribe(tenant, "pull", { sink: { kind: "pull" }, retry: { maxAttempts: 2, minDelayMs: 1, maxDelayMs: 1 } });
  const written = async (position: number): Promise<void> => until(async () => expect(await dispatcher(tenant).routed()).toBeGreaterThanOrEqual(position));

  it("leases each event to one, in the stream's order", async () => {
    await pullFrom();
    await write("note-1", "a", "b", "c");
    await write("note-2", "a");
    await written(5);
    const first = await lease(2);
    expect(versions(first)).toEqual(["note-1@1", "note-1@2"]);
    // What follows in the stream is nobody's while what is before it is somebody's.
    expect(versions(await lease(10))).toEqual(["note-2@1"]);
    expect(await follower(tenant, "pull").acknowledge(first.map(({ position }) => position))).toBe(2);
    expect(versions(await lease(10))).toEqual(["note-1@3"]);
    expect(await lease(10)).toEqual([]);
  });

  it("gives what was refused again, and parks it when its attempts are over", async () => {
    await pullFrom();
    await write("note-1", "a", "b");
    await written(3);
    const [first] = await lease(1);
    expect(await follower(tenant, "pull").refuse([first?.position ?? 0], "no room")).toBe(1);
    await until(async () => expect(await lease(1)).toMatchObject([{ position: first?.position, attempt: 2 }]));
    expect(await follower(tenant, "pull").refuse([first?.position ?? 0], "no room")).toBe(1);
    expect(await standing(tenant, "pull")).toMatchObject({ parked: 1 });
    expect(await lease(10)).toEqual([]);
    await tell(tenant, "pull", "Redrive", { position: first?.position });
    const again = await lease(10);
    expect(again).toMatchObject([{ position: first?.position }]);
    expect(await follower(tenant, "pull").acknowledge(again.map(({ position }) => position))).toBe(1);
    expect(versions(await lease(10))).toEqual(["note-1@2"]);
  });

  it("gives what nobody acknowledged again when its lease has run out", async () => {
    await pullFrom();
    await write("note-1", "a");
    await written(2);
    expect(versions(await lease(1, 1))).toEqual(["note-1@1"]);
    await until(async () => expect(versions(await lease(1))).toEqual(["note-1@1"]));
  });
});

describe("a log that was set back", () => {
  it("stops the follower, which says so, and goes on at the new head when it is resumed", async () => {
    await subscribe(tenant, "setback");
    await write("note-1", "a", "b");
    await until(async () => expect(await standing(tenant, "setback")).toMatchObject({ counts: { delivered: 2 }, isIdle: true }));
    // Else the stream's own alarm may find that the log lacks it, and bring it there once more.
    await until(async () => expect(await fireAlarm(tenant, "note-1")).toBe(false));
    for (const table of ["events", "streams", "heads"]) await env.LOG_0.prepare(`DELETE FROM ${table} WHERE tenant = ?`).bind(tenant).run();
    await write("other-1", "x");
    await until(async () => expect(await standing(tenant, "setback")).toMatchObject({ state: "stopped", reason: expect.stringContaining("log") }));
    expect(sinks.received).toHaveLength(2);
    await tell(tenant, "setback", "Resume", {});
    await write("other-1", "y");
    await until(() => expect(sinks.received.map(({ event }) => event.data)).toEqual([{ text: "a" }, { text: "b" }, { text: "y" }]));
  });
});

describe("what followers cost", () => {
  it("a row for a lone delivery, beside the alarm; at most 0.1 for each of many", async () => {
    await subscribe(tenant, "costs");
    await write("note-1", "a");
    await until(async () => expect(await standing(tenant, "costs")).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
    const before = await follower(tenant, "costs").costs();
    await write("note-1", "b");
    await until(async () => expect(await standing(tenant, "costs")).toMatchObject({ counts: { delivered: 2 }, isIdle: true }));
    const lone = await follower(tenant, "costs").costs();
    expect(lone.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(2);
    for (let index = 0; index < 10; index++) await write("note-1", ...Array.from({ length: 100 }, () => "c"));
    await until(async () => expect(await standing(tenant, "costs")).toMatchObject({ counts: { delivered: 1002 }, isIdle: true }));
    expect((await follower(tenant, "costs").costs()).rowsWritten - lone.rowsWritten).toBeLessThanOrEqual(100);
  });

  it("nothing where nothing matches: a subscription is not even called, and its position moves on", async () => {
    await subscribe(tenant, "quiet", { types: ["other.#"] });
    await until(async () => expect(await standing(tenant, "quiet")).toMatchObject({ isIdle: true }));
    const wake = vi.spyOn(FollowerObject.prototype, "wake");
    await write("note-1", "a", "b", "c");
    await until(async () => expect(await dispatcher(tenant).routed()).toBe(4));
    expect(wake.mock.contexts.filter((object) => (object as unknown as { ctx: DurableObjectState }).ctx.id.name?.includes("quiet"))).toEqual([]);
    expect(await follower(tenant, "quiet").standing(4)).toMatchObject({ position: 4, counts: { delivered: 0 } });
    wake.mockRestore();
  });

  it("no alarm while nothing happens", async () => {
    await subscribe(tenant, "idle");
    await write("note-1", "a");
    await until(async () => expect(await standing(tenant, "idle")).toMatchObject({ counts: { delivered: 1 }, isIdle: true }));
    // The one that guarded the last delivery finds nothing to do, and sets no other.
    await fireFollower(tenant, "idle");
    await until(async () => expect(await fireFollower(tenant, "idle")).toBe(false));
    expect(await fireFollower(tenant, "idle")).toBe(false);
  });
});

describe("a handler in code", () => {
  it("handles every event of its types once, and tries again what it throws on", async () => {
    const handled: string[] = [];
    let failures = 1;
    code.handle = async ({ stream, version }) => {
      handled.push(`${stream}@${version}`);
      if (version === 2 && failures-- > 0) throw new Error("not yet");
    };
    await append(tenant, "thing-1", [draft("handled.A", {}), draft("handled.B", {}), draft("handled.C", {})]);
    await until(() => expect(handled).toEqual(["thing-1@1", "thing-1@2", "thing-1@2", "thing-1@3"]));
  });

  it("sends nothing to an id that nobody could address: the event becomes a dead letter that says so", async () => {
    code.handle = async () => [commandTo(payment, "p".repeat(201), "RequestPayment", { amountCents: 1 })];
    await append(tenant, "thing-1", [draft("handled.A", {})]);
    await until(async () => expect(await standing(tenant, "tested", "handler")).toMatchObject({ parked: 1 }));
    const { attempts } = await standing(tenant, "tested", "handler");
    expect(attempts.map(({ error }) => error)).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining("payment RequestPayment: There can be no payment")),
    );
    expect((await wholeLog(tenant)).map(({ stream }) => stream)).toEqual(["thing-1"]);
  });
});
