import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logReached } from "../../src/log/log-heads.ts";
import { bytesTaken, eventsToday } from "../../src/log/log-taken.ts";
import { markForked } from "../../src/log/mark-forked.ts";
import { purgeCopies } from "../../src/log/purge-copies.ts";
import { loggedStream } from "../../src/log/read-log.ts";
import { type StreamPlace, streamsOf } from "../../src/log/streams-of.ts";
import { unmarkForked } from "../../src/log/unmark-forked.ts";
import { append, deliver, draft, env, wholeLog, wholeStream } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { clock } from "../support/worker.ts";

// What the log keeps beside its events, and what is asked of it in few rows.

const MINUTE = 60_000;

beforeEach(() => {
  faults.captured = [];
});
afterEach(() => {
  heal();
  clock.aheadMs = 0;
});

const taken = (): readonly string[] => faults.captured?.splice(0) ?? [];
/** Appends an event a minute after the one before, and does not bring it into the log yet. */
async function add(tenant: string, stream: string, value: unknown = 1): Promise<void> {
  clock.aheadMs += MINUTE;
  await append(tenant, stream, [draft("notes.Added", value)]);
}
const recorded = async (tenant: string) => (await wholeLog(tenant)).map((event) => event.recorded);
const forked = async (tenant: string) => (await loggedStream(env.LOG_0, tenant, "note-1"))?.forked;

describe("the directory", () => {
  test("says when a stream's first event was recorded, and when its last, also where they came in together", async () => {
    const tenant = "rows-directory";
    for (let n = 0; n < 3; n++) await add(tenant, "note-1");
    await deliver(taken());
    const [first, , third] = await recorded(tenant);
    expect(await loggedStream(env.LOG_0, tenant, "note-1")).toMatchObject({ version: 3, position: 3, created: first, updated: third });
    await add(tenant, "note-1");
    await deliver(taken());
    const last = (await recorded(tenant)).at(-1);
    expect(last).not.toBe(third);
    expect(await loggedStream(env.LOG_0, tenant, "note-1")).toMatchObject({ version: 4, position: 4, created: first, updated: last });
  });

  test("keeps the first reason why a stream has forked, and lets it in again only where the log ends as it was looked at", async () => {
    const tenant = "rows-forked";
    await add(tenant, "note-1");
    await deliver(taken());
    const place = { tenant, stream: "note-1" };
    const { version = 0, hash = "" } = (await loggedStream(env.LOG_0, tenant, "note-1")) ?? {};
    for (const reason of ["first", "second"]) await markForked(env.LOG_0, place, reason);
    for (const other of [
      { version: version + 1, hash },
      { version, hash: "another" },
    ]) {
      await unmarkForked(env.LOG_0, place, other);
      expect(await forked(tenant)).toBe("first");
    }
    await unmarkForked(env.LOG_0, place, { version, hash });
    expect(await forked(tenant)).toBeNull();
  });

  test("is gone through over all tenants in pages, each stream of the category once", async () => {
    const tenants = ["rows-pages-a", "rows-pages-b"];
    for (const tenant of tenants) for (const stream of ["walked-1", "walked-2", "walkedtoo-1", "walk-1"]) await add(tenant, stream);
    await deliver(taken());
    const found: StreamPlace[] = [];
    for (let after: StreamPlace = { tenant: "", stream: "" }; ;) {
      const page = await streamsOf(env.LOG_0, "walked", { after, limit: 1 });
      const [place] = page;
      if (place === undefined) break;
      found.push(...page);
      after = place;
    }
    expect(found).toEqual(tenants.flatMap((tenant) => ["walked-1", "walked-2"].map((stream) => ({ tenant, stream }))));
  });
});

describe("the head", () => {
  test("is as recent as the most recent of its last events: one that comes late does not make the log look old", async () => {
    const tenant = "rows-reached";
    await add(tenant, "note-late");
    const late = taken();
    await add(tenant, "note-1");
    await deliver(taken());
    await deliver(late);
    const [recent = "", old = ""] = await recorded(tenant);
    expect(recent > old).toBe(true);
    expect(await logReached(env.LOG_0, tenant)).toEqual({ position: 2, recorded: recent });
  });

  test("has counted the bytes of data and of metadata, and the events of this day", async () => {
    const tenant = "rows-bytes";
    await append(tenant, "note-1", [draft("notes.Added", "é"), draft("notes.Added", 1)]);
    await deliver(taken());
    const metadata = await env.LOG_0.prepare("SELECT sum(octet_length(metadata)) AS n FROM events WHERE tenant = ?").bind(tenant).first<number>("n");
    // `"é"` and `1`.
    expect(await bytesTaken(env.LOG_0, tenant)).toBe((metadata ?? 0) + 4 + 1);
    const [first = ""] = await recorded(tenant);
    expect(await eventsToday(env.LOG_0, tenant, Date.parse(first))).toBe(2);
    expect(await eventsToday(env.LOG_0, tenant, Date.parse(first) + 86_400_000)).toBe(0);
  });
});

test("copies are emptied of one tenant's stream alone, though another has a stream of that name with events of the same ids", async () => {
  for (const tenant of ["rows-purged", "rows-spared"])
    for (const stream of ["note-1", "note-2"])
      await append(tenant, stream, [draft("notes.Added", { secret: 1 }, { id: `${stream}-first`, source: "/outside" })]);
  await deliver(taken());
  const [{ id = "" } = {}] = await wholeStream("rows-purged", "note-1");
  await purgeCopies(env.LOG_0, "rows-purged", "note-1", [id, "note-2-first"]);
  const data = async (tenant: string) => Object.fromEntries((await wholeLog(tenant)).map((event) => [event.stream, event.data]));
  expect(await data("rows-purged")).toEqual({ "note-1": "", "note-2": '{"secret":1}' });
  expect(await data("rows-spared")).toEqual({ "note-1": '{"secret":1}', "note-2": '{"secret":1}' });
});
