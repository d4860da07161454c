import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { audit, auditEvents, authAudit, ipWatch, securityAlerts, securityEvents, userWatch } from "../../../../src/domains/auth/index.ts";
import { isRejection, type NewFact } from "../../../../src/kernel/index.ts";
import { given, givenLog, happened } from "../../../../src/testing/index.ts";
import { after, NOW } from "./history.ts";

interface Tried {
  readonly userId: string;
  readonly version: number;
  readonly outcome: "succeeded" | "failed";
  readonly ip: string;
  readonly userAgent?: string;
  readonly at: string;
}
const IP = "192.0.2.1";
const attempt = (outcome: Tried["outcome"], version: number, more: Partial<Tried> = {}): Tried => ({
  userId: "ada",
  version,
  outcome,
  ip: IP,
  at: after(version),
  ...more,
});
const failure = (version: number, more?: Partial<Tried>) => attempt("failed", version, more);
const success = (version: number, more?: Partial<Tried>) => attempt("succeeded", version, more);
const note = securityEvents.AttemptNoted;
const alert = securityEvents.SuspiciousActivityDetected;

describe("a user's watch", () => {
  const ada = given(userWatch).of("ada");
  const known = note(success(1, { userAgent: "curl/8" }));

  test("notes a failure, once", () => {
    ada
      .when("NoteAttempt", failure(1))
      .then(note(failure(1)))
      .thenOnce();
    given(userWatch, note(failure(3)))
      .of("ada")
      .when("NoteAttempt", failure(2))
      .then();
  });

  test("notes where the first success came from, and nothing of those that come the same way", () => {
    ada
      .when("NoteAttempt", success(1))
      .then(note(success(1)))
      .thenOnce();
    given(userWatch, known)
      .of("ada")
      .when("NoteAttempt", success(2, { userAgent: "curl/8" }))
      .then();
  });

  test("tells of a new address, and of a new browser, once each", () => {
    const others: readonly Partial<Tried>[] = [{ ip: "198.51.100.1", userAgent: "curl/8" }, { userAgent: "a browser" }];
    for (const other of others) {
      const came = success(2, other);
      given(userWatch, known)
        .of("ada")
        .when("NoteAttempt", came)
        .then(note(came), alert({ pattern: "new_origin", severity: "low", userId: "ada", ip: came.ip, failures: 0, at: came.at }))
        .thenOnce();
      given(userWatch, known, note(came)).of("ada").when("NoteAttempt", success(3, other)).then();
    }
  });

  test("tells of a success after three failures, but not of one after two, nor after three that are long ago", () => {
    const failures = [1, 2, 3].map((version) => note(failure(version)));
    const told = alert({ pattern: "success_after_failures", severity: "medium", userId: "ada", ip: IP, failures: 3, at: after(4) });
    given(userWatch, ...failures)
      .of("ada")
      .when("NoteAttempt", success(4))
      .then(note(success(4)), told)
      .thenOnce();
    given(userWatch, ...failures.slice(1))
      .of("ada")
      .when("NoteAttempt", success(4))
      .then(note(success(4)));
    const late = success(4, { at: after(17) });
    given(userWatch, ...failures)
      .of("ada")
      .when("NoteAttempt", late)
      .then(note(late));
    // A success forgets the failures before it.
    given(userWatch, ...failures, note(success(4)))
      .of("ada")
      .when("NoteAttempt", success(5))
      .then();
  });

  test("tells of failures from three addresses, once in a quarter of an hour", () => {
    const from = (version: number) => failure(version, { ip: `192.0.2.${version}` });
    const told = alert({ pattern: "failures_from_many_ips", severity: "high", userId: "ada", ip: "192.0.2.3", failures: 3, at: after(3) });
    given(userWatch, note(from(1)), note(from(2)))
      .of("ada")
      .when("NoteAttempt", from(3))
      .then(note(from(3)), told)
      .thenOnce();
    given(userWatch, note(from(1)), note(from(2)), note(from(3)), told)
      .of("ada")
      .when("NoteAttempt", from(4))
      .then(note(from(4)));
    const same = failure(3, { ip: "192.0.2.2" });
    given(userWatch, note(from(1)), note(from(2)))
      .of("ada")
      .when("NoteAttempt", same)
      .then(note(same));
  });

  test("tells of each lock, once", () => {
    const lock = { version: 6, failures: 5, at: NOW };
    const told = alert({ pattern: "account_locked", severity: "high", userId: "ada", failures: 5, at: NOW });
    ada.when("NoteLock", lock).then(securityEvents.LockNoted(lock), told).thenOnce();
  });

  test("remembers no more than it must, however much comes", () => {
    const many = Array.from({ length: 300 }, (_, index) => index + 1);
    const same = (version: number) => ({ version, at: NOW });
    const failures = many.map((version) => note(failure(version, same(version))));
    const successes = many.map((version) => note(success(version, { ...same(version), ip: `10.0.0.${version}`, userAgent: "x".repeat(1000) + version })));
    const size = (facts: readonly NewFact[]) => JSON.stringify(facts.reduce((state, fact) => userWatch.evolve(state, fact), userWatch.initialState())).length;
    expect(Math.max(size(failures), size(successes))).toBeLessThan(5_000);
  });
});

describe("an address's watch", () => {
  const of = given(ipWatch).of(IP);
  const users = ["a", "b", "c", "d", "e", "f"];
  const tries = users.map((userId, index) => failure(1, { userId, at: after(index) }));
  const spray = alert({ pattern: "many_accounts_from_one_ip", severity: "high", ip: IP, failures: 5, accounts: 5, at: after(4) });

  test("notes an attempt, once", () => {
    of.when("NoteAttempt", failure(1))
      .then(note(failure(1)))
      .thenOnce();
    of.when("NoteAttempt", success(1))
      .then(note(success(1)))
      .thenOnce();
  });

  test("tells of failures on five accounts, once in a quarter of an hour", () => {
    const first = tries.slice(0, 4).map((one) => note(one));
    const [fifth, sixth] = [tries[4] as Tried, tries[5] as Tried];
    given(ipWatch, ...first)
      .of(IP)
      .when("NoteAttempt", fifth)
      .then(note(fifth), spray)
      .thenOnce();
    given(ipWatch, ...first, note(fifth), spray)
      .of(IP)
      .when("NoteAttempt", sixth)
      .then(note(sixth));
    const late = { ...fifth, at: after(30) };
    given(ipWatch, ...first)
      .of(IP)
      .when("NoteAttempt", late)
      .then(note(late));
  });

  test("tells of twenty failures, of however few accounts", () => {
    const nineteen = Array.from({ length: 19 }, (_, index) => note(failure(index + 1, { at: NOW })));
    const last = failure(20, { at: NOW });
    given(ipWatch, ...nineteen)
      .of(IP)
      .when("NoteAttempt", last)
      .then(note(last), alert({ pattern: "many_failures_from_one_ip", severity: "medium", ip: IP, failures: 20, accounts: 1, at: NOW }))
      .thenOnce();
  });

  test("tells of a success after failures on five other accounts, whichever it hears of first", () => {
    const in5 = success(1, { userId: "victim", at: after(5) });
    const told = (patterns: readonly NewFact[]) => patterns.map(({ data }) => [(data as { pattern: string }).pattern, (data as { userId?: string }).userId]);
    const first = alertsOf([...tries.slice(0, 5), in5]);
    const last = alertsOf([in5, ...tries.slice(0, 5)]);
    expect(told(first)).toEqual([
      ["many_accounts_from_one_ip", undefined],
      ["success_from_suspicious_ip", "victim"],
    ]);
    expect(told(last)).toEqual(told(first));
    // Who logged in before it began is not meant.
    expect(told(alertsOf([...tries.slice(0, 5), { ...in5, at: NOW }]))).toEqual([["many_accounts_from_one_ip", undefined]]);
  });

  test("lets go what comes so late that it tells nothing of now, and remembers no more than it must", () => {
    given(ipWatch, note(failure(1, { at: after(20) })))
      .of(IP)
      .when("NoteAttempt", failure(2, { at: after(4) }))
      .then();
    const many = Array.from({ length: 500 }, (_, index) => note(failure(index + 1, { at: NOW })));
    const state = many.reduce((state, fact) => ipWatch.evolve(state, fact), ipWatch.initialState());
    expect((state as { attempts: readonly unknown[] }).attempts).toHaveLength(200);
  });

  test("tells the same of the same attempts, in whatever order it hears of them and however often", () => {
    const attempts = fc.uniqueArray(
      fc.record({
        userId: fc.constantFrom(...users, "g", "h"),
        version: fc.integer({ min: 1, max: 6 }),
        outcome: fc.constantFrom("failed" as const, "failed" as const, "succeeded" as const),
        // All within the time in which they count.
        at: fc.integer({ min: 0, max: 13 }).map((minutes) => after(minutes)),
      }),
      { selector: ({ userId, version }) => `${userId} ${version}`, maxLength: 40 },
    );
    const subjects = (tried: readonly Omit<Tried, "ip">[]) =>
      alertsOf(tried.map((one) => ({ ...one, ip: IP })))
        .map(({ data }) => `${(data as { pattern: string }).pattern} ${(data as { userId?: string }).userId ?? ""}`)
        .toSorted();
    const shuffled = attempts.chain((tried) => fc.tuple(fc.constant(tried), fc.shuffledSubarray([...tried, ...tried], { minLength: 2 * tried.length })));
    fc.assert(fc.property(shuffled, ([tried, other]) => void expect(subjects(other)).toEqual(subjects(tried))));
  });
});

/** What the watch of an address tells, told of these attempts in this order. */
function alertsOf(attempts: readonly Tried[]): readonly NewFact[] {
  const facts: NewFact[] = [];
  for (const data of attempts) {
    const state = facts.reduce((state, fact) => ipWatch.evolve(state, fact), ipWatch.initialState());
    const decided = ipWatch.decide({ name: "NoteAttempt", data }, state, { now: NOW, id: IP });
    if (!isRejection(decided)) facts.push(...decided);
  }
  return facts.filter(({ type }) => type === "auth.SuspiciousActivityDetected");
}

test("the view security_alerts has a row for each alert, by the event's id", () => {
  givenLog(
    securityAlerts,
    happened("user_watch-ada", note(failure(1))),
    happened("user_watch-ada", alert({ pattern: "new_origin", severity: "low", userId: "ada", ip: IP, failures: 0, at: NOW })),
    happened("ip_watch-192.0.2.1", alert({ pattern: "many_accounts_from_one_ip", severity: "high", ip: IP, failures: 5, accounts: 5, at: NOW })),
  ).thenRows(
    { alertId: "e2", pattern: "new_origin", severity: "low", userId: "ada", ip: IP, failures: 0, accounts: null, at: NOW },
    { alertId: "e3", pattern: "many_accounts_from_one_ip", severity: "high", userId: null, ip: IP, failures: 5, accounts: 5, at: NOW },
  );
});

describe("the audit log", () => {
  const entry = { action: "logged_in", at: NOW, actor: "key:ci", ip: IP, eventId: "e9", stream: "account-ada", version: 3 } as const;

  test("has each event of each stream once, in that stream's order", () => {
    given(audit).when("RecordEntry", entry).then(auditEvents.EntryRecorded(entry)).thenOnce();
    const recorded = given(audit, auditEvents.EntryRecorded(entry));
    recorded.when("RecordEntry", { ...entry, version: 2 }).then();
    const elsewhere = { ...entry, stream: "user_watch-ada", version: 1 };
    recorded.when("RecordEntry", elsewhere).then(auditEvents.EntryRecorded(elsewhere)).thenOnce();
  });

  test("is a view by the id of what happened", () => {
    givenLog(authAudit, happened("auth_audit-ada", auditEvents.EntryRecorded(entry))).thenRows({
      entryId: "e9",
      userId: "ada",
      action: "logged_in",
      at: NOW,
      actor: "key:ci",
      ip: IP,
      userAgent: null,
      detail: null,
    });
  });
});
