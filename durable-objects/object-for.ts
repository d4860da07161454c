import type { AggregateObject } from "./aggregate.ts";
import type { StreamIdentity } from "./aggregate/contract.ts";
import { sha256 } from "../src/kernel/index.ts";
import type { AlertsObject } from "./alerts.ts";
import type { CircuitObject } from "./circuit.ts";
import type { DenialsObject } from "./denials.ts";
import type { DispatcherObject } from "./dispatcher.ts";
import type { EraserObject } from "./eraser.ts";
import type { FollowerObject } from "./follower.ts";
import type { FollowerIdentity } from "./follower/contract.ts";
import type { KeyRegistryObject } from "./key-registry.ts";
import type { MetricsObject } from "./metrics.ts";
import type { RateLimitObject } from "./rate-limit.ts";
import type { TenantKeyObject } from "./tenant-key.ts";

/** The namespaces that objects live in; their names stand in wrangler.toml. */
export interface ObjectNamespaces {
  readonly AGGREGATE: DurableObjectNamespace<AggregateObject>;
  readonly DISPATCHER: DurableObjectNamespace<DispatcherObject>;
  readonly KEY_REGISTRY: DurableObjectNamespace<KeyRegistryObject>;
  readonly FOLLOWER: DurableObjectNamespace<FollowerObject>;
  readonly CIRCUIT: DurableObjectNamespace<CircuitObject>;
  readonly DENIALS: DurableObjectNamespace<DenialsObject>;
  readonly ERASER: DurableObjectNamespace<EraserObject>;
  readonly RATE_LIMIT: DurableObjectNamespace<RateLimitObject>;
  readonly TENANT_KEY: DurableObjectNamespace<TenantKeyObject>;
  readonly ALERTS: DurableObjectNamespace<AlertsObject>;
  readonly METRICS: DurableObjectNamespace<MetricsObject>;
}

/** The one place that decides which object holds a stream. The tenant is part of the name, so no tenant reaches another's. */
export function objectFor(namespaces: ObjectNamespaces, tenant: string, stream: string): DurableObjectStub<AggregateObject> {
  return namespaces.AGGREGATE.get(namespaces.AGGREGATE.idFromName(`${tenant}/${stream}`));
}

/** The object with this id (64 hexadecimal digits), whosever it is: for those who walk all objects. Undefined where it is no object of ours. */
export function objectById(namespaces: ObjectNamespaces, id: string): DurableObjectStub<AggregateObject> | undefined {
  try {
    return namespaces.AGGREGATE.get(namespaces.AGGREGATE.idFromString(id));
  } catch {
    return undefined;
  }
}

/** What `objectFor` made a name of. A tenant's id has no slash in it, a stream's neither. */
export function identityOf(objectName: string): StreamIdentity {
  const slash = objectName.indexOf("/");
  return { tenant: objectName.slice(0, slash), stream: objectName.slice(slash + 1) };
}

/** The tenant's dispatcher. */
export function dispatcherFor(namespaces: ObjectNamespaces, tenant: string): DurableObjectStub<DispatcherObject> {
  return namespaces.DISPATCHER.get(namespaces.DISPATCHER.idFromName(tenant));
}

/** The object that knows what this `Idempotency-Key` of a tenant was used for. */
export function keyRegistryFor(namespaces: ObjectNamespaces, tenant: string, key: string): DurableObjectStub<KeyRegistryObject> {
  return keyRegistryOf(namespaces, tenant, sha256(key).slice(7, 9));
}

/** One of the 256 (`00` to `ff`) that a tenant's keys are spread over. */
export function keyRegistryOf(namespaces: ObjectNamespaces, tenant: string, bucket: string): DurableObjectStub<KeyRegistryObject> {
  return namespaces.KEY_REGISTRY.get(namespaces.KEY_REGISTRY.idFromName(`${tenant}/${bucket}`));
}

/** The job that deletes what a tenant has. */
export function eraserFor(namespaces: ObjectNamespaces, tenant: string): DurableObjectStub<EraserObject> {
  return namespaces.ERASER.get(namespaces.ERASER.idFromName(tenant));
}

/** The one copy of what a tenant's secrets are sealed under. */
export function tenantKeyFor(namespaces: Pick<ObjectNamespaces, "TENANT_KEY">, tenant: string): DurableObjectStub<TenantKeyObject> {
  return namespaces.TENANT_KEY.get(namespaces.TENANT_KEY.idFromName(tenant));
}

/** The object that counts a tenant's denied requests. */
export function denialsFor(namespaces: ObjectNamespaces, tenant: string): DurableObjectStub<DenialsObject> {
  return namespaces.DENIALS.get(namespaces.DENIALS.idFromName(tenant));
}

/** The object that counts the requests of a key. */
export function rateLimitFor(namespaces: ObjectNamespaces, tenant: string, key: string): DurableObjectStub<RateLimitObject> {
  return namespaces.RATE_LIMIT.get(namespaces.RATE_LIMIT.idFromName(`${tenant}/key:${key}`));
}

/** The object that keeps the figures of a shard's tenants. */
export function metricsFor(namespaces: ObjectNamespaces, shard: number): DurableObjectStub<MetricsObject> {
  return namespaces.METRICS.get(namespaces.METRICS.idFromName(`shard-${shard}`));
}

/** The object that evaluates a tenant's alert rules. */
export function alertsFor(namespaces: ObjectNamespaces, tenant: string): DurableObjectStub<AlertsObject> {
  return namespaces.ALERTS.get(namespaces.ALERTS.idFromName(tenant));
}

/** One partition of a follower. */
export function followerFor(namespaces: ObjectNamespaces, { tenant, kind, id, partition }: FollowerIdentity): DurableObjectStub<FollowerObject> {
  return namespaces.FOLLOWER.get(namespaces.FOLLOWER.idFromName(`${tenant}/${kind}:${id}/${partition}`));
}
