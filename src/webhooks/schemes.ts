import { genericHmac } from "./generic-hmac.ts";
import { github } from "./github.ts";
import { none } from "./none.ts";
import type { Scheme } from "./scheme.ts";
import { shopify } from "./shopify.ts";
import { slack } from "./slack.ts";
import { standard } from "./standard.ts";
import { stripe } from "./stripe.ts";

/** The table of schemes that sources may name. */
export const SCHEMES = { github, stripe, shopify, slack, standard, hmac: genericHmac, none } as const satisfies Readonly<Record<string, Scheme>>;

export type SchemeName = keyof typeof SCHEMES;
export const SCHEME_NAMES = Object.keys(SCHEMES) as [SchemeName, ...SchemeName[]];

/** A row of the table. */
export function schemeOf(name: SchemeName): Scheme {
  return SCHEMES[name];
}
