import { z } from "zod";
import { defineDecider, sha256 } from "../../kernel/index.ts";
import { alert, attempt, counts, lock, type Pattern, securityEvents } from "./security-events.ts";

/** Failures before a success that make it suspicious, and addresses that make failures so. */
const FAILURES_BEFORE = 3;
const MANY_IPS = 3;
/** What a watch remembers at most: attempts that failed, and addresses or browsers each. */
const MOST_FAILURES = 50;
const MOST_ORIGINS = 20;

type Attempt = z.output<typeof attempt>;

/** What a user's log-ins looked like of late. */
export interface UserWatchState {
  /** Of the account's last event that was noted. */
  readonly version: number;
  /** Failures since the last success, the oldest first. */
  readonly failures: readonly { readonly at: string; readonly ip?: string | undefined }[];
  /** Where successes came from, and a hash of what with. */
  readonly ips: readonly string[];
  readonly agents: readonly string[];
  /** When it was told of failures from many addresses. */
  readonly toldAt?: string;
}

/** Watches one user's attempts to log in; its id is the user's. They come in the account's order, so what is no newer than the last is a repeat. */
export const userWatch = defineDecider({
  category: "user_watch",
  events: securityEvents,
  commands: { NoteAttempt: attempt, NoteLock: lock },
  initialState: (): UserWatchState => ({ version: 0, failures: [], ips: [], agents: [] }),
  evolve: {
    AttemptNoted(state, { data: { version, outcome, ip, userAgent, at } }) {
      if (outcome === "failed") return { ...state, version, failures: [...counting(state, at), { at, ip }].slice(-MOST_FAILURES) };
      return { ...state, version, failures: [], ips: withNew(state.ips, ip), agents: withNew(state.agents, agentOf(userAgent)) };
    },
    LockNoted: (state, { data }) => ({ ...state, version: data.version }),
    SuspiciousActivityDetected: (state, { data }) => (data.pattern === "failures_from_many_ips" ? { ...state, toldAt: data.at } : state),
  },
  decide: {
    NoteAttempt({ data }, state, { id }) {
      if (data.version <= state.version) return [];
      const found = data.outcome === "failed" ? afterFailure(data, state) : afterSuccess(data, state);
      // A success that teaches nothing is not noted: most are of this kind.
      if (found === undefined) return [];
      const failures = counting(state, data.at).length + (data.outcome === "failed" ? 1 : 0);
      const from = data.ip !== undefined && { ip: data.ip };
      return [securityEvents.AttemptNoted(data), ...found.map((pattern) => alert(pattern, { userId: id, ...from, failures, at: data.at }))];
    },
    NoteLock({ data }, { version }, { id }) {
      if (data.version <= version) return [];
      return [securityEvents.LockNoted(data), alert("account_locked", { userId: id, failures: data.failures, at: data.at })];
    },
  },
});

function afterFailure({ ip, at }: Attempt, state: UserWatchState): readonly Pattern[] {
  const ips = new Set([ip, ...counting(state, at).map((failure) => failure.ip)].filter((one) => one !== undefined));
  const isTold = state.toldAt !== undefined && counts(state.toldAt, at);
  return ips.size >= MANY_IPS && !isTold ? ["failures_from_many_ips"] : [];
}

/** Undefined for a success from where they always come, with no failure before. */
function afterSuccess({ ip, userAgent, at }: Attempt, state: UserWatchState): readonly Pattern[] | undefined {
  const agent = agentOf(userAgent);
  const failures = counting(state, at).length;
  const isKnown = (known: readonly string[], one: string | undefined): boolean => one === undefined || known.includes(one);
  if (failures === 0 && isKnown(state.ips, ip) && isKnown(state.agents, agent)) return undefined;
  // The first address, or browser, is not new: there is nothing to hold it against.
  const isNew = (known: readonly string[], one: string | undefined): boolean => known.length > 0 && !isKnown(known, one);
  return [
    ...(failures >= FAILURES_BEFORE ? (["success_after_failures"] as const) : []),
    ...(isNew(state.ips, ip) || isNew(state.agents, agent) ? (["new_origin"] as const) : []),
  ];
}

function counting({ failures }: UserWatchState, now: string): UserWatchState["failures"] {
  return failures.filter(({ at }) => counts(at, now));
}

function withNew(known: readonly string[], one: string | undefined): readonly string[] {
  return one === undefined || known.includes(one) ? known : [...known, one].slice(-MOST_ORIGINS);
}

// A browser's name may be long, and is only compared.
function agentOf(userAgent: string | undefined): string | undefined {
  return userAgent === undefined ? undefined : sha256(userAgent).slice("sha256:".length, "sha256:".length + 16);
}
