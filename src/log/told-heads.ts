import type { LogHead } from "../kernel/index.ts";

/** Tenants that are remembered; beyond that the one that was told longest ago is asked anew. */
const MOST_TENANTS = 1_000;

/**
 * What an isolate has told dispatchers, and was answered. A dispatcher that has answered knows for good (it is there, or has an alarm on
 * disk), so whoever would tell it of the same position or an earlier one need not call.
 */
export class ToldHeads {
  readonly #heads = new Map<string, LogHead>();

  /** Tells a dispatcher, unless it knows. Rejects where it was not told. */
  async tell(tenant: string, head: LogHead, call: () => Promise<void>): Promise<void> {
    const known = this.#heads.get(tenant);
    if (known !== undefined && known.epoch === head.epoch && known.position >= head.position) return;
    await call();
    const meanwhile = this.#heads.get(tenant);
    if (meanwhile !== undefined && meanwhile.epoch === head.epoch && meanwhile.position >= head.position) return;
    this.#heads.delete(tenant);
    this.#heads.set(tenant, head);
    for (const oldest of this.#heads.keys()) {
      if (this.#heads.size <= MOST_TENANTS) return;
      this.#heads.delete(oldest);
    }
  }
}
