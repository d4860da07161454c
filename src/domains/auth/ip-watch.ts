import { z } from "zod";
import { defineDecider, type NewFact, sha256 } from "../../kernel/index.ts";
import { alert, attempt, counts, securityEvents } from "./security-events.ts";

/** Accounts that an address fails on before that is a pattern, and failures in all. */
const MANY_ACCOUNTS = 5;
const MANY_FAILURES = 20;
/** Attempts that a watch remembers at most. */
const MOST_ATTEMPTS = 200;

const fromIp = attempt.extend({ ip: z.string().min(1).max(100) });
type Seen = Pick<z.output<typeof fromIp>, "userId" | "version" | "outcome" | "at">;

/** What came from an address of late. */
export interface IpWatchState {
  /** By time: they come from many accounts, so in any order. */
  readonly attempts: readonly Seen[];
  /** When each thing was told: by its pattern, and for a success by the user too. */
  readonly told: Readonly<Record<string, string>>;
}

/** Watches the attempts to log in that come from one address, over all accounts. What it tells follows from which attempts there were, not from the order in which it heard of them. */
export const ipWatch = defineDecider({
  category: "ip_watch",
  events: securityEvents,
  commands: { NoteAttempt: fromIp },
  initialState: (): IpWatchState => ({ attempts: [], told: {} }),
  evolve: {
    AttemptNoted: (state, { data: { userId, version, outcome, at } }) => ({ ...state, attempts: withOne(state.attempts, { userId, version, outcome, at }) }),
    LockNoted: (state) => state,
    SuspiciousActivityDetected({ attempts, told }, { data: { pattern, userId, at } }) {
      const lately = Object.entries(told).filter(([, then]) => counts(then, at));
      return { attempts, told: { ...Object.fromEntries(lately), [toldAs(pattern, userId)]: at } };
    },
  },
  decide: {
    NoteAttempt({ data }, { attempts, told }) {
      const { userId, version, at } = data;
      const newest = attempts.at(-1)?.at ?? at;
      // What comes so late tells nothing of what goes on now.
      if (!counts(at, newest) || attempts.some((seen) => seen.userId === userId && seen.version === version)) return [];
      const now = at > newest ? at : newest;
      const found = patternsIn(withOne(attempts, data), data.ip, now);
      return [securityEvents.AttemptNoted(data), ...found.filter(({ as }) => !isTold(told, as, now)).map(({ fact }) => fact)];
    },
  },
});

/** The id of an address's watch. An address is what a client says it is, so it may be any text. */
export function ipWatchId(ip: string): string {
  return /^[A-Za-z0-9:][A-Za-z0-9.:-]*$/.test(ip) ? ip : `~${sha256(ip).slice("sha256:".length, "sha256:".length + 40)}`;
}

interface Found {
  readonly as: string;
  readonly fact: NewFact;
}

function patternsIn(attempts: readonly Seen[], ip: string, now: string): readonly Found[] {
  const failures = attempts.filter(({ outcome, at }) => outcome === "failed" && counts(at, now));
  const accounts = new Set(failures.map(({ userId }) => userId)).size;
  const what = { ip, failures: failures.length, accounts, at: now };
  const successes = attempts.filter((success) => success.outcome === "succeeded" && othersBefore(attempts, success) >= MANY_ACCOUNTS);
  return [
    ...(accounts >= MANY_ACCOUNTS ? [{ as: "many_accounts_from_one_ip", fact: alert("many_accounts_from_one_ip", what) }] : []),
    ...(failures.length >= MANY_FAILURES ? [{ as: "many_failures_from_one_ip", fact: alert("many_failures_from_one_ip", what) }] : []),
    ...[...new Set(successes.map(({ userId }) => userId))].map((userId) => ({
      as: toldAs("success_from_suspicious_ip", userId),
      fact: alert("success_from_suspicious_ip", { ...what, userId }),
    })),
  ];
}

/** Other accounts that the address had failed on just before a success. */
function othersBefore(attempts: readonly Seen[], { userId, at }: Seen): number {
  const before = attempts.filter((other) => other.outcome === "failed" && other.userId !== userId && other.at <= at && counts(other.at, at));
  return new Set(before.map((other) => other.userId)).size;
}

function toldAs(pattern: string, userId: string | undefined): string {
  return userId === undefined ? pattern : `${pattern} ${userId}`;
}

function isTold(told: IpWatchState["told"], as: string, now: string): boolean {
  const then = told[as];
  return then !== undefined && counts(then, now);
}

function withOne(attempts: readonly Seen[], { userId, version, outcome, at }: Seen): readonly Seen[] {
  return [...attempts, { userId, version, outcome, at }].toSorted((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0)).slice(-MOST_ATTEMPTS);
}
