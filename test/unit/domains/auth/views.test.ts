import { describe, test } from "vitest";
import { accountEvents, loginAttempts, sessions } from "../../../../src/domains/auth/index.ts";
import { givenLog, happened } from "../../../../src/testing/index.ts";
import { after, locked, NOW, registered } from "./history.ts";

const ada = "account-ada";
const bob = "account-bob";
const began = (sessionId: string, at: string, ip?: string) => accountEvents.LoginSucceeded({ sessionId, at, ...(ip !== undefined && { ip }) });

describe("login_attempts", () => {
  test("has a row for each attempt, by the event's id", () => {
    givenLog(
      loginAttempts,
      happened(ada, registered),
      happened(ada, accountEvents.LoginFailed({ reason: "wrong_password", ip: "192.0.2.1", userAgent: "curl/8", at: NOW })),
      happened(bob, accountEvents.LoginFailed({ reason: "code_required", at: after(1) })),
      happened(ada, began("s1", after(2), "192.0.2.2")),
      happened(ada, locked),
      happened(ada, accountEvents.LoggedOut({ sessionId: "s1", at: after(3) })),
    ).thenRows(
      { attemptId: "e2", userId: "ada", ip: "192.0.2.1", outcome: "failed", reason: "wrong_password", at: NOW },
      { attemptId: "e3", userId: "bob", ip: null, outcome: "failed", reason: "code_required", at: after(1) },
      { attemptId: "e4", userId: "ada", ip: "192.0.2.2", outcome: "succeeded", reason: null, at: after(2) },
    );
  });
});

describe("sessions", () => {
  const active = { sessionId: "s1", userId: "ada", startedAt: NOW, endedAt: null, active: true, ip: "192.0.2.1" };

  test("shows who is logged in, and since when", () => {
    givenLog(sessions, happened(ada, registered), happened(ada, began("s1", NOW, "192.0.2.1")), happened(bob, began("s2", after(1)))).thenRows(active, {
      sessionId: "s2",
      userId: "bob",
      startedAt: after(1),
      endedAt: null,
      active: true,
      ip: null,
    });
  });

  test("shows when one logged out", () => {
    givenLog(sessions, happened(ada, began("s1", NOW, "192.0.2.1")), happened(ada, accountEvents.LoggedOut({ sessionId: "s1", at: after(1) }))).thenRows({
      ...active,
      endedAt: after(1),
      active: false,
    });
  });

  test("ends those that a changed password ended, and no others", () => {
    givenLog(
      sessions,
      happened(ada, began("s1", NOW, "192.0.2.1")),
      happened(ada, began("s2", NOW, "192.0.2.1")),
      happened(bob, began("s3", NOW, "192.0.2.1")),
      happened(ada, accountEvents.PasswordChanged({ passwordHash: "hash-2", endedSessions: ["s1", "s2"], at: after(5) })),
    ).thenRows(
      { ...active, endedAt: after(5), active: false },
      { ...active, sessionId: "s2", endedAt: after(5), active: false },
      { ...active, sessionId: "s3", userId: "bob" },
    );
  });

  test("makes nothing of the end of a session that it does not know", () => {
    givenLog(sessions, happened(ada, accountEvents.LoggedOut({ sessionId: "s1", at: NOW }))).thenRows();
  });
});
