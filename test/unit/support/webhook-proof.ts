import { prove } from "../../../src/webhooks/prove.ts";
import type { Sealer } from "../../../src/webhooks/seal.ts";
import { sealerOf } from "../../support/vault.ts";
import { secretContext } from "../../../src/webhooks/source.ts";
import { openSettingsOf, secretsOf, sourceSettings } from "../../../src/webhooks/settings.ts";

const KEY = sealerOf("a master key for the unit tests");
const [TENANT, SOURCE] = ["default", "proof"];

export interface Presented {
  /** As for PUT. */
  readonly settings: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** In seconds since 1970; may have a fraction. */
  readonly now: number;
}

/** A sealer with another MASTER_KEY than the source's. */
export const OTHER_KEY = sealerOf("another master key, just as long");

/** Presents a delivery to a source with these settings, each secret sealed with one of these: the code of its refusal, or "proved". */
export async function proofOf({ settings, headers, body, now }: Presented, sealedWith: readonly Sealer[] = []): Promise<string> {
  const parsed = sourceSettings.parse(settings);
  const [secret = "", previousSecret] = await Promise.all(secretsOf(parsed).map((text, n) => (sealedWith[n] ?? KEY).seal(text, secretContext(TENANT, SOURCE))));
  const configuration = { ...openSettingsOf(parsed), secret, ...(previousSecret !== undefined && { previousSecret }) };
  const fields = Object.entries(headers).filter((field): field is [string, string] => field[1] !== undefined);
  const delivery = { headers: new Headers(fields), body: Uint8Array.from(Buffer.from(body)) };
  const refused = await prove({ tenant: TENANT, source: SOURCE, configuration }, delivery, KEY, now * 1000);
  return refused?.code ?? "proved";
}
