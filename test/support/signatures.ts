import { ok, send } from "./http.ts";
import type { SigningKey } from "./sign.ts";

/** Makes a key that signs. */
export async function makeSigningKey(
  name: string,
  scopes: readonly string[],
  more: object = {},
): Promise<SigningKey & { readonly id: string; readonly text: string }> {
  const answer = await send("POST", "/v1/keys", { name, scopes, signing: true, ...more });
  const { id, signingKey } = ok<{ id: string; signingKey: SigningKey }>(answer);
  return { id, ...signingKey, text: answer.text };
}
