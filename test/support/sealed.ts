import type { SealContext } from "../../src/kernel/index.ts";
import { sealers } from "../../src/sealing-composed.ts";
import type { Sealer } from "../../src/webhooks/seal.ts";
import { env } from "./engine.ts";

/** A sealer over the tenants' own objects, as an isolate has it that remembers nothing yet. */
export function newSealer(now: () => number = Date.now): Sealer {
  return sealers(now)(env) as Sealer;
}

/** A text as the platform seals it. */
export function sealed(text: string, context: SealContext): Promise<string> {
  return newSealer().seal(text, context);
}
