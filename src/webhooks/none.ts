import { genericDefaults, genericId } from "./generic-defaults.ts";
import type { Scheme } from "./scheme.ts";

/** A producer that signs nothing: it sends a key of ours, as any client does. */
export const none: Scheme = { form: "fields", id: genericId, ...genericDefaults };
