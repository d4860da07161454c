import type { AggregateObject } from "../../durable-objects/aggregate.ts";
import type { EventDraft, Precondition } from "../../durable-objects/aggregate/contract.ts";
import { identityOf } from "../../durable-objects/object-for.ts";
import { JoinedAppends } from "../../src/joined-appends.ts";
import { dataHash, jsonText, sha256, type View } from "../../src/kernel/index.ts";
import { logHead } from "../../src/log/log-heads.ts";
import { correlationsView } from "../../src/views/correlations.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { beginBuild } from "../../src/views/rebuild.ts";
import { sourcesView } from "../../src/webhooks/source.ts";
import type { Asked, Call, Ledger, Outcome } from "./ledger.ts";
import type { Action } from "./story.ts";
import type { World } from "./world/world.ts";

type Calling<Kind extends Action["do"]> = Extract<Action, { do: Kind }>;
type Method = (...args: unknown[]) => Promise<Record<string, unknown>>;
type Stub = Record<keyof AggregateObject | "isFree" | "keep", Method>;

/** What the data of an event with an id from outside is: the same whoever sends it. */
const markOfId = (id: number, isClash: boolean): string => (isClash ? `other-${id}` : `id-${id}`);

const METADATA = {
  correlationId: "c-1",
  priority: "normal",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  actor: "key:simulation",
} as const;

/** The clients: they send requests, remember every outcome, and send again what has a key or ids and came to nothing they know. */
export class Clients {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #joined: JoinedAppends;

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
    const object = (tenant: string, stream: string) => this.#stub(`${tenant}/${stream}`) as unknown as DurableObjectStub<AggregateObject>;
    this.#joined = new JoinedAppends({ object, waitUntil() {}, now: () => world.clock.time, maySettleAcross: true });
  }

  append(action: Calling<"append">): Promise<Call> {
    const number = this.#ledger.calls.length + 1;
    const asked = Array.from({ length: action.count }, (_, index): Asked => {
      const id = action.ids[index];
      if (id === undefined) return { mark: `call-${number}-${index}` };
      return { mark: markOfId(id, action.isClash === true && index === 0), id: `id-${id}` };
    });
    const events = asked.map((event) => draftOf(action.stream, event));
    const { tenant, stream } = identityOf(action.stream);
    return this.#call(action, asked, (_, precondition) => {
      // Of a request with a key, the fingerprint is over what the client sends: its body and its condition.
      const idempotency = keyOf(action.key, `append ${action.stream} ${JSON.stringify(asked)} ${action.when}`);
      return this.#keyed(action.stream, idempotency, async () => ({
        ...(await this.#joined.append(tenant, stream, { events, precondition, ...(idempotency && { idempotency }) })),
      }));
    });
  }

  execute(action: Calling<"execute">): Promise<Call> {
    const data = { Configure: { scheme: "none", secret: `s${action.value}` }, Remove: {}, Add: { n: action.value } }[action.command];
    return this.#call(action, [], (stub, precondition) => {
      const idempotency = keyOf(action.key, `execute ${action.stream} ${action.command} ${action.value} ${action.at}`);
      const command = { name: action.command, data };
      const request = { command, precondition, source: "/simulation", metadata: METADATA, ...(idempotency && { idempotency }) };
      return this.#keyed(action.stream, idempotency, () => stub.execute(request));
    });
  }

  close(action: Calling<"close">): Promise<Call> {
    return this.#call(action, [], (stub, precondition) => stub.close({ purge: action.purge, precondition, source: "/simulation", metadata: METADATA }));
  }

  retain(action: Calling<"retain">): Promise<Call> {
    return this.#call(action, [], (stub) => stub.retain({ maxCount: action.keep }, { kind: "none" }));
  }

  /** Asks for the end of the stream. */
  async read(stream: string): Promise<void> {
    const began = this.#world.clock.time;
    try {
      const found = (await this.#stub(stream).describe()) as { version: number; hash: string } | undefined;
      if (found === undefined) return;
      this.#ledger.learn(stream, found.version);
      this.#ledger.seen.push({ stream, version: found.version, hash: found.hash, began, ended: this.#world.clock.time });
    } catch {
      // Who reads in vain knows nothing new.
    }
  }

  /** Asks the object to do now what its alarm would do. */
  async settle(stream: string): Promise<void> {
    await this.#stub(stream)
      .settle()
      .catch(() => {});
  }

  /** Wakes the object by its id alone, as who walks all objects does, and has it repair the log. */
  async reconcile(stream: string): Promise<void> {
    const { AGGREGATE } = this.#world.envFor(this.#world.client);
    const id = AGGREGATE.idFromName(stream).toString();
    if (!this.#world.streams.hosts.has(id)) return;
    const stub = AGGREGATE.get(AGGREGATE.idFromString(id)) as unknown as Stub;
    await stub.reconcile(true).catch(() => {});
  }

  /** Has a view built anew, as the API does it. */
  async rebuild({ tenant, view, purpose }: Calling<"rebuild">): Promise<void> {
    const { LOG_0, VIEWS_0, DISPATCHER } = this.#world.envFor(this.#world.client);
    const named = [eventTypesView, correlationsView, sourcesView].find(({ name }) => name === view) as View;
    try {
      const { position: head } = await logHead(LOG_0, tenant);
      const outcome = await beginBuild(VIEWS_0, tenant, named, { purpose, head, now: this.#world.clock.now() });
      if (outcome === "begun") this.#world.faults.count(`view ${purpose}`);
      await DISPATCHER.get(DISPATCHER.idFromName(tenant)).wake();
    } catch {
      // Whether it has begun is not known; what is read must be right in any case.
    }
  }

  /** Tries a request until its outcome is known, if it may be tried again. */
  async insist(call: Call): Promise<void> {
    for (let tries = 0; tries < 4; tries++) {
      const attempt: Call["tries"][number] = { began: this.#world.clock.time };
      call.tries.push(attempt);
      const outcome = await outcomeOf(call.send);
      Object.assign(attempt, { outcome, ended: this.#world.clock.time });
      this.#learn(call.action.stream, outcome);
      if (outcome.kind !== "unknown" || !call.isRepeatable) return;
      await new Promise((resolve) => setTimeout(resolve, this.#world.draws.between(`again ${call.number}`, 10, 8_000)));
    }
  }

  async #call(
    action: Calling<"append" | "execute" | "close" | "retain">,
    asked: readonly Asked[],
    send: (stub: Stub, precondition: Precondition) => Promise<Record<string, unknown>>,
  ): Promise<Call> {
    const when = "when" in action ? action.when : "none";
    const version = this.#ledger.known.get(action.stream) ?? 0;
    const wanted = when === "known" ? version : when === "stale" ? version + 1_000 : undefined;
    const isKeyed = "key" in action && action.key !== undefined;
    const call: Call = {
      number: this.#ledger.calls.length + 1,
      action,
      asked,
      wanted,
      tries: [],
      isRepeatable: isKeyed || (asked.length > 0 && asked.every(({ id }) => id !== undefined)),
      send: () => send(this.#stub(action.stream), conditionOf(when, wanted)),
    };
    this.#ledger.calls.push(call);
    const isTwice = call.isRepeatable && "isTwice" in action;
    await Promise.all([this.insist(call), ...(isTwice ? [this.insist(call)] : [])]);
    return call;
  }

  /** As the API does it: the registry of keys is asked before, and told after. */
  async #keyed(stream: string, idempotency: ReturnType<typeof keyOf>, work: () => Promise<Record<string, unknown>>): Promise<Record<string, unknown>> {
    if (idempotency === undefined) return work();
    const { key, fingerprint } = idempotency;
    const { KEY_REGISTRY } = this.#world.envFor(this.#world.client);
    const name = `${stream.split("/")[0]}/${sha256(key).slice(7, 9)}`;
    const registry = KEY_REGISTRY.get(KEY_REGISTRY.idFromName(name)) as unknown as Stub;
    if (!(await registry.isFree(key, fingerprint))) return { ok: false, code: "idempotency_key_reused" };
    const answer = await work();
    if (answer["ok"] === true && answer["replayed"] !== true) await registry.keep(key, fingerprint);
    return answer;
  }

  #learn(stream: string, outcome: Outcome): void {
    if (outcome.kind !== "ok") return;
    const { events, version } = outcome.answer as { events?: { version: number }[]; version?: number };
    this.#ledger.learn(stream, Math.max(version ?? 0, ...(events ?? []).map((event) => event.version)));
  }

  #stub(stream: string): Stub {
    const { AGGREGATE } = this.#world.envFor(this.#world.client);
    return AGGREGATE.get(AGGREGATE.idFromName(stream)) as unknown as Stub;
  }
}

async function outcomeOf(work: () => Promise<Record<string, unknown>>): Promise<Outcome> {
  try {
    const answer = await work();
    return answer["ok"] === true ? { kind: "ok", answer } : { kind: "refused", code: String(answer["code"]) };
  } catch (fault) {
    return { kind: "unknown", why: String(fault) };
  }
}

function draftOf(stream: string, { mark, id }: Asked): EventDraft {
  const isSource = stream.includes("/rivulet_source-");
  const isTally = stream.includes("/tally-");
  const data = jsonText(isSource ? { scheme: "none", secret: mark } : isTally ? { n: 1, mark } : { mark });
  const type = isSource
    ? "rivulet.SourceConfigured"
    : isTally
      ? "tally.Added"
      : id === undefined
        ? "notes.Added"
        : id === "id-1"
          ? "notes.Imported"
          : "notes.Taken";
  return { ...(id !== undefined && { id }), source: "/simulation", type, schemaVersion: 1, metadata: METADATA, data, dataHash: dataHash(data) };
}

function keyOf(key: number | undefined, request: string): { key: string; fingerprint: string } | undefined {
  return key === undefined ? undefined : { key: `key-${key}`, fingerprint: sha256(request) };
}

function conditionOf(when: string, wanted: number | undefined): Precondition {
  if (when === "new" || when === "exists") return { kind: when };
  return wanted === undefined ? { kind: "none" } : { kind: "version", version: wanted };
}
