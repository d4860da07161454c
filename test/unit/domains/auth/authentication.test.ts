import { describe, expect, test } from "vitest";
import { account, accountEvents, authentication, authenticationEvents, authenticationView, sessions } from "../../../../src/domains/auth/index.ts";
import { given, givenLog, happened } from "../../../../src/testing/index.ts";
import { after, confirmed, found, locked, loggedIn, NOW, registered } from "./history.ts";

const setUp = authenticationEvents.AuthenticationSetUp({ email: "ada@example.com", at: NOW });
const closedIn = authenticationEvents.AuthenticationClosed({ reason: "moved", at: NOW });
const closed = accountEvents.AccountClosed({ reason: "moved", endedSessions: ["s1"], at: NOW });

describe("authentication", () => {
  test("is set up once, for one address", () => {
    given(authentication).when("SetUp", { email: "ada@example.com" }).then(setUp).thenOnce();
    given(authentication, setUp).when("SetUp", { email: "else@example.com" }).thenRejected("already_set_up");
  });

  test("is closed once, whether it was set up or not, and stays so", () => {
    given(authentication, setUp).when("Close", { reason: "moved" }).then(closedIn).thenOnce();
    given(authentication).when("Close", { reason: "moved" }).then(closedIn).thenOnce();
    given(authentication, closedIn).when("SetUp", { email: "ada@example.com" }).then();
  });
});

describe("CloseAccount", () => {
  test("ends every session, once", () => {
    given(account, registered, loggedIn("s1")).when("CloseAccount", { reason: "moved" }).then(closed).thenOnce();
    given(account).when("CloseAccount", { reason: "moved" }).thenRejected("no_such_account");
  });

  test("lets nobody in any more, whatever they know", () => {
    const gone = given(account, registered, loggedIn("s1"), closed);
    gone.when("LogIn", { password: "the right one" }, found.right).thenRejected("account_closed");
    gone.when("ChangePassword", { oldPassword: "a", newPassword: "b" }, { isRight: true, hash: "h" }).thenRejected("account_closed");
    gone.when("EnrolMfa", {}, { sealedSecret: "s", secret: "s", uri: "u" }).thenRejected("account_closed");
    gone.when("ConfirmMfa", { code: "123456" }, { codeStep: 1 }).thenRejected("account_closed");
    gone.when("LogOut", { sessionId: "s1" }).then();
  });

  test("gives the address back, and says how it stands", () => {
    const state = [registered, closed].reduce((state, fact) => account.evolve(state, fact), account.initialState());
    expect(account.holds(account.evolve(account.initialState(), registered))).toHaveLength(1);
    expect(account.holds(state)).toEqual([]);
    expect(account.show(state)).toMatchObject({ status: "closed", sessions: [] });
  });

  test("ends the sessions in the view too", () => {
    const [row] = givenLog(sessions, happened("account-ada", loggedIn("s1")), happened("account-ada", closed)).rows;
    expect(row).toMatchObject({ sessionId: "s1", active: false, endedAt: NOW });
  });
});

describe("the view authentication", () => {
  const none = { userId: "ada", email: "ada@example.com", mfa: false, setUpAt: NOW, registeredAt: NOW, lockedAt: null, closedAt: null };

  test("says who waits for a password, who can log in, and who is locked out or gone", () => {
    const steps = [happened("authentication-ada", setUp), happened("account-ada", registered), happened("account-ada", locked)];
    givenLog(authenticationView, ...steps.slice(0, 1)).thenRows({ ...none, registeredAt: null, status: "awaiting_password" });
    givenLog(authenticationView, ...steps.slice(0, 2)).thenRows({ ...none, status: "active" });
    givenLog(authenticationView, ...steps).thenRows({ ...none, status: "locked", lockedAt: NOW });
    const unlocked = [...steps, happened("account-ada", accountEvents.AccountUnlocked({ at: NOW })), happened("account-ada", confirmed(1))];
    givenLog(authenticationView, ...unlocked).thenRows({ ...none, status: "active", mfa: true });
    givenLog(authenticationView, ...unlocked, happened("authentication-ada", closedIn)).thenRows({ ...none, status: "closed", mfa: true, closedAt: NOW });
  });

  test("comes out the same whichever stream is read first", () => {
    const gone = accountEvents.AccountClosed({ reason: "moved", endedSessions: [], at: after(1) });
    const one = [happened("authentication-ada", setUp)];
    const other = [happened("account-ada", registered), happened("account-ada", gone)];
    expect(givenLog(authenticationView, ...other, ...one).rows).toEqual(givenLog(authenticationView, ...one, ...other).rows);
  });
});
