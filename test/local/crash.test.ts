import { beforeAll, describe, expect, test } from "vitest";
import { firstBadVersion } from "../readme/verify-stream.ts";
import { chance } from "../support/chance.ts";
import { all, ask, type EventTypeRow } from "./api.ts";
import { logOnDisk, type StoredEvent, streamsOnDisk } from "./disk.ts";
import { type Attempt, Load, QUIET_STREAMS, STREAMS } from "./load.ts";
import { isRunning } from "./processes.ts";
import { pause, type Server, startServer, stop, until } from "./server.ts";

/** Told when a test fails, so that it can be run again; what the machine does in between is its own chance. */
const SEED = Number(process.env["SEED"] ?? Date.now() % 100_000);
const KILLS = 3;
/** More kills than these, where the last one happened to leave nothing to repair. */
const MOST_KILLS = 8;
const CLIENTS = 8;
/** Appends that are acknowledged between two kills, at least. */
const ENOUGH = 60;
/** How long (milliseconds) the objects' alarms may take to bring everything to the log after the last start. */
const REPAIRED_WITHIN = 60_000;

interface LoggedEvent {
  readonly id: string;
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly type: string;
  readonly data: { readonly tag: string };
  readonly hash: string;
  readonly previousHash: string;
}

/** The server's processes, parent first: it would start the runtime again. */
const processesOf = (server: Server): readonly number[] => [server.pid, ...server.runtime()];

function kill(doomed: readonly number[]): Promise<unknown> {
  for (const pid of doomed) process.kill(pid, "SIGKILL");
  return until(
    () => doomed.filter(isRunning),
    (left) => left.length === 0,
    5_000,
  );
}

const sum = (rows: readonly EventTypeRow[]): number => rows.reduce((total, { count }) => total + count, 0);
const perStream = <Event extends { readonly stream: string }>(events: readonly Event[], stream: string): readonly Event[] =>
  events.filter((event) => event.stream === stream);

describe(`a server that is killed under load (SEED=${SEED})`, () => {
  const random = chance(SEED);
  const load = new Load(random);
  let server: Server;
  let kills = 0;
  /** The streams that nobody asks again, and that the log lacked something of after the last kill. */
  let undone: readonly string[];
  /** The streams as the last kill left them. */
  let stored: ReadonlyMap<string, readonly StoredEvent[]>;
  let log: readonly LoggedEvent[];
  let types: readonly EventTypeRow[];

  beforeAll(async () => {
    server = await startServer();
    const { stateDir, port } = server;
    for (kills = 1; ; kills++) {
      const running = load.run(server.url, CLIENTS);
      const before = load.acknowledged.length;
      await pause(1_000 + random.upTo(1_000));
      // On a busy machine it takes longer to become a load.
      await until(
        () => load.acknowledged.length - before,
        (taken) => taken >= ENOUGH,
        10_000,
      );
      const doomed = processesOf(server);
      await load.burst(server.url);
      await kill(doomed);
      await running;
      stored = await streamsOnDisk(stateDir);
      const logged = await logOnDisk(stateDir);
      undone = QUIET_STREAMS.filter((stream) => (logged.get(stream) ?? 0) < (stored.get(stream)?.length ?? 0));
      if (kills === MOST_KILLS || (kills >= KILLS && undone.length > 0)) break;
      server = await startServer({ stateDir, port });
      await load.settle(server.url);
    }
    const expected = [...stored.values()].flat().length;
    server = await startServer({ stateDir, port });
    // From here on no stream is asked for anything: only the log and the view are read.
    log = await until(
      () => all<LoggedEvent>(server.url, "/v1/events"),
      (events) => events.length >= expected,
      REPAIRED_WITHIN,
    );
    types = await until(
      () => all<EventTypeRow>(server.url, "/v1/event-types"),
      (rows) => sum(rows) >= expected,
      REPAIRED_WITHIN,
    );
    return () => stop(server);
  }, 240_000);

  test("the load was one: every stream has events, some appends were cut off, and the last kill left work undone", () => {
    expect([...stored.keys()].toSorted()).toEqual([...STREAMS].toSorted());
    expect(load.acknowledged.length).toBeGreaterThanOrEqual(KILLS * ENOUGH);
    expect(load.attempts.filter(({ events }) => events === undefined).length).toBeGreaterThan(0);
    expect(undone).not.toEqual([]);
  });

  test("every append that was acknowledged is in its stream once, at the versions and with the hashes that were answered", () => {
    for (const { stream, tags, events } of load.acknowledged) {
      const found = (stored.get(stream) ?? []).filter(({ tag }) => tags.includes(tag));
      expect(found).toEqual(events.map((event, index) => ({ ...event, tag: tags[index] })));
    }
  });

  test("an append that was not acknowledged is in its stream once, whole and in order, or not at all", () => {
    const isThere = ({ stream, tags }: Attempt): boolean => {
      const found = (stored.get(stream) ?? []).filter(({ tag }) => tags.includes(tag));
      if (found.length === 0) return false;
      expect(found.map(({ tag }) => tag)).toEqual(tags);
      expect(found.map(({ version }) => version)).toEqual(tags.map((_, index) => (found[0] as StoredEvent).version + index));
      return true;
    };
    const unknown = load.attempts.filter(({ events }) => events === undefined);
    const there = unknown.filter(isThere).length;
    console.log(
      `${kills} kills; ${undone.length} streams to repair; ${load.acknowledged.length} appends acknowledged; ${unknown.length} unknown, of which ${there} were written; ${log.length} events`,
    );
  });

  test("without a further request to it, every stream reaches the log once, in order, and the log has nothing else", () => {
    expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1));
    for (const stream of STREAMS) {
      const logged = perStream(log, stream);
      expect(logged.map(({ version, id, hash, data }) => ({ version, id, hash, tag: data.tag }))).toEqual(stored.get(stream));
      expect(logged.map(({ version }) => version)).toEqual(logged.map((_, index) => index + 1));
    }
    expect(log).toHaveLength([...stored.values()].flat().length);
  });

  test("the hashes chain, checked from the log's JSON alone", () => {
    // The position is the log's and not the stream's, so no part of what is hashed.
    for (const stream of STREAMS)
      expect(
        firstBadVersion(
          "default",
          perStream(log, stream).map((event) => ({ ...event, position: undefined })),
        ),
      ).toBeUndefined();
  });

  test("the view counts each event of the log once", () => {
    const counted = new Map<string, { count: number; streams: Set<string> }>();
    for (const { type, stream } of log) {
      const row = counted.get(type) ?? { count: 0, streams: new Set() };
      counted.set(type, { count: row.count + 1, streams: row.streams.add(stream) });
    }
    const folded = [...counted].map(([type, { count, streams }]) => ({ type, count, streams: streams.size }));
    expect(types.map(({ type, count, streams }) => ({ type, count, streams }))).toEqual(folded.toSorted((one, other) => (one.type < other.type ? -1 : 1)));
  });

  test("what had a key and no answer gets one when it is sent again, and is then there once", async () => {
    await load.settle(server.url);
    for (const { stream, tags, events } of load.acknowledged) {
      const { body } = await ask<{ items: readonly LoggedEvent[] }>(
        server.url,
        `/v1/streams/${stream}/events?limit=1000&from=${events[0]?.version}&to=${events.at(-1)?.version}`,
      );
      expect(body.items.map(({ id, data }) => ({ id, tag: data.tag }))).toEqual(events.map(({ id }, index) => ({ id, tag: tags[index] })));
    }
    const again = await streamsFromApi(server.url);
    const all = [...again.values()].flat();
    expect(new Set(all).size).toBe(all.length);
    for (const { stream, tags } of load.acknowledged) expect(again.get(stream)).toEqual(expect.arrayContaining([...tags]));
  });

  test("each stream verifies, against the log's copy too", async () => {
    for (const stream of STREAMS) expect((await ask(server.url, `/v1/streams/${stream}/verify`)).body).toMatchObject({ valid: true, from: 1 });
  });
});

/** The tags in each stream, as the API gives them. */
async function streamsFromApi(url: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const read = async (stream: string): Promise<[string, readonly string[]]> => [
    stream,
    (await all<LoggedEvent>(url, `/v1/streams/${stream}/events`)).map(({ data }) => data.tag),
  ];
  return new Map(await Promise.all(STREAMS.map(read)));
}
