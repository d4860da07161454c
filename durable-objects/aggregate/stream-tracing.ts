import { categoryOf, type EventEnvelope, type RecordedEvent } from "../../src/kernel/index.ts";
import { type Hop, SLOW } from "../../src/tracing/hop.ts";
import { within } from "../../src/tracing/traced.ts";
import type { Tracer } from "../../src/tracing/tracer.ts";
import type { AppendRequest, ExecuteRequest, Refusal, StreamIdentity } from "./contract.ts";

/** Refusals that are failures of the platform, and no answer to what was asked. */
const FAULTS: ReadonlySet<string> = new Set(["fault", "overloaded", "stream_backlog"]);

/** What an object does, as hops of those traces that it does it for. Without a tracer it only does it. */
export class StreamTracing {
  readonly #tracer: Tracer | undefined;
  readonly #identity: StreamIdentity;
  readonly #now: () => number;

  constructor(tracer: Tracer | undefined, identity: StreamIdentity, now: () => number) {
    this.#tracer = tracer;
    this.#identity = identity;
    this.#now = now;
  }

  /** A write that somebody asked for. */
  async write<Done extends { readonly ok: true }>(request: AppendRequest | ExecuteRequest, work: () => Promise<Done | Refusal>): Promise<Done | Refusal> {
    const metadata = "command" in request ? request.metadata : request.events[0]?.metadata;
    if (this.#tracer === undefined || metadata === undefined) return work();
    const tracer = this.#tracer;
    const { tenant, stream } = this.#identity;
    const start = this.#now();
    const traceparent = request.trace ?? metadata.traceparent;
    const begin = (): Hop =>
      tracer.begin({
        service: this.#service,
        tenant,
        name: "command" in request ? `execute ${request.command.name}` : "append",
        kind: "server",
        correlationId: metadata.correlationId,
        context: { traceparent },
        start,
        attributes: { "rivulet.stream": stream, ...("events" in request && { "rivulet.events": request.events.length }) },
      });
    // Most appends are of a trace that nobody keeps, and nothing is traced within one: it becomes a hop only where it turns out to be worth keeping.
    if ("events" in request && traceparent.endsWith("-00")) {
      const done = await work();
      if (this.#now() - start >= SLOW || (!done.ok && FAULTS.has(done.code))) tracer.end(told(begin(), done));
      return done;
    }
    const hop = begin();
    // What is begun here goes on without it: another's commit may be among it.
    try {
      const done = await within(hop.root, work);
      told(hop, done);
      return done;
    } finally {
      tracer.end(hop);
    }
  }

  /** The outbox sends what a commit wrote: one piece for each trace. */
  async send(events: readonly RecordedEvent[], send: () => Promise<boolean>): Promise<void> {
    const tracer = this.#tracer;
    const start = this.#now();
    const isSent = await send();
    tracer?.pieces(this.#carriers(events.map(({ metadata }) => metadata)), {
      service: this.#service,
      name: "send to queue",
      kind: "producer",
      start,
      attributes: { "messaging.system": "cloudflare.queues", "messaging.operation.type": "send", "rivulet.stream": this.#identity.stream },
      ...(!isSent && { error: "not sent; the alarm will" }),
    });
  }

  /** The alarm looks whether the log has everything: done for the newest event, minutes later perhaps. */
  async look(newest: () => EventEnvelope | undefined, look: () => Promise<void>): Promise<void> {
    const tracer = this.#tracer;
    const start = this.#now();
    await look();
    if (tracer === undefined) return;
    const metadata = newest()?.metadata;
    const attributes = { "rivulet.stream": this.#identity.stream };
    if (metadata !== undefined) tracer.pieces(this.#carriers([metadata]), { service: this.#service, name: "look by alarm", start, attributes });
  }

  get #service(): string {
    return `aggregate:${categoryOf(this.#identity.stream)}`;
  }

  #carriers(metadata: readonly RecordedEvent["metadata"][]) {
    return metadata.map((metadata) => ({ tenant: this.#identity.tenant, metadata }));
  }
}

function written(done: { readonly ok: true }): Readonly<Record<string, number | boolean>> {
  const { events, version, replayed } = done as {
    readonly events?: readonly { readonly version: number }[];
    readonly version?: number;
    readonly replayed?: boolean;
  };
  const last = version ?? events?.at(-1)?.version;
  return { "rivulet.written": events?.length ?? 0, ...(last !== undefined && { "rivulet.version": last }), ...(replayed && { "rivulet.replayed": true }) };
}

/** The hop, with what came of it. */
function told(hop: Hop, done: { readonly ok: true } | Refusal): Hop {
  if (done.ok) hop.root.set(written(done));
  else refusedIn(hop.root, done);
  return hop;
}

function refusedIn(span: { set(attributes: Readonly<Record<string, string>>): void; fail(error: unknown): void }, { code, rejection, detail }: Refusal): void {
  span.set({ "rivulet.refused": rejection ?? code });
  if (FAULTS.has(code)) span.fail(`${code}: ${detail}`);
}
