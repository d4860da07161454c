import { describe, expect, test } from "vitest";
import { account, accountEvents } from "../../../../src/domains/auth/index.ts";
import { MOST_SESSIONS } from "../../../../src/domains/auth/account.ts";
import { given } from "../../../../src/testing/index.ts";
import { fakePorts } from "./fake-ports.ts";
import { after, found, locked, loggedIn, NOW, registered } from "./history.ts";
import { accountWith, outcome } from "./told.ts";

const changing = { oldPassword: "correct horse battery", newPassword: "staple horse battery" };
const right = { isRight: true, hash: "hash-2" };

describe("LogOut", () => {
  test("ends the session, once", () => {
    given(account, registered, loggedIn("s1"))
      .when("LogOut", { sessionId: "s1" })
      .then(accountEvents.LoggedOut({ sessionId: "s1", at: NOW }))
      .thenOnce();
  });

  test("of a session that is not open decides nothing", () => {
    given(account, registered, loggedIn("s1")).when("LogOut", { sessionId: "s2" }).then();
  });

  test("leaves the other sessions open", () => {
    given(account, registered, loggedIn("s1"), loggedIn("s2"), accountEvents.LoggedOut({ sessionId: "s1", at: NOW }))
      .when("LogOut", { sessionId: "s2" })
      .then(accountEvents.LoggedOut({ sessionId: "s2", at: NOW }));
  });

  test("works in a locked account", () => {
    given(account, registered, loggedIn("s1"), locked)
      .when("LogOut", { sessionId: "s1" })
      .then(accountEvents.LoggedOut({ sessionId: "s1", at: NOW }));
  });
});

describe("open sessions", () => {
  const open = (count: number) => Array.from({ length: count }, (_, index) => loggedIn(`s${index + 100}`));

  test("are as many as an account may have, and none of them ends", () => {
    given(account, registered, ...open(MOST_SESSIONS - 1))
      .when("LogIn", { password: "x" }, found.right)
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", at: NOW }));
  });

  test("are no more than that: the oldest ends", () => {
    given(account, registered, ...open(MOST_SESSIONS))
      .when("LogIn", { password: "x" }, found.right)
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", at: NOW }), accountEvents.LoggedOut({ sessionId: "s100", at: NOW }));
  });
});

describe("ChangePassword", () => {
  test("keeps the new hash and ends every session", () => {
    given(account, registered, loggedIn("s1"), loggedIn("s2"))
      .when("ChangePassword", changing, right)
      .then(accountEvents.PasswordChanged({ passwordHash: "hash-2", endedSessions: ["s1", "s2"], at: NOW }))
      .thenState({ isLocked: false, failures: [], sessions: [], owner: { email: "ada@example.com", passwordHash: "hash-2", registeredAt: NOW } });
  });

  test("with another old password is rejected", () => {
    given(account, registered)
      .when("ChangePassword", changing, { ...right, isRight: false })
      .thenRejected("wrong_password");
  });

  test("to a weak password is rejected", () => {
    given(account, registered)
      .when("ChangePassword", { ...changing, newPassword: "password123" }, right)
      .thenRejected("weak_password");
    given(account, registered)
      .when("ChangePassword", { ...changing, newPassword: "ada@example.com" }, right)
      .thenRejected("weak_password");
  });

  test("says wrong_password where the new one is weak as well", () => {
    given(account, registered)
      .when("ChangePassword", { ...changing, newPassword: "short" }, { ...right, isRight: false })
      .thenRejected("wrong_password");
  });

  test("to the same password decides nothing, and sessions stay", () => {
    given(account, registered, loggedIn("s1"))
      .when("ChangePassword", { ...changing, newPassword: changing.oldPassword }, right)
      .then();
  });

  test("the second time is wrong_password, since the old one has gone", async () => {
    const tell = accountWith(fakePorts());
    await tell("Register", { email: "ada@example.com", password: changing.oldPassword }, NOW);
    expect(outcome(await tell("ChangePassword", changing, after(1)))).toEqual(["auth.PasswordChanged"]);
    expect(outcome(await tell("ChangePassword", changing, after(1)))).toBe("wrong_password");
    expect(outcome(await tell("LogIn", { password: changing.oldPassword }, after(2)))).toEqual(["auth.LoginFailed"]);
    expect(outcome(await tell("LogIn", { password: changing.newPassword }, after(3)))).toEqual(["auth.LoginSucceeded"]);
  });
});

test("an account shows its address and how it is, without hash and sealed secrets", () => {
  const history = [registered, loggedIn("s1"), accountEvents.MfaEnrolled({ sealedSecret: "sealed-1", at: NOW })];
  const state = history.reduce<unknown>((state, event) => account.evolve(state, event), account.initialState());
  expect(account.show(state)).toEqual({ email: "ada@example.com", registeredAt: NOW, status: "active", mfa: "enrolled", failures: 0, sessions: ["s1"] });
  const later = [accountEvents.MfaConfirmed({ codeStep: 1, at: NOW }), locked].reduce<unknown>((state, event) => account.evolve(state, event), state);
  expect(account.show(later)).toMatchObject({ status: "locked", mfa: "confirmed" });
});
