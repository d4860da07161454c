import { describe, expect, test } from "vitest";
import {
  account,
  accountEvents,
  audit,
  authAuditLog,
  authentication,
  authenticationEvents,
  ipWatch,
  ipWatchId,
  security,
  securityEvents,
  userAuthentication,
  userWatch,
} from "../../../../src/domains/auth/index.ts";
import { userEvents } from "../../../../src/domains/users/index.ts";
import { commandTo, type NewFact } from "../../../../src/kernel/index.ts";
import { aggregate, givenHandler, happened } from "../../../../src/testing/index.ts";
import { confirmed, enrolled, failed, locked, loggedIn, NOW, registered } from "./history.ts";

const deciders = [account, audit, authentication, ipWatch, userWatch];
const joined = userEvents.UserRegistered({ email: "ada@example.com", name: "Ada", registeredAt: NOW });
const left = userEvents.UserDeactivated({ reason: "moved" });
const closed = authenticationEvents.AuthenticationClosed({ reason: "moved", at: NOW });

test("the three handlers of auth have the priorities and the concurrency that they were asked for", () => {
  const told = [userAuthentication, security, authAuditLog].map(({ name, priority, concurrency }) => [name, priority, concurrency]);
  expect(told).toEqual([
    ["user-authentication", "high", 5],
    ["security", "critical", 10],
    ["auth-audit-log", "low", 20],
  ]);
});

describe("user-authentication", () => {
  test("sets up authentication for who registers", async () => {
    const expected = commandTo(authentication, "ada", "SetUp", { email: "ada@example.com" });
    await givenHandler(userAuthentication, { deciders }).when(happened("user-ada", joined)).thenOnce(expected);
  });

  test("closes it, and the account, for who is deactivated", async () => {
    await givenHandler(userAuthentication, { deciders })
      .when(happened("user-ada", left))
      .thenOnce(commandTo(authentication, "ada", "Close", { reason: "moved" }), commandTo(account, "ada", "CloseAccount", { reason: "moved" }));
  });

  test("closes an account that is registered after its user has left, and leaves any other alone", async () => {
    const expected = commandTo(account, "ada", "CloseAccount", { reason: "The user was deactivated." });
    await givenHandler(userAuthentication, { deciders, found: [aggregate(authentication, "ada", closed)] })
      .when(happened("account-ada", registered))
      .thenOnce(expected);
    const setUp = authenticationEvents.AuthenticationSetUp({ email: "ada@example.com", at: NOW });
    for (const found of [[], [aggregate(authentication, "ada", setUp)], [aggregate(authentication, "bob", closed)]])
      await givenHandler(userAuthentication, { found }).when(happened("account-ada", registered)).then();
  });

  test.each([
    ["note-ada", joined],
    ["account-ada", left],
    ["user-ada", registered],
  ])("does not believe what stands in %s", async (stream, fact) => {
    await givenHandler(userAuthentication, { found: [aggregate(authentication, "ada", closed)] })
      .when(happened(stream, fact))
      .then();
  });
});

describe("security", () => {
  const tried = { userId: "ada", version: 1, outcome: "failed", at: NOW } as const;

  test("brings an attempt to the user's watch and to the address's", async () => {
    const from = { ip: "192.0.2.1", userAgent: "curl/8" };
    const fact = accountEvents.LoginFailed({ reason: "wrong_password", ...from, at: NOW });
    const attempt = { ...tried, ...from };
    await givenHandler(security, { deciders })
      .when(happened("account-ada", fact))
      .thenOnce(commandTo(userWatch, "ada", "NoteAttempt", attempt), commandTo(ipWatch, "192.0.2.1", "NoteAttempt", attempt));
  });

  test("brings one without an address to the user's watch alone, each with its version", async () => {
    await givenHandler(security, { deciders })
      .when(happened("account-ada", failed(NOW)), happened("account-ada", loggedIn("s1")))
      .thenOnce(commandTo(userWatch, "ada", "NoteAttempt", tried), commandTo(userWatch, "ada", "NoteAttempt", { ...tried, version: 2, outcome: "succeeded" }));
  });

  test("tells the user's watch of a lock", async () => {
    await givenHandler(security, { deciders })
      .when(happened("account-ada", locked))
      .thenOnce(commandTo(userWatch, "ada", "NoteLock", { version: 1, failures: 5, at: NOW }));
  });

  test("does not believe what stands in a stream of somebody else's", async () => {
    await givenHandler(security)
      .when(happened("note-ada", failed(NOW)), happened("user-ada", locked))
      .then();
  });

  test.each(["not an address", "a/b", "..", "~x", "é", "-"])("has a watch for the address %j too, since a client may say anything", (ip) => {
    expect(`ip_watch-${ipWatchId(ip)}`).toMatch(/^ip_watch-~[0-9a-f]{40}$/);
    expect(ipWatchId(ip)).not.toBe(ipWatchId(`${ip} `));
  });

  test.each(["192.0.2.1", "2001:db8::1", "::1"])("calls the watch of %s by its name", (ip) => {
    expect(ipWatchId(ip)).toBe(ip);
  });
});

describe("auth-audit-log", () => {
  const entry = (action: string, version: number, more: object = {}) => ({
    category: "auth_audit",
    id: "ada",
    command: "RecordEntry",
    data: { action, at: NOW, actor: "test", ...more, eventId: `e${version}`, stream: "account-ada", version },
  });

  test("has an entry for everything that happens to an account", async () => {
    const from = { ip: "192.0.2.1", userAgent: "curl/8" };
    const facts: readonly NewFact[] = [
      registered,
      accountEvents.LoginSucceeded({ sessionId: "secret-session", ...from, at: NOW }),
      accountEvents.LoginFailed({ reason: "wrong_code", ...from, at: NOW }),
      locked,
      accountEvents.AccountUnlocked({ at: NOW }),
      accountEvents.LoggedOut({ sessionId: "secret-session", at: NOW }),
      accountEvents.PasswordChanged({ passwordHash: "hash-2", endedSessions: ["secret-session"], at: NOW }),
      enrolled("sealed-1"),
      confirmed(7),
      accountEvents.AccountClosed({ reason: "moved", endedSessions: [], at: NOW }),
      accountEvents.SecretsResealed({ mfa: "sealed-2", at: NOW }),
    ];
    const expected = [
      entry("registered", 1),
      entry("logged_in", 2, from),
      entry("login_failed", 3, { ...from, detail: "wrong_code" }),
      entry("locked", 4, { detail: "5 failures" }),
      entry("unlocked", 5),
      entry("logged_out", 6),
      entry("password_changed", 7),
      entry("mfa_enrolled", 8),
      entry("mfa_confirmed", 9),
      entry("closed", 10, { detail: "moved" }),
      entry("mfa_rekeyed", 11),
    ];
    await givenHandler(authAuditLog, { deciders })
      .when(...facts.map((fact) => happened("account-ada", fact)))
      .thenOnce(...expected);
    // None was forgotten, and nothing that is a secret came along.
    expect(new Set(facts.map(({ type }) => type))).toEqual(new Set(account.forms.keys()));
    expect(JSON.stringify(expected)).not.toMatch(/hash|sealed|secret/);
  });

  test("has one for the way in, and for what was suspicious about a user", async () => {
    const suspicious = securityEvents.SuspiciousActivityDetected({ pattern: "new_origin", severity: "low", userId: "ada", ip: "192.0.2.1", at: NOW });
    const at = (stream: string, id: string) => ({ eventId: id, stream, version: 1 });
    await givenHandler(authAuditLog, { deciders })
      .when(
        happened("authentication-ada", authenticationEvents.AuthenticationSetUp({ email: "ada@example.com", at: NOW })),
        happened("user_watch-ada", suspicious),
        happened("ip_watch-192.0.2.1", suspicious),
      )
      .thenOnce(
        { ...entry("set_up", 1), data: { action: "set_up", at: NOW, actor: "test", ...at("authentication-ada", "e1") } },
        ...[at("user_watch-ada", "e2"), at("ip_watch-192.0.2.1", "e3")].map((where) => ({
          ...entry("", 1),
          data: { action: "suspicious_activity", at: NOW, actor: "test", ip: "192.0.2.1", detail: "new_origin", ...where },
        })),
      );
  });

  test("has none for an address alone, nor for what stands in a stream of somebody else's", async () => {
    const about = securityEvents.SuspiciousActivityDetected({ pattern: "many_accounts_from_one_ip", severity: "high", ip: "192.0.2.1", at: NOW });
    await givenHandler(authAuditLog).when(happened("ip_watch-192.0.2.1", about), happened("note-ada", registered)).then();
  });

  test("does not follow what follows from it, so that it never goes round", () => {
    expect(authAuditLog.on).not.toContain("auth.audit.EntryRecorded");
    expect(authAuditLog.on.every((pattern) => !/[*#]/.test(pattern))).toBe(true);
  });
});
