// Longer than usual: one run is one state (streams, what is held, statements left), and every way in which it can fail changes it.

import { GENESIS_HASH, type Hint, type LogHead, type RecordedEvent, type StreamHead } from "../kernel/index.ts";
import type { Carrier } from "../tracing/tracer.ts";
import { weightOf } from "./event-weight.ts";
import { deletedAmong } from "./erase-tenant.ts";
import { markForked } from "./mark-forked.ts";
import type { Projected, ProjectorPorts } from "./projector.ts";
import { LoggedPages } from "./logged-page.ts";
import { logHeads } from "./log-heads.ts";
import { streamKey } from "./stream-key.ts";
import { batched, commitEvents, type EventRows, isRefused, MAX_EVENTS, STATEMENTS_PER_COMMIT, type TenantEvent } from "./commit-events.ts";

/** Statements that one invocation may use: D1 stops it at 1,000. */
const MAX_STATEMENTS = 900;
/** Of those, what a failed commit takes to be understood (two), the question who is deleted, and the telling at the end. */
const STATEMENTS_TO_END = 4;
/** Characters of events held at a time, whatever the hints bring. */
const MAX_HELD = 8 * 1024 * 1024;
/** Of those, what is left to fetch one page of a stream. */
const PAGE_CHARACTERS = 1_000_000;
const LARGEST_EVENT = 1_200_000;
/** Pages fetched of one stream in one run: a long backlog goes on in the next, and does not keep the others waiting. */
const MAX_PAGES = 16;

interface Stream {
  readonly tenant: string;
  readonly stream: string;
  readonly known: Map<number, RecordedEvent>;
  /** The last version that somebody spoke of; 0 means "whatever the object has". */
  wanted: number;
  logged: StreamHead;
  isForked: boolean;
}

/**
 * Brings streams into the log: the one way in, for the queue's consumer and for a request that will not wait for it.
 * Any number may run at once, on any hints: the guard lets one win, and a hint is never believed against the log.
 */
export async function project(db: D1Database, hints: readonly Hint[], ports: ProjectorPorts): Promise<Projected> {
  return new Projection(db, ports).run(hints);
}

const TRACED = { "messaging.system": "cloudflare.queues", "messaging.operation.type": "process", "db.system.name": "cloudflare.d1" };

function countOf({ events }: EventRows, tenant: string): number {
  return events.filter((event) => event.tenant === tenant).length;
}

/** What may be handed on of a tenant's. */
function ownRows({ events, rows, largeData }: EventRows, tenant: string): readonly string[] | undefined {
  return largeData === null ? rows.filter((_, at) => events[at]?.tenant === tenant) : undefined;
}

function carriersOf(events: readonly TenantEvent[]): readonly Carrier[] {
  return events.map(({ tenant, event: { metadata } }) => ({ tenant, metadata }));
}

class Projection {
  readonly #db: D1Database;
  readonly #ports: ProjectorPorts;
  readonly #failed = new Set<string>();
  /** Streams that have more than one run takes. */
  readonly #unfinished = new Set<string>();
  readonly #streams = new Map<string, Stream>();
  /** Where the logs are that this run has written to. */
  readonly #heads = new Map<string, LogHead>();
  readonly #pages = new LoggedPages();
  /** Tenants of which the log took nothing: they are deleted, it seems. */
  readonly #refused = new Set<string>();
  /** What this run has brought into the log. */
  readonly #brought: TenantEvent[] = [];
  #rowsWritten = 0;
  #statements = 0;
  #held = 0;
  #peakHeld = 0;

  constructor(db: D1Database, ports: ProjectorPorts) {
    this.#db = db;
    this.#ports = ports;
  }

  async run(hints: readonly Hint[]): Promise<Projected> {
    const start = Date.now();
    for (const hint of hints) this.#take(hint);
    if (!(await this.#tryAsTold())) await this.#bringUp();
    await this.#forgetDeleted();
    await this.#tell([...new Set(hints.map((hint) => hint.tenant))]);
    const failed = new Set([...this.#failed, ...this.#unfinished]);
    this.#ports.tracer?.pieces(carriersOf(this.#brought), { service: "projector", name: "project into the log", kind: "consumer", start, attributes: TRACED });
    return { failed, rowsWritten: this.#rowsWritten, statements: this.#statements, peakHeld: this.#peakHeld };
  }

  /**
   * Where the hints bring all that they speak of, it is written without asking where the log is: the guard lets an event in only behind
   * its predecessor. False where that is not how it is, be it a repeat: then it is to be looked for in the log.
   */
  async #tryAsTold(): Promise<boolean> {
    const told: TenantEvent[] = [];
    for (const { tenant, known, wanted } of this.#streams.values()) {
      const versions = [...known.keys()].sort((one, other) => one - other);
      // Each once, and none beyond what was spoken of: where the first stands so far before the end, none is missing.
      if (versions[0] !== wanted - versions.length + 1) return false;
      for (const version of versions) told.push({ tenant, event: known.get(version) as RecordedEvent });
    }
    for (const rows of batched(this.#isolated(told))) if (!(await this.#tryCommit(rows))) return false;
    return true;
  }

  /** Brings every stream up to what is known of it, from where the log is. */
  async #bringUp(): Promise<void> {
    await this.#load([...this.#streams.values()]);
    const streams = [...this.#streams.values()];
    // What the hints bring whole needs nobody else, and does not wait behind a stream that has much to fetch.
    const isWhole = ({ known, wanted, logged }: Stream): boolean => known.size >= wanted - logged.version;
    let waiting: TenantEvent[] = [];
    let weight = 0;
    const commit = async (): Promise<void> => {
      await this.#commit(waiting);
      this.#held -= weight;
      waiting = [];
      weight = 0;
    };
    for (const stream of [...streams.filter(isWhole), ...streams.filter((stream) => !isWhole(stream))]) {
      for await (const event of this.#missing(stream)) {
        waiting.push({ tenant: stream.tenant, event });
        weight += weightOf(event);
        if (weight >= PAGE_CHARACTERS || waiting.length >= MAX_EVENTS) await commit();
      }
    }
    await commit();
  }

  /** What was refused because its tenant is deleted is nobody's: its objects are told to forget it, each by itself. */
  async #forgetDeleted(): Promise<void> {
    if (this.#refused.size === 0) return;
    this.#statements++;
    // Nothing is thrown away because an answer lacks something: the mark itself is asked for.
    const deleted = await deletedAmong(this.#db, [...this.#refused]);
    const own = [...this.#streams.values()].filter(({ tenant }) => this.#refused.has(tenant));
    const forget = async (stream: Stream): Promise<void> => {
      if (!deleted.has(stream.tenant)) throw new Error("the log took nothing of it, and its tenant is not deleted");
      await this.#ports.forget(stream.tenant, stream.stream);
    };
    await Promise.all(own.map((stream) => forget(stream).catch((fault: unknown) => this.#fail(stream, fault))));
  }

  /** One call for each tenant, whatever becomes of the others'. */
  async #tell(tenants: readonly string[]): Promise<void> {
    const unknown = tenants.filter((tenant) => !this.#heads.has(tenant));
    if (unknown.length > 0) this.#statements++;
    const heads = unknown.length > 0 ? [...this.#heads, ...(await logHeads(this.#db, unknown))] : [...this.#heads];
    const told = await Promise.allSettled(heads.map(([tenant, head]) => this.#ports.followed(tenant, head, this.#pages.upTo(tenant, head))));
    const lost = told.find((outcome) => outcome.status === "rejected");
    // The streams' alarms will tell again: they let go only when the dispatcher has answered.
    if (lost) console.warn("projector: a dispatcher was not told", String(lost.reason));
  }

  #take(hint: Hint): void {
    const key = streamKey(hint);
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = { tenant: hint.tenant, stream: hint.stream, known: new Map(), wanted: 0, logged: { version: 0, hash: GENESIS_HASH }, isForked: false };
      this.#streams.set(key, stream);
    }
    stream.wanted = Math.max(stream.wanted, hint.head.version);
    for (const event of hint.events) {
      const weight = weightOf(event);
      // What would not fit is dropped: it is only a hint, and is fetched when its turn comes.
      if (this.#held + weight > MAX_HELD - 2 * LARGEST_EVENT || stream.known.has(event.version)) continue;
      stream.known.set(event.version, event);
      this.#hold(weight);
    }
  }

  #hold(characters: number): void {
    this.#held += characters;
    this.#peakHeld = Math.max(this.#peakHeld, this.#held);
  }

  /** Reads what the log has of these streams, in one query. */
  async #load(streams: readonly Stream[]): Promise<void> {
    this.#statements++;
    const keys = JSON.stringify(streams.map(({ tenant, stream }) => [tenant, stream]));
    const { results } = await this.#db
      .prepare(
        "SELECT row.key AS at, version, hash, forked FROM json_each(?1) AS row JOIN streams ON streams.tenant = row.value ->> 0 AND streams.stream = row.value ->> 1",
      )
      .bind(keys)
      .all<{ at: number; version: number; hash: string; forked: string | null }>();
    for (const { at, version, hash, forked } of results) {
      const stream = streams[at] as Stream;
      stream.logged = { version, hash };
      stream.isForked = forked !== null;
    }
  }

  /** What the log lacks of a stream, in order: from the hints where they have it, else from the object. */
  async *#missing(stream: Stream): AsyncGenerator<RecordedEvent> {
    let version = stream.logged.version + 1;
    try {
      for (let pages = 0; version <= stream.wanted && !stream.isForked && !this.#failed.has(streamKey(stream));) {
        const known = stream.known.get(version);
        if (known === undefined && ++pages > MAX_PAGES) {
          this.#unfinished.add(streamKey(stream));
          return;
        }
        const events = known === undefined ? await this.#fetch(stream, version - 1) : [known];
        if (events.length === 0) return;
        stream.known.delete(version);
        yield* events;
        version += events.length;
      }
    } catch (fault) {
      this.#fail(stream, fault);
    }
  }

  async #fetch(stream: Stream, after: number): Promise<readonly RecordedEvent[]> {
    const { events, head } = await this.#ports.eventsAfter(stream.tenant, stream.stream, after, PAGE_CHARACTERS);
    for (const event of events) this.#hold(weightOf(event));
    if (head.version < stream.logged.version) await this.#fork(stream, `The log has version ${stream.logged.version}, the object ends at ${head.version}.`);
    return events;
  }

  async #commit(events: readonly TenantEvent[]): Promise<void> {
    for (const rows of batched(this.#isolated(events))) {
      if (await this.#tryCommit(rows)) continue;
      // Somebody else was faster, or one stream is bad: look again, drop what is there by now, and let each stand alone.
      const streams = [...new Set(rows.events.map(({ tenant, event }) => this.#streams.get(streamKey({ tenant, stream: event.stream })) as Stream))];
      await this.#load(streams);
      for (const stream of streams) await this.#commitAlone(stream, rows.events);
    }
  }

  /** Without the streams that have already failed in this run: what follows a failure cannot go in. */
  *#isolated(events: readonly TenantEvent[]): Generator<TenantEvent> {
    for (const item of events) if (!this.#failed.has(streamKey({ tenant: item.tenant, stream: item.event.stream }))) yield item;
  }

  async #tryCommit(rows: EventRows): Promise<boolean> {
    if (this.#statements + STATEMENTS_PER_COMMIT + STATEMENTS_TO_END > MAX_STATEMENTS) {
      this.#failAll(rows, "no statements left in this invocation");
      return true;
    }
    this.#statements += STATEMENTS_PER_COMMIT;
    try {
      const { rowsWritten, heads } = await commitEvents(this.#db, rows);
      this.#rowsWritten += rowsWritten;
      for (const [tenant, { position, epoch, entryBefore }] of heads) {
        const head = { position, epoch };
        this.#heads.set(tenant, head);
        this.#pages.add(tenant, { after: position - countOf(rows, tenant), to: position, entryAt: entryBefore, rows: ownRows(rows, tenant) });
      }
      for (const { tenant } of rows.events) if (!heads.has(tenant)) this.#refused.add(tenant);
      if (this.#ports.tracer !== undefined) this.#brought.push(...rows.events);
      this.#ports.observer?.written(rows.events, rowsWritten);
      return true;
    } catch (fault) {
      if (isRefused(fault)) return false;
      this.#failAll(rows, fault);
      return true;
    }
  }

  async #commitAlone(stream: Stream, events: readonly TenantEvent[]): Promise<void> {
    const own = events.filter(({ tenant, event }) => tenant === stream.tenant && event.stream === stream.stream && event.version > stream.logged.version);
    for (const rows of batched(own)) {
      if (this.#failed.has(streamKey(stream))) return;
      if (!(await this.#tryCommit(rows))) return this.#diagnose(stream);
    }
  }

  /** The guard refused a stream that stood alone: a fork is marked, anything else is tried again later. */
  async #diagnose(stream: Stream): Promise<void> {
    try {
      await this.#load([stream]);
      const { version, hash } = stream.logged;
      const { events, head } = await this.#ports.eventsAfter(stream.tenant, stream.stream, Math.max(version - 1, 0), 1);
      const own = version === 0 ? GENESIS_HASH : events[0]?.hash;
      if (head.version < version) return await this.#fork(stream, `The log has version ${version}, the object ends at ${head.version}.`);
      if (own !== hash) return await this.#fork(stream, `At version ${version} the log has ${hash}, the object ${own}.`);
      this.#fail(stream, "the guard refused it, and its object agrees with the log by now");
    } catch (fault) {
      this.#fail(stream, fault);
    }
  }

  async #fork(stream: Stream, reason: string): Promise<void> {
    this.#statements++;
    stream.isForked = true;
    await markForked(this.#db, stream, reason);
    this.#ports.observer?.forked(stream.tenant);
  }

  #failAll(rows: EventRows, fault: unknown): void {
    for (const { tenant, event } of rows.events) this.#fail({ tenant, stream: event.stream }, fault);
  }

  #fail(stream: { readonly tenant: string; readonly stream: string }, fault: unknown): void {
    if (this.#failed.has(streamKey(stream))) return;
    console.warn("projector: will try again", streamKey(stream), String(fault));
    this.#ports.observer?.late(stream.tenant);
    this.#failed.add(streamKey(stream));
  }
}
