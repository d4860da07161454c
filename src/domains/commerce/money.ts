import { z } from "zod";

/** A million in whole coins. A day's sales leave the safe integers only with 90 million orders of that size, more than a tenant's log holds. */
export const MAX_CENTS = 100_000_000;

/** Whole cents, from 0 to `MAX_CENTS`. */
export const cents = z.int().min(0).max(MAX_CENTS);

/** What is meant where nobody names a currency. */
export const DEFAULT_CURRENCY = "EUR";

/** A currency by its ISO 4217 code. */
export const currency = z.string().regex(/^[A-Z]{3}$/, "Expected an ISO 4217 code, such as EUR");
