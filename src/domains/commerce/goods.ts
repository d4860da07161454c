import { z } from "zod";

const ADDRESSABLE = /^(?!\.{1,2}$)[A-Za-z0-9._~:-]{1,200}$/;

/** What goods are kept and sold under. It is the id of an `inventory`, so it is of an id's characters. */
export const sku = z.string().regex(ADDRESSABLE, "Expected 1 to 200 of [A-Za-z0-9._~:-], but not . or ..");

/** The id of an `order`, and of its `payment`. */
export const orderId = z.string().regex(ADDRESSABLE, "Expected 1 to 200 of [A-Za-z0-9._~:-], but not . or ..");

/** Pieces: a million in one go at most. Stock stays a safe integer for nine billion receipts. */
export const quantity = z.int().min(1).max(1_000_000);

/** Why somebody did something, in a sentence. */
export const reason = z.string().min(1).max(1000);
