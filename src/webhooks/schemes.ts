import { github } from "./github.ts";
import type { Scheme } from "./scheme.ts";

/** The table of schemes that sources may name. */
export const SCHEMES = { github } as const satisfies Readonly<Record<string, Scheme>>;

export type SchemeName = keyof typeof SCHEMES;
export const SCHEME_NAMES = Object.keys(SCHEMES) as [SchemeName, ...SchemeName[]];
