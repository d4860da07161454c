import { afterAll, expect, test } from "vitest";
import { GUARDS } from "./guards/guards.ts";
import { switchOff } from "./guards/switch-off.ts";
import { tell } from "./told.ts";

let caught = 0;

/** That each of these is green with every guard in its place is shown by running it, which CI does as well. */
test.each(GUARDS)("without $name the evidence turns red ($caughtBy): $holds", async (guard) => {
  const { isCaught, said } = await switchOff(guard);
  expect(isCaught, `expected ${guard.caughtBy} to be red without "${guard.name}", it said: ${said}`).toBe(true);
  caught++;
});

afterAll(() => tell("guards", `${GUARDS.length} switched off one at a time, ${caught} caught`));
