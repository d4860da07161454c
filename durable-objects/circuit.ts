import { DurableObject } from "cloudflare:workers";
export class CircuitObject<Env = unknown> extends DurableObject<Env> {}
export function circuitPort(_: unknown) {
  return { admit: async () => ({ ok: true, isProbe: false }) as const, record: async () => ({ isPristine: true, openUntil: null }) };
}
