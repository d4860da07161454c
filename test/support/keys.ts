import { type Answer, type HeaderFields, ok, send } from "./http.ts";

/** A key that was made for a test. */
export interface Made {
  readonly id: string;
  readonly key: string;
  /** The headers of a request with it. */
  readonly as: { readonly authorization: string };
  readonly answer: Answer;
}

/** Makes a key with these scopes, by the admin key unless told otherwise. */
export async function makeKey(name: string, scopes: readonly string[], more: object = {}, headers: HeaderFields = {}): Promise<Made> {
  const answer = await send("POST", "/v1/keys", { name, scopes, ...more }, headers);
  const { id, key } = ok<{ id: string; key: string }>(answer);
  return { id, key, as: { authorization: `Bearer ${key}` }, answer };
}
