import { describe, expect, test } from "vitest";
import { account, accountEvents } from "../../../../src/domains/auth/index.ts";
import { given } from "../../../../src/testing/index.ts";
import { fakePorts } from "./fake-ports.ts";
import { NOW, registered } from "./history.ts";
import { accountWith, outcome } from "./told.ts";

const ada = { email: "ada@example.com", password: "correct horse battery" };

describe("Register", () => {
  test("keeps the address and the password's hash", () => {
    given(account)
      .when("Register", ada, { hash: "hash-1" })
      .then(accountEvents.Registered({ email: "ada@example.com", passwordHash: "hash-1", at: NOW }))
      .thenState({ isLocked: false, failures: [], sessions: [], owner: { email: "ada@example.com", passwordHash: "hash-1", registeredAt: NOW } });
  });

  test("is rejected the second time, since whether it is the same password nobody can tell", () => {
    given(account, registered).when("Register", ada, { hash: "hash-2" }).thenRejected("already_registered");
  });

  test("of a weak password is rejected", () => {
    given(account)
      .when("Register", { ...ada, password: "short" }, { hash: "hash-1" })
      .thenRejected("weak_password");
  });

  test("of an account that is there says so, however weak the password", () => {
    given(account, registered)
      .when("Register", { ...ada, password: "short" }, { hash: "hash-1" })
      .thenRejected("already_registered");
  });

  test("of what is no address does not match the schema", () => {
    for (const email of ["", "ada", "ada@", "@example.com", " ada@example.com"]) {
      expect(account.commands.Register?.safeParse({ ...ada, email }).success, email).toBe(false);
    }
  });

  test("prepares the password's hash", async () => {
    const { events } = await accountWith(fakePorts())("Register", ada, NOW);
    expect(events).toEqual([accountEvents.Registered({ email: ada.email, passwordHash: await fakePorts().passwords.hash(ada.password), at: NOW })]);
  });
});

describe("an e-mail address", () => {
  const claim = { scope: "auth/email", value: "ada@example.com" };

  test("is wanted by Register in the form in which equal is equal", () => {
    const wants = (email: string) => account.wants({ name: "Register", data: { ...ada, email } }, account.initialState());
    expect(wants("Ada@Example.COM")).toEqual([claim]);
    expect(wants("ada@example.com")).toEqual([claim]);
  });

  test("is held by the account that is registered with it, and by no other", () => {
    expect(account.holds(account.initialState())).toEqual([]);
    expect(account.holds(account.evolve(account.initialState(), registered))).toEqual([claim]);
  });

  test("is wanted by no other command, and taken is already_registered", () => {
    expect(account.taken).toMatchObject({ code: "already_registered" });
    const state = account.evolve(account.initialState(), registered);
    for (const name of Object.keys(account.commands).filter((name) => name !== "Register")) expect(account.wants({ name, data: {} }, state), name).toEqual([]);
  });
});

describe("before it is registered", () => {
  test.each([
    ["LogIn", { password: "any" }],
    ["LogOut", { sessionId: "s1" }],
    ["ChangePassword", { oldPassword: "any", newPassword: "correct horse battery" }],
    ["EnrolMfa", {}],
    ["ConfirmMfa", { code: "123456" }],
    ["UnlockAccount", {}],
  ] as const)("an account rejects %s as no_such_account", async (name, data) => {
    expect(outcome(await accountWith(fakePorts())(name, data, NOW))).toBe("no_such_account");
  });

  test("an account shows nobody", () => {
    expect(account.show(account.initialState())).toEqual({ status: "unregistered", mfa: "none", failures: 0, sessions: [] });
  });
});
