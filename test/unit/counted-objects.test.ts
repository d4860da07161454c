import { expect, test } from "vitest";
import {
  alertsFor,
  denialsFor,
  dispatcherFor,
  eraserFor,
  followerFor,
  keyRegistryFor,
  metricsFor,
  objectById,
  objectFor,
  type ObjectNamespaces,
  rateLimitFor,
  tenantKeyFor,
} from "../../durable-objects/object-for.ts";
import { countedObjects } from "../../src/counted-objects.ts";

const BINDINGS = [
  "AGGREGATE",
  "DISPATCHER",
  "KEY_REGISTRY",
  "FOLLOWER",
  "CIRCUIT",
  "DENIALS",
  "ERASER",
  "RATE_LIMIT",
  "TENANT_KEY",
  "ALERTS",
  "METRICS",
] as const satisfies readonly (keyof ObjectNamespaces)[];

/** Objects whose every method gives its own name, bound to what they are. */
class Stub {
  readonly id: { readonly name?: string };
  readonly #said = "said";

  constructor(id: { readonly name?: string }) {
    this.id = id;
  }

  ask(...given: readonly unknown[]): string {
    return [this.#said, ...given].join(" ");
  }
}

const namespace = { idFromName: (name: string) => ({ name }), idFromString: (text: string) => ({ text }), get: (id: object) => new Stub(id) };
const bindings = { ...Object.fromEntries(BINDINGS.map((name) => [name, namespace])), OTHER: 7 } as unknown as ObjectNamespaces & { readonly OTHER: number };
const ask = (stub: unknown): string => (stub as Stub).ask("a", 1);

test("each call of a tenant's object is told, once, with whose it is and of which kind; what it does and gives stays the same", () => {
  const told: string[] = [];
  const env = countedObjects(bindings, (tenant, object) => void told.push(`${tenant} ${object}`));
  const stream = objectFor(env, "acme", "note-1");
  const follower = followerFor(env, { tenant: "acme", kind: "subscription", id: "s1", partition: 0 });
  expect(told).toEqual([]);
  expect([ask(stream), ask(stream), ask(follower)]).toEqual(["said a 1", "said a 1", "said a 1"]);
  const others = [dispatcherFor, denialsFor, alertsFor, tenantKeyFor].map((of) => of(env, "other"));
  for (const stub of [...others, keyRegistryFor(env, "other", "k"), rateLimitFor(env, "other", "k")]) ask(stub);
  ask(env.CIRCUIT.get(env.CIRCUIT.idFromName("other/circuit")));
  expect(told).toEqual([
    "acme stream",
    "acme stream",
    "acme follower",
    "other dispatcher",
    "other denials",
    "other alerts",
    "other tenant-key",
    "other key-registry",
    "other rate-limit",
    "other circuit",
  ]);
  expect([env.OTHER, stream.id.name]).toEqual([7, "acme/note-1"]);
});

test("what is nobody's, or is what deletes a tenant, is not told: it would count on after the tenant is gone", () => {
  const env = countedObjects(bindings, () => expect.unreachable());
  for (const stub of [metricsFor(env, 0), eraserFor(env, "acme"), objectById(env, "f".repeat(64))]) expect(ask(stub)).toBe("said a 1");
});
