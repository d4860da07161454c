import { accountEvents } from "../../../../src/domains/auth/index.ts";

/** What happened to an account, for specs that begin in the middle. */
export const NOW = "2026-01-01T00:00:00.000Z";
export const registered = accountEvents.Registered({ email: "ada@example.com", passwordHash: "hash-1", at: NOW });
export const loggedIn = (sessionId: string, codeStep?: number) =>
  accountEvents.LoginSucceeded({ sessionId, at: NOW, ...(codeStep !== undefined && { codeStep }) });
export const failed = (at: string) => accountEvents.LoginFailed({ reason: "wrong_password", at });
export const locked = accountEvents.AccountLocked({ failures: 5, at: NOW });
export const enrolled = (sealedSecret: string) => accountEvents.MfaEnrolled({ sealedSecret, at: NOW });
export const confirmed = (codeStep: number) => accountEvents.MfaConfirmed({ codeStep, at: NOW });

/** A time so many minutes (and milliseconds) after NOW. */
export function after(minutes: number, milliseconds = 0): string {
  return new Date(Date.parse(NOW) + minutes * 60_000 + milliseconds).toISOString();
}

/** What a preparation of LogIn finds. */
export const found = {
  right: { isRight: true, codeStep: undefined, sessionId: "s9" },
  wrong: { isRight: false, codeStep: undefined, sessionId: "s9" },
  withCode: (codeStep: number | undefined) => ({ isRight: true, codeStep, sessionId: "s9" }),
};
