import type { Door, TurnedAway } from "./receive.ts";
import type { Delivery, Signature } from "./scheme.ts";
import { schemeOf } from "./schemes.ts";
import type { Sealer } from "./seal.ts";
import { secretContext } from "./source.ts";

/** How far a signed timestamp may be from now, in the past or the future, where the source does not say: what Stripe, Slack and Standard Webhooks use. */
export const REPLAY_WINDOW_SECONDS = 300;

/** Checks a delivery's signature over its raw bytes, under each of the source's secrets, and then its time. Undefined where it is proved. `now` in milliseconds. */
export async function prove(door: Door, delivery: Delivery, sealer: Sealer, now: number): Promise<TurnedAway | undefined> {
  const { signature } = schemeOf(door.configuration.scheme);
  if (signature === undefined) throw new RangeError(`expected a scheme with a signature, got ${door.configuration.scheme}`);
  const { secrets, isWhole } = await openSecrets(door, sealer);
  const { hmac } = door.configuration;
  const claim = signature.claim(delivery, hmac);
  if (claim === undefined) return FORGED;
  if (!(await isTrue(signature, claim, secrets, hmac))) return isWhole ? FORGED : UNAVAILABLE;
  return claim.timestamp === undefined ? undefined : timeFault(claim.timestamp, now, hmac?.tolerance ?? REPLAY_WINDOW_SECONDS);
}

const FORGED = { status: 401, code: "invalid_signature", detail: "The signature is missing or does not match the body." } as const;
const UNAVAILABLE = { status: 503, code: "secret_unavailable", detail: "The source's secret cannot be opened with the present MASTER_KEY." } as const;

async function openSecrets(
  { tenant, source, configuration }: Door,
  sealer: Sealer,
): Promise<{ readonly secrets: readonly string[]; readonly isWhole: boolean }> {
  const { secret, previousSecret } = configuration;
  const sealed = previousSecret === undefined ? [secret] : [secret, previousSecret];
  const opened = await Promise.all(sealed.map((text) => sealer.open(text, secretContext(tenant, source))));
  const secrets = opened.filter((text) => text !== undefined);
  return { secrets, isWhole: secrets.length === sealed.length };
}

async function isTrue(
  signature: Signature,
  claim: NonNullable<ReturnType<Signature["claim"]>>,
  secrets: readonly string[],
  hmac: Door["configuration"]["hmac"],
): Promise<boolean> {
  for (const secret of secrets) if (await signature.verify(claim, secret, hmac)) return true;
  return false;
}

function timeFault(timestamp: string, now: number, tolerance: number): TurnedAway | undefined {
  if (!/^\d{1,12}$/.test(timestamp)) return { status: 401, code: "invalid_timestamp", detail: "The signed timestamp is no number of seconds since 1970." };
  const age = Math.floor(now / 1000) - Number(timestamp);
  if (Math.abs(age) <= tolerance) return undefined;
  const where = age > 0 ? "in the past" : "in the future";
  return { status: 401, code: "timestamp_out_of_window", detail: `The signed timestamp is ${Math.abs(age)} s ${where}, expected at most ${tolerance} s.` };
}
