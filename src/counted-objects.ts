import type { ObjectNamespaces } from "../durable-objects/object-for.ts";

/** The objects that are a tenant's own, by the bindings that they are reached through. The one that keeps the figures is a shard's. */
const COUNTED = {
  AGGREGATE: "stream",
  DISPATCHER: "dispatcher",
  KEY_REGISTRY: "key-registry",
  FOLLOWER: "follower",
  CIRCUIT: "circuit",
  DENIALS: "denials",
  RATE_LIMIT: "rate-limit",
  TENANT_KEY: "tenant-key",
  ALERTS: "alerts",
} as const satisfies { readonly [Binding in keyof ObjectNamespaces]?: string };

/** Who is told of each call: whose object it is, and of which kind. */
export type Called = (tenant: string, object: string) => void;

/** The bindings, each call of a tenant's object told: it is a request that is billed. An object that is reached by its id alone is nobody's. */
export function countedObjects<Bindings extends ObjectNamespaces>(env: Bindings, called: Called): Bindings {
  const counted = Object.entries(COUNTED).flatMap(([binding, object]) => {
    const namespace = env[binding as keyof typeof COUNTED] as DurableObjectNamespace | undefined;
    return namespace === undefined ? [] : [[binding, countedNamespace(namespace, (tenant) => called(tenant, object))] as const];
  });
  return { ...env, ...Object.fromEntries(counted) };
}

/** A tenant is what an object's name begins with. */
export function tenantOf(objectName: string): string {
  return objectName.split("/", 1)[0] as string;
}

function countedNamespace(namespace: DurableObjectNamespace, called: (tenant: string) => void): DurableObjectNamespace {
  return new Proxy(namespace, {
    get(target, name) {
      const found = Reflect.get(target, name) as unknown;
      if (typeof found !== "function") return found;
      if (name !== "get") return found.bind(target) as unknown;
      return (id: DurableObjectId) => {
        const stub = target.get(id);
        return id.name === undefined ? stub : countedStub(stub, tenantOf(id.name), called);
      };
    },
  });
}

function countedStub(stub: DurableObjectStub, tenant: string, called: (tenant: string) => void): DurableObjectStub {
  return new Proxy(stub, {
    get(target, name) {
      const found = Reflect.get(target, name) as unknown;
      if (typeof found !== "function" || typeof name !== "string") return found;
      return (...given: readonly unknown[]) => {
        called(tenant);
        return Reflect.apply(found, target, given) as unknown;
      };
    },
  });
}
