import { z } from "zod";
import { type Claim, defineDecider, defineEvents, type PrepareContext, reject, secret } from "../../kernel/index.ts";
import { enrolment, SECRET_BYTES, stepOf } from "./totp.ts";
import { isWeak } from "./weak-password.ts";

/** Failed attempts that lock an account, and for how long (milliseconds) each of them counts. */
export const MOST_FAILURES = 5;
export const FAILURE_COUNTS_FOR = 15 * 60_000;
/** Sessions that an account may have open: one more ends the oldest, or its state would grow for ever. */
export const MOST_SESSIONS = 100;

const at = z.iso.datetime();
const sessionId = z.string().min(1).max(200);
const password = secret(z.string().max(1000));
const code = secret(z.string().max(100));
const origin = { ip: z.string().max(100).optional(), userAgent: z.string().max(1000).optional() };
const step = z.int();
const reason = z.string().min(1).max(1000);

const commands = {
  Register: z.object({ email: z.email().max(254), password }),
  LogIn: z.object({ password, code: code.optional(), ...origin }),
  LogOut: z.object({ sessionId }),
  ChangePassword: z.object({ oldPassword: password, newPassword: password }),
  EnrolMfa: z.object({}),
  ConfirmMfa: z.object({ code }),
  /** Has the secrets sealed under the present MASTER_KEY; they stay the same. */
  ResealSecrets: z.object({}),
  UnlockAccount: z.object({}),
  CloseAccount: z.object({ reason }),
};

/** `codeStep` is the time step of an accepted code, kept so that no code is accepted twice; the clear code and secret are in no event. */
export const accountEvents = defineEvents("auth", {
  Registered: z.object({ email: z.string(), passwordHash: z.string(), at }),
  LoginSucceeded: z.object({ sessionId, ...origin, codeStep: step.optional(), at }),
  LoginFailed: z.object({ reason: z.enum(["wrong_password", "code_required", "wrong_code"]), ...origin, at }),
  AccountLocked: z.object({ failures: z.int(), at }),
  LoggedOut: z.object({ sessionId, at }),
  PasswordChanged: z.object({ passwordHash: z.string(), endedSessions: z.array(sessionId), at }),
  MfaEnrolled: z.object({ sealedSecret: z.string(), at }),
  MfaConfirmed: z.object({ codeStep: step, at }),
  SecretsResealed: z.object({ mfa: z.string().optional(), enrolling: z.string().optional(), at }),
  AccountUnlocked: z.object({ at }),
  AccountClosed: z.object({ reason, endedSessions: z.array(sessionId), at }),
});

/** An account as it decides; nobody outside sees the hash or the sealed secrets. */
export interface AccountState {
  /** Undefined before it is registered. */
  readonly owner?: { readonly email: string; readonly passwordHash: string; readonly registeredAt: string };
  readonly isLocked: boolean;
  /** Why nobody logs in here any more. */
  readonly closedFor?: string;
  /** When the attempts failed that still count, the oldest first. */
  readonly failures: readonly string[];
  /** Open ones, the oldest first. */
  readonly sessions: readonly string[];
  /** The second factor that LogIn asks for, and the step of the last code that was accepted. */
  readonly mfa?: { readonly sealedSecret: string; readonly lastStep: number };
  /** A second factor that waits for its first code; until then the one before it holds. */
  readonly enrolling?: { readonly sealedSecret: string };
}

/** A user's account: who they are, and every attempt to log in as them. */
export const account = defineDecider({
  category: "account",
  events: accountEvents,
  commands,
  initialState: (): AccountState => ({ isLocked: false, failures: [], sessions: [] }),
  evolve: {
    Registered: (state, { data: { email, passwordHash, at } }) => ({ ...state, owner: { email, passwordHash, registeredAt: at } }),
    LoginSucceeded: (state, { data: { sessionId, codeStep } }) => ({
      ...state,
      failures: [],
      sessions: [...state.sessions, sessionId],
      ...(state.mfa && codeStep !== undefined && { mfa: { ...state.mfa, lastStep: codeStep } }),
    }),
    LoginFailed: (state, { data }) => ({ ...state, failures: [...counting(state.failures, data.at), data.at] }),
    AccountLocked: (state) => ({ ...state, isLocked: true }),
    LoggedOut: (state, { data }) => ({ ...state, sessions: state.sessions.filter((open) => open !== data.sessionId) }),
    PasswordChanged: (state, { data: { passwordHash } }) => ({ ...state, sessions: [], ...(state.owner && { owner: { ...state.owner, passwordHash } }) }),
    MfaEnrolled: (state, { data: { sealedSecret } }) => ({ ...state, enrolling: { sealedSecret } }),
    MfaConfirmed: ({ enrolling, ...state }, { data }) => (enrolling ? { ...state, mfa: { ...enrolling, lastStep: data.codeStep } } : state),
    SecretsResealed: (state, { data: { mfa, enrolling } }) => ({
      ...state,
      ...(state.mfa && mfa !== undefined && { mfa: { ...state.mfa, sealedSecret: mfa } }),
      ...(state.enrolling && enrolling !== undefined && { enrolling: { sealedSecret: enrolling } }),
    }),
    AccountUnlocked: (state) => ({ ...state, isLocked: false, failures: [] }),
    AccountClosed: (state, { data }) => ({ ...state, sessions: [], closedFor: data.reason }),
  },
  prepare: {
    Register: async ({ data }, _, { ports }) => ({ hash: await ports.passwords.hash(data.password) }),
    async LogIn({ data: { password, code } }, state, context) {
      const isRight = await verified(password, state, context);
      // A code is looked at only with the right password, so that a guess of a password is told as such whatever stands beside it.
      const codeStep = isRight && code !== undefined ? await codeStepOf(code, state.mfa, context) : undefined;
      return { isRight, codeStep, sessionId: context.ports.newId() };
    },
    async ChangePassword({ data }, state, context) {
      return { isRight: await verified(data.oldPassword, state, context), hash: await context.ports.passwords.hash(data.newPassword) };
    },
    async EnrolMfa(_, state, { ports, id }) {
      const made = enrolment(ports.random(SECRET_BYTES), state.owner?.email ?? id);
      return { ...made, sealedSecret: await ports.secrets.seal(made.secret) };
    },
    ConfirmMfa: async ({ data }, state, context) => ({ codeStep: await codeStepOf(data.code, state.enrolling ?? state.mfa, context) }),
    ResealSecrets: async (_, { mfa, enrolling }, { ports }) => ({
      mfa: mfa && (await ports.secrets.reseal(mfa.sealedSecret)),
      enrolling: enrolling && (await ports.secrets.reseal(enrolling.sealedSecret)),
    }),
  },
  decide: {
    Register({ data: { email, password }, found }, { owner }, { now }) {
      if (owner) return reject("already_registered", "This account is registered already: LogIn opens it, ChangePassword changes its password.");
      if (isWeak(password, email)) return weak();
      return accountEvents.Registered({ email, passwordHash: found.hash, at: now });
    },
    LogIn({ data: { code, ip, userAgent }, found: { isRight, codeStep, sessionId } }, state, { now }) {
      if (!state.owner) return noSuchAccount();
      if (state.closedFor !== undefined) return closed();
      if (state.isLocked) return reject("account_locked", "Too many attempts to log in have failed: UnlockAccount opens the account again.");
      const from = { ...(ip !== undefined && { ip }), ...(userAgent !== undefined && { userAgent }), at: now };
      const fresh = state.mfa && codeStep !== undefined && codeStep > state.mfa.lastStep ? { codeStep } : undefined;
      if (isRight && (!state.mfa || fresh)) {
        const oldest = state.sessions.slice(0, Math.max(0, state.sessions.length + 1 - MOST_SESSIONS));
        return [accountEvents.LoginSucceeded({ sessionId, ...from, ...fresh }), ...oldest.map((sessionId) => accountEvents.LoggedOut({ sessionId, at: now }))];
      }
      const reason = !isRight ? "wrong_password" : code === undefined ? "code_required" : "wrong_code";
      const failed = accountEvents.LoginFailed({ reason, ...from });
      const failures = counting(state.failures, now).length + 1;
      return failures < MOST_FAILURES ? failed : [failed, accountEvents.AccountLocked({ failures, at: now })];
    },
    LogOut({ data: { sessionId } }, state, { now }) {
      if (!state.owner) return noSuchAccount();
      return state.sessions.includes(sessionId) ? accountEvents.LoggedOut({ sessionId, at: now }) : [];
    },
    ChangePassword({ data: { oldPassword, newPassword }, found }, { owner, sessions, closedFor }, { now }) {
      if (!owner) return noSuchAccount();
      if (closedFor !== undefined) return closed();
      if (!found.isRight) return reject("wrong_password", "The old password is not right.");
      if (oldPassword === newPassword) return [];
      if (isWeak(newPassword, owner.email)) return weak();
      return accountEvents.PasswordChanged({ passwordHash: found.hash, endedSessions: [...sessions], at: now });
    },
    EnrolMfa({ found: { sealedSecret } }, { owner, closedFor }, { now }) {
      if (closedFor !== undefined) return closed();
      return owner ? accountEvents.MfaEnrolled({ sealedSecret, at: now }) : noSuchAccount();
    },
    ConfirmMfa({ found: { codeStep } }, { owner, enrolling, mfa, closedFor }, { now }) {
      if (!owner) return noSuchAccount();
      if (closedFor !== undefined) return closed();
      if (!enrolling && !mfa) return reject("not_enrolled", "There is no second factor to confirm; EnrolMfa makes one.");
      if (enrolling && codeStep !== undefined) return accountEvents.MfaConfirmed({ codeStep, at: now });
      // The code that confirmed it, sent again, opens nothing and changes nothing.
      return codeStep !== undefined && codeStep === mfa?.lastStep
        ? []
        : reject("wrong_code", "The code does not hold now: expected one that the authenticator shows at present.");
    },
    ResealSecrets({ found }, { mfa, enrolling }, { now }) {
      if ((mfa && found.mfa === undefined) || (enrolling && found.enrolling === undefined))
        return reject("secret_unopened", "The second factor was sealed under a MASTER_KEY that is not known any more.");
      const anew = {
        ...(mfa && found.mfa !== mfa.sealedSecret && { mfa: found.mfa }),
        ...(enrolling && found.enrolling !== enrolling.sealedSecret && { enrolling: found.enrolling }),
      };
      return Object.keys(anew).length === 0 ? [] : accountEvents.SecretsResealed({ ...anew, at: now });
    },
    UnlockAccount(_, { owner, isLocked }, { now }) {
      if (!owner) return noSuchAccount();
      return isLocked ? accountEvents.AccountUnlocked({ at: now }) : [];
    },
    CloseAccount({ data: { reason } }, { owner, sessions, closedFor }, { now }) {
      if (!owner) return noSuchAccount();
      return closedFor === undefined ? accountEvents.AccountClosed({ reason, endedSessions: [...sessions], at: now }) : [];
    },
  },
  show: ({ owner, isLocked, closedFor, failures, sessions, mfa, enrolling }) => ({
    ...(owner && { email: owner.email, registeredAt: owner.registeredAt }),
    status: closedFor !== undefined ? "closed" : owner ? (isLocked ? "locked" : "active") : "unregistered",
    mfa: mfa ? "confirmed" : enrolling ? "enrolled" : "none",
    failures: failures.length,
    sessions,
  }),
  showOnce: { EnrolMfa: ({ secret, uri }) => ({ secret, uri }) },
  unique: {
    wants: { Register: ({ data }) => [emailClaim(data.email)] },
    holds: ({ owner, closedFor }) => (owner && closedFor === undefined ? [emailClaim(owner.email)] : []),
    taken: reject("already_registered", "Another account is registered with this e-mail address: log in to that one, or choose another address."),
  },
});

const closed = () => reject("account_closed", "The account is closed, for good.");
const noSuchAccount = () => reject("no_such_account", "There is no such account: Register makes one.");
const weak = () => reject("weak_password", "Expected at least 10 characters that are neither one repeated, nor the address, nor a very common password.");

/** The failures that still count at a time. */
function counting(failures: readonly string[], now: string): readonly string[] {
  return failures.filter((failed) => Date.parse(now) - Date.parse(failed) < FAILURE_COUNTS_FOR);
}

/** Without an account it does the same work in vain, so that its time tells nothing. */
async function verified(password: string, { owner }: AccountState, { ports }: PrepareContext): Promise<boolean> {
  if (owner) return ports.passwords.verify(password, owner.passwordHash);
  await ports.passwords.hash(password);
  return false;
}

async function codeStepOf(code: string, factor: { readonly sealedSecret: string } | undefined, { ports, now }: PrepareContext): Promise<number | undefined> {
  return factor && stepOf(code, await ports.secrets.open(factor.sealedSecret), now);
}

function emailClaim(email: string): Claim {
  return { scope: "auth/email", value: email.trim().toLowerCase() };
}
