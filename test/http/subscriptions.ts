import { type Answer, type HeaderFields, ok, send } from "../support/http.ts";

/** A subscription as answers show it. */
export interface Subscription {
  readonly id: string;
  readonly name: string;
  readonly types: readonly string[];
  readonly filter?: unknown;
  readonly sink: { readonly url?: string; readonly headers?: Readonly<Record<string, string>>; readonly secret?: string; readonly pull?: true };
  readonly status: string;
  readonly reason?: string | null;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly position?: number;
  readonly createdAt: string;
  readonly [name: string]: unknown;
}

/** Where nobody is called: no event is of the types that these tests subscribe to. */
export const hook = { url: "https://shop.example/hook" };
export const pull = { pull: true } as const;

/** A body that is taken, with a name of its own. */
export const settings = (name: string, more: object = {}): object => ({ name, types: ["nobody.writes.this"], sink: hook, ...more });

export const subscribe = (name: string, more: object = {}, headers: HeaderFields = {}): Promise<Answer> =>
  send("POST", "/v1/subscriptions", settings(name, more), headers);

/** The id of a subscription that is made for this. */
export async function made(name: string, more: object = {}, headers: HeaderFields = {}): Promise<string> {
  return ok<Subscription>(await subscribe(name, more, headers)).id;
}

export const act = (id: string, operation: string, body?: unknown, headers: HeaderFields = {}): Promise<Answer> =>
  send("POST", `/v1/subscriptions/${id}/${operation}`, body, headers);

/** No subscription has this id. */
export const NOBODY = "01934f6e-1d2c-7a3b-8c4d-5e6f7a8b9c0d";
