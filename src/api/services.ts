import type { AggregateObject } from "../../durable-objects/aggregate.ts";
import type { Appended, AppendRequest, Refusal, StreamTail } from "../../durable-objects/aggregate/contract.ts";
import type { AlertsObject } from "../../durable-objects/alerts.ts";
import type { ActOnItsWay } from "../../durable-objects/denials.ts";
import type { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import type { EraserObject } from "../../durable-objects/eraser.ts";
import type { KeyRegistryObject } from "../../durable-objects/key-registry.ts";
import type { LimitAnswered } from "../../durable-objects/rate-limit.ts";
import type { Sent, SentCommand } from "../commands/send-command.ts";
import type { AskedForLeave, Leave } from "../followers/sink/handshake.ts";
import type { Decider, Handler, Saga, View } from "../kernel/index.ts";
import type { Believed } from "../identity/believed.ts";
import type { IssuerSettings } from "../identity/issuer.ts";
import type { KeySets } from "../identity/jwks.ts";
import type { KeyState, RequestLimit } from "../identity/key.ts";
import type { TenantState } from "../identity/tenant.ts";
import type { Shard } from "../log/shard.ts";
import type { Tracer } from "../tracing/tracer.ts";
import type { Forgeries } from "../webhooks/forgeries.ts";
import type { Sealer } from "../webhooks/seal.ts";
import type { SourceState } from "../webhooks/source.ts";
import type { Series } from "../metrics/series.ts";
import type { ObservedRequest } from "./observed.ts";
import type { FollowerClient } from "./follower-client.ts";

/** What the API reaches, given by the composition root. */
export interface Services {
  /** Appends to a stream; rejects where its object cannot be reached, the outcome unknown. */
  append(tenant: string, stream: string, request: AppendRequest): Promise<Appended | Refusal>;
  /** A stream's object, for everything else. */
  objectFor(tenant: string, stream: string): DurableObjectStub<AggregateObject>;
  /** The object with this id, whosever it is; undefined where it is none of ours. */
  objectById(id: string): DurableObjectStub<AggregateObject> | undefined;
  /** What a stream has after a version: at least one event where there are any, then no more than so many characters. */
  eventsAfter(tenant: string, stream: string, after: number, maxCharacters: number): Promise<StreamTail>;
  dispatcherFor(tenant: string): DurableObjectStub<DispatcherObject>;
  /** Undefined where tracing is off. */
  readonly tracer: Tracer | undefined;
  /** What is kept of traces, and the share of new ones that is kept where a tenant says nothing else; undefined where nothing is kept. */
  readonly traces: { readonly db: D1Database; readonly rate: number } | undefined;
  /** What knows what an `Idempotency-Key` was used for. */
  keyRegistryFor(tenant: string, key: string): DurableObjectStub<KeyRegistryObject>;
  /** The job that deletes what a tenant has. */
  eraserFor(tenant: string): DurableObjectStub<EraserObject>;
  /** Counts a denied request for the audit log. */
  deny(tenant: string, actor: string, operation: string): Promise<void>;
  /** Notes that an administrative act begins, under an id of its own: unless it is settled, the audit log will say so. */
  beginAct(tenant: string, id: string, act: ActOnItsWay): Promise<void>;
  settleAct(tenant: string, id: string): Promise<void>;
  /** Counts a request of a key that has a limit. */
  takeRequest(tenant: string, key: string, limit: RequestLimit): Promise<LimitAnswered>;
  /** Takes the nonce of a signature; false where it was taken before. */
  takeNonce(tenant: string, key: string, signature: { readonly created: number; readonly nonce: string }): Promise<boolean>;
  shardOf(tenant: string): Shard;
  /** Brings streams up to these versions into the log and the views, at once, without waiting for the queue. */
  projectNow(tenant: string, written: readonly { readonly stream: string; readonly version: number }[]): Promise<void>;
  /** The front door of every command. */
  send(command: SentCommand): Promise<Sent>;
  /** What decides for a category; undefined for a plain stream's. */
  decider(category: string): Decider | undefined;
  /** Undefined where the deployment has no `MASTER_KEY`: then nothing that needs a secret works, and says so. */
  readonly sealer: Sealer | undefined;
  /** Undefined where the deployment has no `ADMIN_KEY`: then no key is good. */
  readonly adminKey: string | undefined;
  /** Keys by `<tenant>/<id>`, as their aggregates hold them. */
  readonly keys: Believed<KeyState>;
  /** Tenants by id, as their aggregates in the tenant `default` hold them. */
  readonly tenants: Believed<TenantState>;
  /** Events of today in a tenant's log, for those that have a quota. */
  readonly eventsToday: Believed<number>;
  readonly bytesTaken: Believed<number>;
  /** Issuers of tokens by id, and whose they are, the secret of one that has one opened, where it opens; undefined for one that nobody registered. */
  readonly issuers: Believed<{ readonly tenant: string; readonly settings: IssuerSettings; readonly secret?: string } | undefined>;
  /** The origins that a tenant allows, by its id. */
  readonly origins: Believed<readonly string[]>;
  /** Sources of webhooks by `<tenant>/<source>`: what is believed of them only while strangers flood them. */
  readonly sources: Believed<SourceState>;
  readonly forgeries: Forgeries;
  /** What roles let, by `<tenant>/<role>`; undefined for one that nobody has defined. */
  readonly roles: Believed<readonly string[] | undefined>;
  /** The roles that the platform domain's memberships give, by `<tenant>/<user>`. */
  readonly members: Believed<readonly string[]>;
  /** The keys that issuers sign with. */
  readonly keySets: KeySets;
  readonly views: readonly View[];
  /** A follower's objects. */
  follower(tenant: string, kind: "subscription" | "handler", id: string): FollowerClient;
  readonly handlers: readonly Handler[];
  readonly sagas: readonly Saga[];
  /** A tenant's figures, as of now. */
  figures(tenant: string): Promise<Series>;
  /** What evaluates a tenant's alert rules. */
  alertsFor(tenant: string): DurableObjectStub<AlertsObject>;
  /** Whoever counts and logs hears of each request. */
  observe?(request: ObservedRequest): void;
  /** The handshake of CloudEvents' web hooks. Never rejects. */
  askForLeave(sink: AskedForLeave): Promise<Leave>;
  /** Sinks may be on loopback or private addresses: for tests and local work. */
  readonly allowLocalTargets: boolean;
}
