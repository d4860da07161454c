import { DurableObject } from "cloudflare:workers";
import { type Admission, admitAttempt, type Circuit, FIRST_COOL_DOWN, PRISTINE_CIRCUIT, recordOutcomes, sha256 } from "../src/kernel/index.ts";
import type { CircuitPort } from "./follower/contract.ts";
import { forgetAll } from "./forget-all.ts";

const KEY = "circuit";

type Recorded = Awaited<ReturnType<CircuitPort["record"]>>;

/**
 * The circuit of one sink of a tenant, for all that deliver there. On disk is only whether it is closed, open or half-open, and until
 * when: failures that have not opened it yet are forgotten with the object, so a sink that is well never costs a row.
 */
export class CircuitObject<Env = unknown> extends DurableObject<Env> {
  #circuit: Circuit;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#circuit = ctx.storage.kv.get<Circuit>(KEY) ?? PRISTINE_CIRCUIT;
  }

  /** Whether an attempt may be made at this time (milliseconds since 1970). */
  admit(now: number): Admission {
    const { circuit, admission } = admitAttempt(this.#circuit, now);
    this.#become(circuit);
    return admission;
  }

  /** Takes in what came of attempts, in their order. */
  record(outcomes: readonly boolean[], now: number): Recorded {
    const before = this.#circuit.state;
    this.#become(recordOutcomes(this.#circuit, outcomes, now));
    const after = this.#circuit;
    if (after.state === "closed") return { isPristine: after.failures === 0, openUntil: null, ...(before !== "closed" && { hasClosed: true }) };
    const openUntil = after.state === "open" ? after.until : Math.min(after.until, now + FIRST_COOL_DOWN);
    return { isPristine: false, openUntil, ...(before === "closed" && { hasOpened: true }) };
  }

  /** The tenant is deleted. */
  async forget(): Promise<void> {
    this.#circuit = PRISTINE_CIRCUIT;
    await forgetAll(this.ctx);
  }

  #become(circuit: Circuit): void {
    const isChanged = circuit.state !== this.#circuit.state;
    this.#circuit = circuit;
    if (isChanged) this.ctx.storage.kv.put(KEY, circuit);
  }
}

/** Circuits by tenant and the URL of the sink. */
export function circuitPort(namespace: DurableObjectNamespace<CircuitObject>) {
  const circuitOf = (tenant: string, url: string): DurableObjectStub<CircuitObject> =>
    namespace.get(namespace.idFromName(`${tenant}/${sha256(url).slice("sha256:".length)}`));
  return {
    /** Whether a delivery may be tried. */
    admit: async (tenant: string, url: string, now: number): Promise<Admission> => circuitOf(tenant, url).admit(now),
    forget: async (tenant: string, url: string): Promise<void> => circuitOf(tenant, url).forget(),
    /** What came of deliveries, in their order. */
    record: async (tenant: string, url: string, outcomes: readonly boolean[], now: number): Promise<Recorded> => circuitOf(tenant, url).record(outcomes, now),
  };
}
