import type { Mail } from "../flows/index.ts";

/** A mail that goes nowhere. It refuses addresses at `refused.example`. */
export const localMail: Mail = {
  send: async ({ to }) => (/@refused\.example$/i.test(to) ? { ok: false, reason: `Nobody takes mail for ${to}.` } : { ok: true }),
};
