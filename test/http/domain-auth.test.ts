import { TOTP, URI } from "otpauth";
import { describe, expect, test } from "vitest";
import { append, eventsOf, expectProblem, get, newerThan, ok } from "../support/http.ts";
import { command, decided, each, type Fields, password, rowAfter, rowsOf, typesOf, upTo } from "./commands.ts";

const other = "another password of mine";
const register = (id: string) => each(`account/${id}`, [["Register", { email: `${id}@a.example`, password }]]);
const logIn = (id: string, data: object = {}) => command(`account/${id}/LogIn`, { password, ...data });
interface Account {
  readonly status: string;
  readonly mfa: string;
  readonly failures: number;
  readonly sessions: readonly string[];
}
const stateOf = async (id: string): Promise<Account> => ok<{ state: Account }>(await get(`/v1/aggregates/account/${id}`)).state;

describe("auth", () => {
  test("registers, logs in and out, and tells of it in both views", async () => {
    await register("ann");
    const from = { ip: "192.0.2.7", userAgent: "a browser" };
    const login = await logIn("ann", from);
    const [event] = login.json<{ events: readonly { id: string; type: string; data: { sessionId: string } }[] }>().events;
    expect([event?.type, event?.data]).toMatchObject(["auth.LoginSucceeded", from]);
    const sessionId = event?.data.sessionId as string;
    expect(await rowAfter(`sessions/${sessionId}`, login)).toMatchObject({ userId: "ann", active: true, endedAt: null, ip: from.ip });
    expect(await rowAfter(`login_attempts/${event?.id}`, login)).toMatchObject({ userId: "ann", ip: from.ip, outcome: "succeeded" });
    const logout = await command("account/ann/LogOut", { sessionId });
    expect(await rowAfter(`sessions/${sessionId}`, logout)).toMatchObject({ active: false, endedAt: expect.any(String) });
    expect((await decided("account/ann/LogOut", { sessionId })).events).toEqual([]);
    expect(typesOf({ events: (await eventsOf("account-ann")) as never })).toEqual(["auth.Registered", "auth.LoginSucceeded", "auth.LoggedOut"]);
  });

  test("counts a failed attempt as a fact: 200, and its event says so; the password is nowhere", async () => {
    await register("bob");
    const failed = await logIn("bob", { password: "a guess of mine", ip: "198.51.100.1" });
    expect(failed.json()).toMatchObject({
      events: [{ type: "auth.LoginFailed", data: { reason: "wrong_password", ip: "198.51.100.1" } }],
      state: { failures: 1 },
    });
    await get("/v1/views/login_attempts", newerThan(failed));
    expect(await rowsOf("login_attempts?userId=bob&outcome=failed&ip=198.51.100.1")).toMatchObject([{ reason: "wrong_password" }]);
    expect(await rowsOf("login_attempts?userId=bob&outcome=succeeded")).toEqual([]);
    expect(JSON.stringify([failed.text, await eventsOf("account-bob")])).not.toMatch(/a guess of mine|correct horse/);
  });

  test("locks an account at the fifth failure, says no to everybody from then on, and is unlocked again", async () => {
    await register("lock");
    for (const n of upTo(4)) expect(typesOf((await logIn("lock", { password: `guess number ${n}` })).json())).toEqual(["auth.LoginFailed"]);
    expect(typesOf((await logIn("lock", { password: "guess number 5" })).json())).toEqual(["auth.LoginFailed", "auth.AccountLocked"]);
    for (const data of [{}, { password: "guess number 6" }]) expectProblem(await logIn("lock", data), 409, "account_locked");
    expect(await stateOf("lock")).toMatchObject({ status: "locked", failures: 5 });
    expect(typesOf(await decided("account/lock/UnlockAccount"))).toEqual(["auth.AccountUnlocked"]);
    expect(typesOf((await logIn("lock")).json())).toEqual(["auth.LoginSucceeded"]);
  });

  test("forgets the failures with a success in between", async () => {
    await register("between");
    for (const guess of [1, 2, 3, 4]) await logIn("between", { password: `guess number ${guess}` });
    await logIn("between");
    expect(typesOf((await logIn("between", { password: "guess number 5" })).json())).toEqual(["auth.LoginFailed"]);
    expect(await stateOf("between")).toMatchObject({ status: "active", failures: 1 });
  });

  test("changes a password with the old one, ends every session, and takes no weak one", async () => {
    await register("change");
    const login = await logIn("change");
    const [sessionId] = login.json<{ state: Account }>().state.sessions;
    const change = (oldPassword: string, newPassword: string) => command("account/change/ChangePassword", { oldPassword, newPassword });
    expectProblem(await change("not it at all", other), 409, "wrong_password");
    for (const weak of ["short", "change@a.example", "aaaaaaaaaaaa", "password1234"]) expectProblem(await change(password, weak), 409, "weak_password");
    const changed = await change(password, other);
    expect(changed.json()).toMatchObject({ events: [{ type: "auth.PasswordChanged" }], state: { sessions: [] } });
    expect(await rowAfter(`sessions/${sessionId}`, changed)).toMatchObject({ active: false });
    expect(typesOf((await logIn("change")).json())).toEqual(["auth.LoginFailed"]);
    expect(typesOf((await logIn("change", { password: other })).json())).toEqual(["auth.LoginSucceeded"]);
  });

  test("takes a second factor: enrolled, confirmed by a code, asked for at each log-in, and no code twice", async () => {
    await register("mfa");
    const enrolled = await decided<Account>("account/mfa/EnrolMfa");
    expect([typesOf(enrolled), enrolled.state.mfa]).toEqual([["auth.MfaEnrolled"], "enrolled"]);
    const totp = URI.parse(enrolled.shownOnce?.["uri"] ?? "") as TOTP;
    expect(totp.secret.base32).toBe(enrolled.shownOnce?.["secret"]);
    // Until it is confirmed nobody is asked for it.
    expect(typesOf((await logIn("mfa")).json())).toEqual(["auth.LoginSucceeded"]);
    const code = (periods: number): string => totp.generate({ timestamp: Date.now() + periods * 30_000 });
    const wrong = ["000000", "111111", "222222", "333333"].find((guess) => ![-1, 0, 1].some((periods) => code(periods) === guess)) as string;
    for (const bad of [wrong, "", "x", `${code(0)}0`, code(5)]) expectProblem(await command("account/mfa/ConfirmMfa", { code: bad }), 409, "wrong_code");
    const first = code(0);
    const confirmed = await decided<Account>("account/mfa/ConfirmMfa", { code: first });
    expect([typesOf(confirmed), confirmed.state.mfa, confirmed.shownOnce]).toEqual([["auth.MfaConfirmed"], "confirmed", undefined]);
    const reasonOf = async (data: object) => ((await logIn("mfa", data)).json<{ events: { data: Fields }[] }>().events[0] as { data: Fields }).data["reason"];
    expect(await reasonOf({})).toBe("code_required");
    expect(await reasonOf({ code: wrong })).toBe("wrong_code");
    expect(await reasonOf({ code: first })).toBe("wrong_code");
    expect(await reasonOf({ code: code(1), password: "a guess of mine" })).toBe("wrong_password");
    const next = code(1);
    expect(typesOf((await logIn("mfa", { code: next })).json())).toEqual(["auth.LoginSucceeded"]);
    expect(await reasonOf({ code: next })).toBe("wrong_code");
    const told = JSON.stringify([await eventsOf("account-mfa"), await stateOf("mfa")]);
    for (const secret of [enrolled.shownOnce?.["secret"], first, next]) expect(told).not.toContain(`"${secret}"`);
  });

  test("fails to log in where an account was imported with a hash that asks for too much: as a fact, not as a fault", async () => {
    const hash = `scrypt$1048576$8$1$${"A".repeat(22)}$${"A".repeat(43)}`;
    ok(await append("account-imported", [{ type: "auth.Registered", data: { email: "i@a.example", passwordHash: hash, at: "2026-01-01T00:00:00.000Z" } }]));
    expect((await decided("account/imported/LogIn", { password })).events).toMatchObject([{ type: "auth.LoginFailed", data: { reason: "wrong_password" } }]);
    expectProblem(await command("account/imported/ChangePassword", { oldPassword: password, newPassword: other }), 409, "wrong_password");
  });

  test("says no to what nobody registered, and to a weak or second registration", async () => {
    for (const [name, data] of Object.entries({
      LogIn: { password },
      LogOut: { sessionId: "s" },
      EnrolMfa: {},
      ConfirmMfa: { code: "123456" },
      UnlockAccount: {},
    }))
      expectProblem(await command(`account/nobody/${name}`, data), 409, "no_such_account");
    expectProblem(await command("account/weak/Register", { email: "weak@a.example", password: "short" }), 409, "weak_password");
    await register("twice");
    expectProblem(await command("account/twice/Register", { email: "twice@a.example", password: other }), 409, "already_registered");
    expectProblem(await command("account/twice/ConfirmMfa", { code: "123456" }), 409, "not_enrolled");
  });
});
