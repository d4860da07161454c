// Longer than usual: the object's whole RPC surface, a method for each verb that only wires; what they do is in `aggregate/`.

import { DurableObject } from "cloudflare:workers";
import { categoryOf, type Decider, type EventEnvelope, type EventMetadata, jsonText } from "../src/kernel/index.ts";
import { traced } from "../src/tracing/traced.ts";
import type { Tracer } from "../src/tracing/tracer.ts";
import { AlarmClock } from "./aggregate/alarm-clock.ts";
import { append, checkPrecondition } from "./aggregate/append.ts";
import type {
  AggregatePorts,
  Appended,
  Closed,
  CloseRequest,
  AppendRequest,
  Executed,
  EachAppended,
  ExecuteRequest,
  IdempotencyKey,
  PointInTime,
  Precondition,
  ReadRequest,
  Reconciled,
  Refusal,
  StateNow,
  StateShown,
  StreamDescription,
  StreamIdentity,
  StreamPage,
  StreamTail,
  Verification,
} from "./aggregate/contract.ts";
import { close, purgeAnew } from "./aggregate/close.ts";
import { answeredBefore, execute } from "./aggregate/execute.ts";
import { foldedState, type Rules, shownAt } from "./aggregate/fold.ts";
import { GroupCommit } from "./aggregate/group-commit.ts";
import { LONGEST_TAIL, Outbox } from "./aggregate/outbox.ts";
import { describe, eventsAfter, read } from "./aggregate/read.ts";
import { RETENTION, type Retention } from "./aggregate/retention.ts";
import { compareWithLog } from "./aggregate/reconcile.ts";
import { type SagaPort, SagaWork } from "./aggregate/saga-work.ts";
import { nameInStorage, StreamStore } from "./aggregate/stream-store.ts";
import { StreamTracing } from "./aggregate/stream-tracing.ts";
import { verify } from "./aggregate/verify.ts";
import { Bell } from "./bell.ts";
import { forgetAll } from "./forget-all.ts";
import { identityOf } from "./object-for.ts";

/** What an Aggregate object is built with, by the composition root. */
export interface AggregateParts {
  readonly ports: AggregatePorts;
  readonly deciders: ReadonlyMap<string, Decider>;
  /** What an instance of the saga of this category does; undefined where the category is no saga's. */
  readonly saga: (category: string) => SagaPort | undefined;
  /** Which build of the code this is: a snapshot is good for its own. */
  readonly build: string;
  /** Undefined where tracing is off. */
  readonly tracer?: Tracer | undefined;
}

const BACKLOGGED: Refusal = {
  ok: false,
  code: "stream_backlog",
  detail: `The log lacks over ${LONGEST_TAIL} events of this stream; it takes no more until they are there.`,
};
const OVERLOADED: Refusal = { ok: false, code: "overloaded", detail: "Too many appends wait for this stream." };

/** One stream: the single-threaded owner of its ordered log. The class only wires; each verb is a file in `aggregate/`. */
export abstract class AggregateObject<Env = unknown> extends DurableObject<Env> {
  readonly #store: StreamStore;
  readonly #clock: AlarmClock;
  readonly #outbox: Outbox;
  readonly #commits: GroupCommit;
  readonly #parts: AggregateParts;
  readonly #bell: Bell;
  readonly #saga: SagaWork | undefined;
  readonly #tracing: StreamTracing;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#parts = this.parts(env);
    const { ports } = this.#parts;
    // Who woke the object by its id alone did not say its name: then it is what the object itself has written down.
    this.#store = new StreamStore(ctx.storage.sql, identityOf(ctx.id.name ?? nameInStorage(ctx.storage.sql) ?? ""));
    this.#tracing = new StreamTracing(this.#parts.tracer, this.#store.identity, ports.now);
    this.#clock = new AlarmClock(ctx.storage, ports.now);
    this.#outbox = new Outbox(this.#store, ports, this.#clock);
    this.#bell = new Bell(ctx);
    this.#commits = new GroupCommit(ctx.storage, this.#store, {
      beforeCommit: () => this.#outbox.arm(),
      afterCommit: (written) => {
        this.#bell.ring(this.#store.memory.version);
        ctx.waitUntil(this.#tracing.send(written, () => this.#outbox.send(written)));
        this.#wakeSaga();
      },
      onFailure: () => this.#clock.lower(),
    });
    this.#saga = this.#sagaWork();
  }

  /** What this object is composed of; called once, from the constructor. */
  protected abstract parts(env: Env): AggregateParts;

  /** Appends events, all or nothing; answers after the commit. */
  append(request: AppendRequest): Promise<Appended | Refusal> {
    return this.#append(request);
  }

  /** Appends for several that came at the same time: `AppendRequest[]`, answered with `EachAppended[]`, as JSON, which costs less than what RPC makes of objects. */
  async appendEach(requests: string): Promise<string> {
    const all = JSON.parse(requests) as readonly AppendRequest[];
    const settled = await Promise.allSettled(all.map((request) => this.#append(request)));
    return JSON.stringify(settled.map((each): EachAppended => (each.status === "fulfilled" ? each.value : { thrown: String(each.reason) })));
  }

  #append(request: AppendRequest): Promise<Appended | Refusal> {
    return this.#tracing.write(request, () => this.#join(request));
  }

  async #join(request: AppendRequest): Promise<Appended | Refusal> {
    if (await this.#outbox.isBacklogged()) return BACKLOGGED;
    if (this.#commits.isFull) return OVERLOADED;
    return this.#settled(this.#commits.join((appended) => append(this.#store, request, this.#parts.ports.now(), appended)));
  }

  /** Decides a command of this stream's category and appends the outcome; answers after the commit. */
  execute(request: ExecuteRequest): Promise<Executed | Refusal> {
    return this.#tracing.write(request, () => this.#execute(request));
  }

  async #execute(request: ExecuteRequest): Promise<Executed | Refusal> {
    if (await this.#outbox.isBacklogged()) return BACKLOGGED;
    if (this.#commits.isFull) return OVERLOADED;
    const decided = () => this.#commits.join((appended) => execute(this.#store, this.#rules(), request, this.#parts.ports.now(), appended));
    return this.#settled(traced("append", decided));
  }

  /** Closes the stream, or purges it. The data goes once the log has everything: by the alarm, or at once by `settle`. */
  close(request: CloseRequest): Promise<Closed | Refusal> {
    return this.#settled(this.#commits.join((appended) => close(this.#store, request, this.#parts.ports.now(), appended)));
  }

  /** Sets how much of the stream is kept; an aggregate needs all of it. Rows go once the log has them, like purged data. */
  async retain(retention: Retention, precondition: Precondition): Promise<{ readonly ok: true } | Refusal> {
    const category = categoryOf(this.#store.identity.stream);
    if (this.#parts.deciders.has(category)) {
      return { ok: false, code: "retention_refused", detail: `The category ${category} has a decider, whose state needs every event.` };
    }
    return this.#settled(
      this.#commits.join(() => {
        const refusal = checkPrecondition(precondition, this.#store.memory.version);
        if (refusal) return refusal;
        this.#store.putSetting(RETENTION, retention);
        this.#outbox.arm();
        return { ok: true } as const;
      }),
    );
  }

  /** Does at once what the alarm would do next. */
  async settle(): Promise<void> {
    await this.#outbox.look();
    this.#wakeSaga();
  }

  /** A saga goes on with what it has to do, also where the runtime has given its alarm up. Nobody waits for it. */
  #wakeSaga(): void {
    if (this.#saga !== undefined) this.ctx.waitUntil(this.#saga.look());
  }

  /** The state now as JSON, and its version, as the decider holds it: for the platform's own use, never for a client. */
  state(): StateNow {
    const state = jsonText(foldedState(this.#store, this.#rules()));
    const { version, isClosed } = this.#store.memory;
    return { state, version, isClosed };
  }

  /** What a command's key was answered before, so that nothing is prepared for it twice; undefined where it is new. */
  answered(idempotency: IdempotencyKey): Executed | Refusal | undefined {
    return answeredBefore(this.#store, idempotency);
  }

  /** What the decider shows of its state, now or at a point of the stream. */
  shown(point?: PointInTime): Promise<StateShown> {
    return shownAt(this.#store, this.#rules(), point);
  }

  /** A page of the stream as JSON bytes. */
  read(request: ReadRequest): StreamPage {
    return read(this.#store, request, this.#parts.ports.now());
  }

  /** What follows a version, for the projector. (`tail` would be taken: the runtime keeps it for tail workers.) */
  eventsAfter(after: number, maxCharacters: number): StreamTail {
    return eventsAfter(this.#store, after, maxCharacters);
  }

  /** Head, first version and times; undefined for a stream that does not exist. */
  describe(): StreamDescription | undefined {
    return describe(this.#store, this.#parts.ports.now());
  }

  /** Checks the hash chain of a range, and the log's copy of it. */
  verify(from: number, to: number): Promise<Verification> {
    return verify(this.#store, this.#parts.ports, from, to);
  }

  /** Compares the stream with the log; with `repair`, what the log lacks is sent there again, and the alarm makes sure of it; a saga goes on. */
  async reconcile(repair: boolean): Promise<Reconciled> {
    if (repair) this.#wakeSaga();
    const found = await compareWithLog(this.#store, this.#parts.ports, repair);
    // Woken by its id, an object without a stream does not know its name. It must not live on: the next who calls it by name would meet it.
    if (this.#store.identity.stream === "") this.ctx.waitUntil(scheduler.wait(0).then(() => this.ctx.abort("woken without a name")));
    if (!repair) return found;
    purgeAnew(this.#store);
    if (found.state === "forked" || found.state === "lost") {
      // Marks it in the directory, and empties what was purged.
      await this.#outbox.look();
      return found;
    }
    if (found.state === "behind") {
      this.#outbox.arm();
      await this.#outbox.send([]);
    } else if (found.state === "complete" && this.#store.memory.isPurged) await this.#outbox.look();
    return found;
  }

  /** The tenant is deleted: nothing of the stream is left. What comes all the same is refused by the log, which tells this object to forget again. */
  async forget(): Promise<void> {
    this.#clock.lower();
    await forgetAll(this.ctx);
    this.#store.drop();
  }

  /** What this object has cost since it woke: rows as billed, alarms among them. */
  costs(): { rowsWritten: number; alarmsSet: number } {
    return { rowsWritten: this.#store.rowsWritten + this.#clock.timesSet, alarmsSet: this.#clock.timesSet };
  }

  /** Opens a socket that rings with the stream's version on every append. Only the platform itself calls this. */
  override fetch(): Response {
    return this.#bell.connect(this.#store.memory.version);
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1006 ? 1000 : code);
  }

  /** Whatever woke the object, the outbox is looked at first. */
  override async alarm(): Promise<void> {
    await this.#tracing.look(
      () => this.#store.envelope(this.#store.memory.version),
      () => this.#outbox.look(),
    );
    await this.#saga?.look();
  }

  /** Where this stream is a saga's instance, what it does beyond deciding. */
  #sagaWork(): SagaWork | undefined {
    const { identity } = this.#store;
    const { ports, saga } = this.#parts;
    const port = saga(categoryOf(identity.stream));
    if (port === undefined) return undefined;
    // It does nothing before its first event, so there is one.
    const cause = (): EventMetadata => (this.#store.envelope(1) as EventEnvelope).metadata;
    const instance = {
      identity,
      cause,
      state: () => foldedState(this.#store, this.#rules()),
      version: () => this.#store.memory.version,
      tell: (name: string, data: object) => {
        const request = { command: { name, data }, precondition: { kind: "none" }, source: "/v1/sagas", metadata: cause() } as const;
        return this.#commits.join((appended) => execute(this.#store, this.#rules(), request, ports.now(), appended));
      },
    };
    return new SagaWork(port, instance, this.#clock, ports.now);
  }

  #rules(): Rules {
    const category = categoryOf(this.#store.identity.stream);
    const decider = this.#parts.deciders.get(category);
    if (decider === undefined) throw new RangeError(`expected a category with a decider, got ${category}`);
    return { decider, build: this.#parts.build };
  }

  /** A fault becomes a value: an error thrown across RPC would lose its class, and leak an unhandled rejection. */
  async #settled<Result>(work: Promise<Result>): Promise<Result | Refusal> {
    try {
      return await work;
    } catch (fault) {
      console.error("aggregate: the commit failed", this.#store.identity.stream, fault);
      return { ok: false, code: "fault", detail: "The write failed and was rolled back." };
    }
  }
}

export type { StreamIdentity };
