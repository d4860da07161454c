import type { StreamTail } from "../durable-objects/aggregate/contract.ts";
import { circuitPort } from "../durable-objects/circuit.ts";
import type { EraserPorts, EraseStep } from "../durable-objects/eraser.ts";
import {
  alertsFor,
  denialsFor,
  dispatcherFor,
  followerFor,
  keyRegistryOf,
  metricsFor,
  objectFor,
  rateLimitFor,
  tenantKeyFor,
} from "../durable-objects/object-for.ts";
import { within } from "./deadline.ts";
import type { Composed } from "./follower-parts.ts";
import { identityOf } from "./followers-composed.ts";
import { SUBSCRIPTION_CATEGORY, type SubscriptionState } from "./followers/subscription.ts";
import { CLAIM_CATEGORY, ISSUER_CATEGORY } from "./identity/issuer.ts";
import { KEY_CATEGORY } from "./identity/key.ts";
import { tenantState } from "./identity-composed.ts";
import { TENANT_CATEGORY, tenantBucket, tenantStream, type TenantState } from "./identity/tenant.ts";
import { categoryOf, DEFAULT_TENANT, type EventMetadata, idOf } from "./kernel/index.ts";
import { eraseDirectory, eraseEvents, markDeleted, streamsAfter } from "./log/erase-tenant.ts";
import { eraseTraces } from "./tracing/erase-traces.ts";
import { continueTrace, traceparentOf } from "./tracing/trace-context.ts";
import { eraseViewRows, VIEW_TABLES } from "./views/erase-tenant.ts";

/** What a part may take to answer (milliseconds). A follower first ends what it has under way. */
const MOST_TIME = 10_000;
/** Characters of a tenant's own stream that are read. */
const ALL = 8_000_000;
/** Objects that are told at a time. */
const AT_ONCE = 32;

/**
 * How a tenant is deleted. First the log is told to take nothing more of it, so whatever is still under way ends there; then the key of its
 * secrets is destroyed, so that they are lost wherever a copy of them is, however far the rest has come; then those that follow the log, the streams' own objects, and what else holds something by name; last the rows. What was written beside this job is
 * refused by the log, which has its object forget it.
 */
export function eraserPorts(composed: Composed): EraserPorts {
  const { env, shardOf, now } = composed;
  return {
    steps: [
      step("mark", async (tenant) => void (await markDeleted(shardOf(tenant).log, tenant, new Date(now()).toISOString()))),
      step("key", (tenant) => within(MOST_TIME, "the key", tenantKeyFor(env, tenant).destroy())),
      step("followers", (tenant) => forgetFollowers(composed, tenant)),
      {
        name: "streams",
        counts: "streams",
        async page(tenant, after = "") {
          const streams = await streamsAfter(shardOf(tenant).log, tenant, after, AT_ONCE);
          await Promise.all(streams.map((stream) => forgetStream(composed, tenant, stream)));
          const last = streams.at(-1);
          return { count: streams.length, ...(streams.length === AT_ONCE && last !== undefined && { next: last }) };
        },
      },
      {
        name: "registries",
        async page(tenant, after = "0") {
          const first = Number(after);
          const buckets = Array.from({ length: AT_ONCE }, (_, index) => (first + index).toString(16).padStart(2, "0"));
          await Promise.all(buckets.map((bucket) => within(MOST_TIME, "a registry", keyRegistryOf(env, tenant, bucket).forget())));
          return { count: 0, ...(first + AT_ONCE < 256 && { next: String(first + AT_ONCE) }) };
        },
      },
      step("denials", (tenant) => within(MOST_TIME, "the denials", denialsFor(env, tenant).forget())),
      step("alerts", (tenant) => within(MOST_TIME, "the alerts", alertsFor(env, tenant).forget())),
      step("limits", (tenant) => forgetLimits(composed, tenant)),
      {
        name: "events",
        counts: "events",
        async page(tenant) {
          const { count, isEnd } = await eraseEvents(shardOf(tenant).log, tenant);
          return { count, ...(!isEnd && { next: "more" }) };
        },
      },
      {
        name: "directory",
        async page(tenant) {
          const { isEnd } = await eraseDirectory(shardOf(tenant).log, tenant);
          return { count: 0, ...(!isEnd && { next: "more" }) };
        },
      },
      {
        name: "traces",
        async page(tenant) {
          const isEnd = composed.telemetry === undefined || (await eraseTraces(composed.telemetry, tenant)).isEnd;
          return { count: 0, ...(!isEnd && { next: "more" }) };
        },
      },
      {
        name: "views",
        async page(tenant, after = "0") {
          const table = Number(after);
          const { isEnd } = await eraseViewRows(shardOf(tenant).views, tenant, table);
          const next = isEnd ? table + 1 : table;
          return { count: 0, ...(next < VIEW_TABLES && { next: String(next) }) };
        },
      },
      step("figures", (tenant) => within(MOST_TIME, "the figures", metricsFor(env, shardOf(tenant).id).forget(tenant))),
    ],
    isDeleting: async (tenant) => (await tenantState(env, tenant)).deletion === "deleting",
    finish: (tenant, counts) => say(composed, { category: TENANT_CATEGORY, id: tenant, command: "NoteErased", data: counts }),
    now,
  };
}

function step(name: string, work: (tenant: string) => Promise<void>): EraseStep {
  return {
    name,
    async page(tenant) {
      await work(tenant);
      return { count: 0 };
    },
  };
}

async function forgetFollowers({ env }: Composed, tenant: string): Promise<void> {
  const dispatcher = dispatcherFor(env, tenant);
  const followers = await within(MOST_TIME, "the dispatcher", dispatcher.retire());
  const parts = followers.flatMap(({ follower, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ ...identityOf(tenant, follower), partition })),
  );
  for (let at = 0; at < parts.length; at += AT_ONCE)
    await Promise.all(parts.slice(at, at + AT_ONCE).map((part) => within(MOST_TIME, part.id, followerFor(env, part).forget())));
  await within(MOST_TIME, "the dispatcher", dispatcher.forget());
}

/** What counted the requests of the whole tenant, by every limit that it had. */
async function forgetLimits({ env }: Composed, tenant: string): Promise<void> {
  const stream = tenantStream(tenant);
  const { events }: StreamTail = await within(MOST_TIME, stream, objectFor(env, DEFAULT_TENANT, stream).eventsAfter(0, ALL));
  const limits = events
    .filter(({ type }) => type === "rivulet.TenantBounded")
    .flatMap(({ data }) => (JSON.parse(data) as Pick<TenantState, "limits">).limits?.requests ?? []);
  const buckets = new Set(limits.flatMap((limit) => [tenantBucket(limit, "tenant").key, tenantBucket(limit, "critical").key]));
  await Promise.all([...buckets].map((bucket) => within(MOST_TIME, "a rate limit", rateLimitFor(env, tenant, bucket).forget())));
}

/** First what is found by what the stream says, for afterwards nobody knows it. */
async function forgetStream(composed: Composed, tenant: string, stream: string): Promise<void> {
  const { env } = composed;
  const object = objectFor(env, tenant, stream);
  const category = categoryOf(stream);
  if (category === KEY_CATEGORY) await within(MOST_TIME, "a rate limit", rateLimitFor(env, tenant, idOf(stream)).forget());
  // Without it the issuer's tokens would be nobody's for ever: another tenant may take them.
  if (category === ISSUER_CATEGORY) await say(composed, { category: CLAIM_CATEGORY, id: idOf(stream), command: "Release", data: { tenant } });
  if (category === SUBSCRIPTION_CATEGORY) {
    const { settings } = JSON.parse((await within(MOST_TIME, stream, object.state())).state) as SubscriptionState;
    if (settings?.sink.kind === "push") await within(MOST_TIME, "a circuit", circuitPort(env.CIRCUIT).forget(tenant, settings.sink.url));
  }
  await within(MOST_TIME, stream, object.forget());
}

interface Said {
  readonly category: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
}

/** Tells an aggregate of the tenant `default`. Rejects where it does not take it, for then the job tells it again. */
async function say({ send, now }: Composed, command: Said): Promise<void> {
  const metadata: EventMetadata = {
    correlationId: `tenant:${command.id}`,
    priority: "normal",
    traceparent: traceparentOf(continueTrace(undefined, undefined)),
    actor: "platform",
  };
  const sent = await send({ tenant: DEFAULT_TENANT, ...command, precondition: { kind: "none" }, source: "/v1/tenants", metadata });
  if (!sent.ok) throw new Error(`expected ${command.command} to be taken at ${new Date(now()).toISOString()}, got ${sent.code}`);
}
