import { z } from "@hono/zod-openapi";

/** A month, and a day (seconds). */
const MOST = 2_592_000;
const USUAL = 86_400;

/** How long (seconds) what a rotation replaces goes on beside the new one; a day where nothing is said. */
export function overlapSeconds(description: string) {
  return z.int().min(0).max(MOST).default(USUAL).openapi({ description });
}
