import { createHash } from "node:crypto";
import type { Actor } from "./actor.ts";
import { ObjectHost } from "./object-host.ts";
import type { World } from "./world.ts";

/** What an actor reaches objects by: an id, or a name. */
interface Id {
  readonly name: string | undefined;
  toString(): string;
}

/** What crosses RPC is copied; what is no object is a copy already. */
export function copyOf<Value>(value: Value): Value {
  return typeof value === "object" ? structuredClone(value) : value;
}

/** All objects of one class. */
export class SimulatedNamespace {
  readonly hosts = new Map<string, ObjectHost>();
  readonly #ids = new Map<string, string>();
  readonly #world: World;
  readonly #kind: string;
  readonly #classOf: ObjectHost["classOf"];

  /** `kind` goes before an object's name wherever a story or a fault names it; empty for streams. */
  constructor(world: World, kind: string, of: ObjectHost["classOf"]) {
    this.#world = world;
    this.#kind = kind;
    this.#classOf = of;
  }

  idOf(name: string): string {
    const known = this.#ids.get(name) ?? createHash("sha256").update(`${this.#kind}${name}`).digest("hex");
    this.#ids.set(name, known);
    return known;
  }

  host(name: string): ObjectHost {
    const known = this.hosts.get(this.idOf(name));
    if (known !== undefined) return known;
    const id = this.idOf(name);
    const host = new ObjectHost(this.#world, { name: `${this.#kind}${name}`, id, idName: name }, this.#classOf);
    this.hosts.set(id, host);
    return host;
  }

  /** The namespace as one actor's binding. */
  bindingOf(actor: Actor): DurableObjectNamespace {
    const idFromName = (name: string): Id => ({ name, toString: () => this.idOf(name) });
    const idFromString = (text: string): Id => {
      if (!this.hosts.has(text)) throw new TypeError("Invalid Durable Object ID");
      return { name: undefined, toString: () => text };
    };
    return { idFromName, idFromString, get: (id: Id) => this.#stub(actor, id) } as unknown as DurableObjectNamespace;
  }

  #stub(actor: Actor, id: Id): unknown {
    const call = (method: string, args: readonly unknown[]): Promise<unknown> => {
      const host = this.hosts.get(id.toString()) ?? this.host(id.name as string);
      const what = `${host.name}.${method}`;
      const { draws, faults } = this.#world;
      const mode = actor.isAlive ? faults.take("rpc", host.name) : undefined;
      const slow = mode === "slow" ? draws.between("slow rpc", 1_000, 20_000) : 0;
      const travel = { there: this.#world.delay(`to ${what}`) + slow, back: this.#world.delay(`from ${what}`) };
      // Made only where it is needed: an error takes its trace along, which takes time.
      const lost = (): Error => new Error(`Network connection lost: ${host.name}`);
      const copies = args.map(copyOf);
      const effect = (): Promise<unknown> => host.invoke(method, copies, id.name);
      if (mode === "before") return actor.ask(what, { ...travel, isLost: true, error: lost() }, effect);
      if (mode === "after") return actor.ask(what, { ...travel, error: lost() }, effect);
      return actor.ask(what, travel, effect);
    };
    const stub: Record<string, unknown> = { id, name: id.name };
    return new Proxy(stub, {
      get: (target, name) => (typeof name !== "string" || name === "then" ? undefined : (target[name] ?? ((...args: unknown[]) => call(name, args)))),
    });
  }
}
