import { prove } from "../../../src/webhooks/prove.ts";
import { sealer } from "../../../src/webhooks/seal.ts";
import { secretContext } from "../../../src/webhooks/source.ts";
import { openSettingsOf, secretsOf, sourceSettings } from "../../../src/webhooks/settings.ts";

const KEY = sealer("a master key for the unit tests");
const [TENANT, SOURCE] = ["default", "proof"];

export interface Presented {
  /** As for PUT. */
  readonly settings: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** In seconds since 1970; may have a fraction. */
  readonly now: number;
}

/** Presents a delivery to a source with these settings: the code of its refusal, or "proved". */
export async function proofOf({ settings, headers, body, now }: Presented, sealedWith = KEY): Promise<string> {
  const parsed = sourceSettings.parse(settings);
  const [secret = "", previousSecret] = await Promise.all(secretsOf(parsed).map((text) => sealedWith.seal(text, secretContext(TENANT, SOURCE))));
  const configuration = { ...openSettingsOf(parsed), secret, ...(previousSecret !== undefined && { previousSecret }) };
  const fields = Object.entries(headers).filter((field): field is [string, string] => field[1] !== undefined);
  const delivery = { headers: new Headers(fields), body: Uint8Array.from(Buffer.from(body)) };
  const refused = await prove({ tenant: TENANT, source: SOURCE, configuration }, delivery, KEY, now * 1000);
  return refused?.code ?? "proved";
}
