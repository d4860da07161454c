import { describe, expect, test } from "vitest";
import { account, accountEvents } from "../../../../src/domains/auth/index.ts";
import { given } from "../../../../src/testing/index.ts";
import { fakePorts } from "./fake-ports.ts";
import { after, confirmed, enrolled, failed, found, locked, loggedIn, NOW, registered } from "./history.ts";
import { accountWith, outcome } from "./told.ts";

const password = "correct horse battery";
const minutes = (...times: readonly number[]) => times.map((time) => failed(after(time)));

describe("LogIn", () => {
  test("with the right password opens a session", () => {
    given(account, registered)
      .when("LogIn", { password, ip: "192.0.2.1", userAgent: "curl/8" }, found.right)
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", ip: "192.0.2.1", userAgent: "curl/8", at: NOW }));
  });

  test("is a fact each time: the same again opens another session", () => {
    given(account, registered, loggedIn("s1"))
      .when("LogIn", { password }, found.right)
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", at: NOW }));
  });

  test("with a wrong password is a fact too, and not a rejection", () => {
    given(account, registered)
      .when("LogIn", { password: "wrong", ip: "192.0.2.1", userAgent: "curl/8" }, found.wrong)
      .then(accountEvents.LoginFailed({ reason: "wrong_password", ip: "192.0.2.1", userAgent: "curl/8", at: NOW }));
  });

  test("takes no notice of a code where there is no second factor", () => {
    given(account, registered)
      .when("LogIn", { password, code: "123456" }, found.right)
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", at: NOW }));
    given(account, registered, enrolled("x"))
      .when("LogIn", { password }, found.right)
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", at: NOW }));
  });
});

describe("LogIn with a second factor", () => {
  const history = [registered, enrolled("sealed-1"), confirmed(100)] as const;

  test("wants a code", () => {
    given(account, ...history)
      .when("LogIn", { password }, found.right)
      .then(accountEvents.LoginFailed({ reason: "code_required", at: NOW }));
  });

  test("rejects no wrong code, but fails", () => {
    given(account, ...history)
      .when("LogIn", { password, code: "000000" }, found.withCode(undefined))
      .then(accountEvents.LoginFailed({ reason: "wrong_code", at: NOW }));
  });

  test("remembers the time step of the code it accepted", () => {
    given(account, ...history)
      .when("LogIn", { password, code: "123456" }, found.withCode(101))
      .then(accountEvents.LoginSucceeded({ sessionId: "s9", codeStep: 101, at: NOW }))
      .thenState({
        isLocked: false,
        failures: [],
        sessions: ["s9"],
        owner: { email: "ada@example.com", passwordHash: "hash-1", registeredAt: NOW },
        mfa: { sealedSecret: "sealed-1", lastStep: 101 },
      });
  });

  test.each([
    ["that confirmed the factor", [], 100],
    ["that was used already", [loggedIn("s1", 101)], 101],
    ["older than one that was used", [loggedIn("s1", 102)], 101],
  ])("accepts no code %s", (_, more, step) => {
    given(account, ...history, ...more)
      .when("LogIn", { password, code: "123456" }, found.withCode(step))
      .then(accountEvents.LoginFailed({ reason: "wrong_code", at: NOW }));
  });

  test("says wrong_password whatever the code is worth", () => {
    given(account, ...history)
      .when("LogIn", { password: "wrong", code: "123456" }, { isRight: false, codeStep: 101, sessionId: "s9" })
      .then(accountEvents.LoginFailed({ reason: "wrong_password", at: NOW }));
  });
});

describe("repeated failures", () => {
  const wrong = (...history: ReturnType<typeof failed>[]) => ({
    at: (now: string) =>
      given(account, registered, ...history)
        .at(now)
        .when("LogIn", { password: "wrong" }, found.wrong),
  });
  const fails = (at: string) => accountEvents.LoginFailed({ reason: "wrong_password", at });

  test("lock the account at the fifth within 15 minutes", () => {
    wrong(...minutes(0, 1, 2, 3))
      .at(after(4))
      .then(fails(after(4)), accountEvents.AccountLocked({ failures: 5, at: after(4) }));
  });

  test("do not at the fourth", () => {
    wrong(...minutes(0, 1, 2))
      .at(after(3))
      .then(fails(after(3)));
  });

  test("count for 15 minutes each, to the millisecond", () => {
    wrong(...minutes(0, 1, 2, 3))
      .at(after(15, -1))
      .then(fails(after(15, -1)), accountEvents.AccountLocked({ failures: 5, at: after(15, -1) }));
    wrong(...minutes(0, 1, 2, 3))
      .at(after(15))
      .then(fails(after(15)));
  });

  test("roll: the first has gone, and the next four lock", () => {
    wrong(...minutes(0, 10, 11, 12, 20))
      .at(after(24))
      .then(fails(after(24)), accountEvents.AccountLocked({ failures: 5, at: after(24) }));
  });

  test("are kept no longer than they count", () => {
    wrong(...minutes(0, 1, 16))
      .at(after(40))
      .then(fails(after(40)))
      .thenState({
        isLocked: false,
        failures: [after(40)],
        sessions: [],
        owner: { email: "ada@example.com", passwordHash: "hash-1", registeredAt: NOW },
      });
  });

  test("are cleared by a success", () => {
    given(account, registered, ...minutes(0, 1, 2, 3), loggedIn("s1"), ...minutes(4))
      .at(after(5))
      .when("LogIn", { password: "wrong" }, found.wrong)
      .then(fails(after(5)));
  });

  test("count whatever failed", () => {
    const factor = [enrolled("sealed-1"), confirmed(100)] as const;
    given(account, registered, ...factor, ...minutes(0, 1, 2, 3))
      .at(after(4))
      .when("LogIn", { password }, found.right)
      .then(accountEvents.LoginFailed({ reason: "code_required", at: after(4) }), accountEvents.AccountLocked({ failures: 5, at: after(4) }));
  });
});

describe("a locked account", () => {
  const history = [registered, ...minutes(0, 1, 2, 3, 4), locked] as const;

  test("rejects LogIn with the right password and with a wrong one, however late", () => {
    given(account, ...history)
      .at(after(60 * 24 * 365))
      .when("LogIn", { password }, found.right)
      .thenRejected("account_locked");
    given(account, ...history)
      .when("LogIn", { password: "wrong" }, found.wrong)
      .thenRejected("account_locked");
  });

  test("is opened by UnlockAccount, once, and its failures are forgotten", () => {
    given(account, ...history)
      .when("UnlockAccount", {})
      .then(accountEvents.AccountUnlocked({ at: NOW }))
      .thenOnce()
      .thenState({ isLocked: false, failures: [], sessions: [], owner: { email: "ada@example.com", passwordHash: "hash-1", registeredAt: NOW } });
  });

  test("has no need of UnlockAccount before it is locked", () => {
    given(account, registered, ...minutes(0, 1))
      .when("UnlockAccount", {})
      .then();
  });
});

describe("the slow work of LogIn", () => {
  test.each([
    ["right", [], password, ["verify"]],
    ["wrong", [], "wrong", ["verify"]],
    ["locked", ["wrong", "wrong", "wrong", "wrong", "wrong"], password, ["verify"]],
  ])("is one verification where the password or account is %s", async (_, before, last, expected) => {
    const ports = fakePorts();
    const tell = accountWith(ports);
    await tell("Register", { email: "ada@example.com", password }, NOW);
    for (const password of before) await tell("LogIn", { password }, NOW);
    ports.asked.length = 0;
    await tell("LogIn", { password: last }, NOW);
    expect(ports.asked).toEqual(expected);
  });

  test("is one hash, as long as a verification, where there is no account", async () => {
    const ports = fakePorts();
    await accountWith(ports)("LogIn", { password }, NOW);
    expect(ports.asked).toEqual(["hash"]);
  });
});

test("five wrong passwords and then the right one, from the front to the back", async () => {
  const tell = accountWith(fakePorts());
  await tell("Register", { email: "ada@example.com", password }, NOW);
  const tried: unknown[] = [];
  for (const time of [1, 2, 3, 4, 5, 6]) tried.push(outcome(await tell("LogIn", { password: time === 6 ? password : "wrong" }, after(time))));
  expect(tried).toEqual([...Array.from({ length: 4 }, () => ["auth.LoginFailed"]), ["auth.LoginFailed", "auth.AccountLocked"], "account_locked"]);
  await tell("UnlockAccount", {}, after(7));
  expect(outcome(await tell("LogIn", { password }, after(8)))).toEqual(["auth.LoginSucceeded"]);
});
