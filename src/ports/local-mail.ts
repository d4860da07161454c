import type { Mail } from "../flows/index.ts";

/** What the mail takes for an address at `slow.example` (milliseconds). */
const SLOW = 1_000;

/** A mail that goes nowhere. It refuses addresses at `refused.example`, and takes a second for those at `slow.example`. */
export const localMail: Mail = {
  async send({ to }) {
    if (/@refused\.example$/i.test(to)) return { ok: false, reason: `Nobody takes mail for ${to}.` };
    if (/@slow\.example$/i.test(to)) await new Promise((resolve) => setTimeout(resolve, SLOW));
    return { ok: true };
  },
};
