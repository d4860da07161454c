import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LoggedPage, type LogHead, unpackHint } from "../../src/kernel/index.ts";
import { eventsOn } from "../../src/log/logged-page.ts";
import { project } from "../../src/log/project.ts";
import { followLog } from "../../src/log/read-log.ts";
import { advanceViews } from "../../src/views/advance.ts";
import type { LogReader, ViewEngine } from "../../src/views/engine.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { append, deliver, draft, env, eventTypeCounts, stub, wholeLog } from "../support/engine.ts";
import { faults, faultyShards, heal, trips } from "../support/faults.ts";

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const taken = (): readonly string[] => faults.captured?.splice(0) ?? [];
const add = async (tenant: string, count = 1, stream = "note-1"): Promise<void> => {
  await append(
    tenant,
    stream,
    Array.from({ length: count }, () => draft("notes.Added", {})),
  );
};
const logged = async (tenant: string, count = 1): Promise<void> => {
  await add(tenant, count);
  await deliver(taken());
};

interface HandedOn {
  readonly head: LogHead;
  readonly pages: readonly LoggedPage[];
}

/** What the projector hands on of these messages, and where the log is then. */
async function handedOn(messages: readonly string[], beforeCommit?: () => Promise<unknown>): Promise<HandedOn> {
  let told: HandedOn | undefined;
  const { log } = faultyShards(env)("");
  faults.beforeBatch = async () => {
    faults.beforeBatch = () => {};
    await beforeCommit?.();
  };
  await project(
    log,
    messages.map((message) => unpackHint(message) ?? expect.unreachable()),
    {
      eventsAfter: (tenant, stream, after, most) => stub(tenant, stream).eventsAfter(after, most),
      followed: (_, head, pages) => Promise.resolve(void (told = { head, pages })),
      forget: () => Promise.resolve(),
    },
  );
  return told ?? expect.unreachable();
}

const reading = { limit: 1_000, maxBytes: 8_000_000 };

describe("what has just come into the log is handed on", () => {
  test("as reading it would give it, whatever the events are", async () => {
    const tenant = "fresh-same";
    await logged(tenant, 2);
    const metadata = { ...draft("x", 1).metadata, note: '“quoted” \u0000 \ud83c\udf0a \\ "', deep: { list: [1, null, { yes: true }] } };
    await append(tenant, "note-1", [
      draft("notes.Added", { text: 'line\nbreak \u2028 \ud83d\ude00 "quoted"', big: 1e300, small: -0 }, { metadata }),
      draft("notes.Added", null),
      draft("notes.Added", "a text", {
        cloudevent: { specversion: "1.0", attributes: { subject: "s", ünï: "x" } } as never,
        schemaVersion: 7,
        source: "/other",
      }),
    ]);
    await append(tenant, "note-2", [draft("other.Thing", [1, "two"], { id: "of-outside", time: "2020-01-01T00:00:00Z" as never })]);
    const { head, pages } = await handedOn(taken());
    const [page = expect.unreachable(), ...others] = pages;
    expect(others).toEqual([]);
    expect(page).toMatchObject({ after: 2, to: 6 });
    const slice = { ...head, entryAt: page.entryAt, events: eventsOn(page) };
    expect(slice).toEqual(await followLog(env.LOG_0, tenant, { position: 2, ...reading }));
  });

  test("with no entry before it where it is the first of the log", async () => {
    await add("fresh-first");
    const { head, pages } = await handedOn(taken());
    expect(pages).toMatchObject([{ after: 0, to: 1, entryAt: null }]);
    expect(head.position).toBe(1);
  });

  test("a page for each transaction", async () => {
    const tenant = "fresh-many";
    await add(tenant, 300);
    await add(tenant, 300, "note-2");
    const { head, pages } = await handedOn(taken());
    expect(pages).toMatchObject([
      { after: 0, to: 500 },
      { after: 500, to: 600 },
    ]);
    const slice = { ...head, entryAt: pages[0]?.entryAt, events: pages.flatMap((page) => eventsOn(page)) };
    expect(slice).toEqual(await followLog(env.LOG_0, tenant, { position: 0, ...reading }));
  });

  test("but not what stands before another's events that have come in between, nor what is too large for a row", async () => {
    await add("fresh-between", 300);
    const first = taken();
    await add("fresh-between", 1, "note-2");
    const others = taken();
    await add("fresh-between", 300, "note-3");
    const second = taken();
    // 600 events are two transactions; between them another projector writes one of its own.
    let transactions = 0;
    const between = async (): Promise<void> => {
      faults.beforeBatch = async () => {
        if (++transactions === 1)
          await project(
            env.LOG_0,
            others.map((message) => unpackHint(message) ?? expect.unreachable()),
            quiet,
          );
      };
    };
    expect((await handedOn([...first, ...second], between)).pages).toMatchObject([{ after: 501, to: 601 }]);
    expect(await wholeLog("fresh-between")).toHaveLength(601);
    await append("fresh-large", "note-1", [draft("notes.Added", "x".repeat(600_000))]);
    expect((await handedOn(taken())).pages).toEqual([]);
  });
});

const quiet = { eventsAfter: () => expect.unreachable(), followed: () => Promise.resolve(), forget: () => Promise.resolve() };

describe("what the last move of the views left behind", () => {
  const engineOf = (tenant: string): ViewEngine => {
    const { log, views } = faultyShards(env)(tenant);
    const reader: LogReader = { follow: (_, query) => followLog(log, tenant, query) };
    return { db: views, log: reader, views: [eventTypesView], now: Date.now };
  };
  const intoLog = async (tenant: string, count = 1): Promise<void> => {
    await add(tenant, count);
    await project(
      env.LOG_0,
      taken().map((message) => unpackHint(message) ?? expect.unreachable()),
      quiet,
    );
  };

  test("is believed by the next: it asks for nothing that it was told", async () => {
    const tenant = "seen-1";
    await intoLog(tenant);
    const { seen } = await advanceViews(engineOf(tenant), tenant);
    await intoLog(tenant);
    expect(await trips(() => advanceViews(engineOf(tenant), tenant, seen))).toEqual({ log: 1, views: 1 });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 2 });
  });

  test("is found out where another has moved them since: each event counts once", async () => {
    const tenant = "seen-2";
    await intoLog(tenant);
    const { seen } = await advanceViews(engineOf(tenant), tenant);
    await intoLog(tenant, 2);
    await advanceViews(engineOf(tenant), tenant);
    await intoLog(tenant, 3);
    expect(await advanceViews(engineOf(tenant), tenant, seen)).toMatchObject({ position: 6 });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 6 });
  });

  test("stops nobody where the views were begun anew since, on another log", async () => {
    const tenant = "seen-3";
    await intoLog(tenant, 2);
    const { seen } = await advanceViews(engineOf(tenant), tenant);
    await env.LOG_0.prepare("UPDATE heads SET epoch = 'another' WHERE tenant = ?").bind(tenant).run();
    await env.VIEWS_0.prepare("UPDATE view_cursors SET epoch = 'another' WHERE tenant = ?").bind(tenant).run();
    await intoLog(tenant);
    expect(await advanceViews(engineOf(tenant), tenant, seen)).toMatchObject({ position: 3 });
    expect(await eventTypeCounts(tenant)).toEqual({ "notes.Added": 3 });
  });

  test("is nothing to believe while another generation is being built", async () => {
    const tenant = "seen-4";
    await intoLog(tenant);
    await advanceViews(engineOf(tenant), tenant);
    await beginBuild(env.VIEWS_0, tenant, eventTypesView, { purpose: "rebuild", head: 1, now: Date.now() });
    expect((await advanceViews(engineOf(tenant), tenant)).seen).toBeUndefined();
    expect((await advanceViews(engineOf(tenant), tenant)).seen).toBeDefined();
  });
});
