import { scrypt, timingSafeEqual } from "node:crypto";
import { type Ports, type SealContext, uuid7 } from "./kernel/index.ts";
import type { Sealer } from "./webhooks/seal.ts";

/** What the ports stand on; the composition root gives it. */
export interface PortsGiven {
  /** Undefined where there is no `MASTER_KEY`. */
  readonly sealer: Sealer | undefined;
  /** What sealed texts are bound to: they open with the same one only. */
  readonly context: SealContext;
}

/** scrypt's work (RFC 7914): its memory is 128 × N × r bytes, 16 MiB, since an isolate has 128 MiB for all it does; its time is N × r × p. */
const COST: Cost = { N: 2 ** 14, r: 8, p: 2 };
/** The most memory (bytes) that a stored hash may ask for: twice what is asked for now, so that the cost can grow. */
const MOST_MEMORY = 33 * 1024 * 1024;
/** The most work (N × r × p) that a stored hash may ask for: four times what is asked for now, a third of a second. */
const MOST_WORK = 4 * COST.N * COST.r * COST.p;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** `scrypt$N$r$p$salt$hash`, the last two in base64url. A hash of no bytes would fit every password, so it has 16 at least. */
const FORM = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,2})\$([\w-]{0,200})\$([\w-]{22,200})$/;

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A fault of how the platform is set up: whoever asks is told so, by its code. */
function unavailable(message: string): Error {
  return Object.assign(new Error(message), { code: "secret_unavailable" });
}

/** The world as preparations of one aggregate see it. Sealing and opening reject where there is no `MASTER_KEY`. */
export function ports({ sealer, context }: PortsGiven): Ports {
  const sealing = (): Sealer => {
    if (sealer === undefined) throw unavailable("expected MASTER_KEY to be set, since secrets are sealed under it");
    return sealer;
  };
  return {
    passwords: { hash, verify },
    secrets: {
      seal: async (text) => sealing().seal(text, context),
      async open(sealed) {
        const text = await sealing().open(sealed, context);
        if (text === undefined) throw unavailable("expected a secret that was sealed under this MASTER_KEY, for this aggregate");
        return text;
      },
      async reseal(sealed) {
        if (await sealing().isCurrent(sealed)) return sealed;
        const text = await sealing().open(sealed, context);
        return text === undefined ? undefined : sealing().seal(text, context);
      },
    },
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    newId: () => uuid7(Date.now()),
  };
}

async function hash(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const derived = await derive(password, salt, HASH_BYTES, COST);
  return ["scrypt", COST.N, COST.r, COST.p, Buffer.from(salt).toString("base64url"), derived.toString("base64url")].join("$");
}

/**
 * At the cost that the hash itself names, so that hashes made at an older one still hold. False for a text that is no hash, and for one
 * that nobody here can have made, since it asks for too much: no password fits it.
 */
async function verify(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt, expected] = FORM.exec(hash) ?? [];
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  if (salt === undefined || expected === undefined || !isPayable(cost)) return false;
  const bytes = Buffer.from(expected, "base64url");
  const derived = await derive(password, Buffer.from(salt, "base64url"), bytes.length, cost);
  return timingSafeEqual(derived, bytes);
}

/** Whether scrypt knows this cost, and it is not over what an isolate can give. */
function isPayable({ N, r, p }: Cost): boolean {
  const isKnown = N > 1 && Number.isInteger(Math.log2(N)) && r > 0 && p > 0;
  return isKnown && 128 * r * (N + p + 2) <= MOST_MEMORY && N * r * p <= MOST_WORK;
}

/** Keyboards write one character in several ways (é); NFKC makes them one, as NIST SP 800-63B says. */
function derive(password: string, salt: Uint8Array, bytes: number, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, bytes, { ...cost, maxmem: MOST_MEMORY }, (error, derived) => (error ? reject(error) : resolve(derived)));
  });
}
