import { DurableObject } from "cloudflare:workers";
import type { Hash } from "../src/kernel/index.ts";
import { forgetAll } from "./forget-all.ts";

/**
 * Which request an `Idempotency-Key` was used for, over all streams of a tenant. The answers themselves are kept where the work was
 * done; this only notices a key that comes again with another path, which no single stream could. A tenant's keys are spread over
 * 256 of these objects by their hash.
 */
export class KeyRegistryObject<Env = unknown> extends DurableObject<Env> {
  /** False where the key was used for another request. */
  isFree(key: string, fingerprint: Hash): boolean {
    return (this.ctx.storage.kv.get<Hash>(key) ?? fingerprint) === fingerprint;
  }

  /** Remembers what a key was used for; the first use counts. */
  keep(key: string, fingerprint: Hash): void {
    if (this.ctx.storage.kv.get(key) === undefined) this.ctx.storage.kv.put(key, fingerprint);
  }

  /** The answer that was kept with a key, for work that keeps none of its own; undefined where none was. */
  answer(key: string): string | undefined {
    return this.ctx.storage.kv.get<string>(answerOf(key));
  }

  /** The tenant is deleted. */
  forget(): Promise<void> {
    return forgetAll(this.ctx);
  }

  /** Keeps an answer with a key, for good; the first one counts. */
  keepAnswer(key: string, answer: string): void {
    if (this.ctx.storage.kv.get(answerOf(key)) === undefined) this.ctx.storage.kv.put(answerOf(key), answer);
  }
}

/** No client's key has such a character. */
const answerOf = (key: string): string => `\u0000${key}`;
