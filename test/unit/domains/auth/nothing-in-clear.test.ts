import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { account } from "../../../../src/domains/auth/index.ts";
import { hasSecrets, type Ports, sealContext, withoutSecrets } from "../../../../src/kernel/index.ts";
import { ports } from "../../../../src/ports.ts";
import { sealerOf } from "../../../support/vault.ts";
import { fakePorts } from "./fake-ports.ts";
import { after, NOW } from "./history.ts";
import { accountWith, outcome, type Told } from "./told.ts";

const OLD = "recognisable-old-password";
const NEW = "recognisable-new-password";
const WEAK = "recognis";
const real = (): Ports => ports({ sealer: sealerOf("a master key of many characters"), context: sealContext("t", "account-u1") });

/** Every command in every state it cares about, with everything that came of it, and every secret that went in. */
async function everything(given: Ports) {
  const tell = accountWith(given);
  const kept: unknown[] = [];
  const outcomes: unknown[] = [];
  const secrets = new Set([OLD, NEW, WEAK]);
  const run = async (name: string, data: object, now: string): Promise<Told> => {
    const told = await tell(name, data, now);
    const { events, rejection, state, shown } = told;
    kept.push({ name, events, rejection, state, shown, fingerprint: withoutSecrets(account.commands[name] ?? expect.unreachable(), data) });
    outcomes.push(outcome(told));
    return told;
  };
  await run("LogIn", { password: OLD }, NOW);
  await run("Register", { email: "ada@example.com", password: WEAK }, NOW);
  await run("Register", { email: "ada@example.com", password: OLD }, NOW);
  await run("Register", { email: "ada@example.com", password: OLD }, NOW);
  const { shownOnce } = await run("EnrolMfa", {}, NOW);
  const secret = Secret.fromBase32(String(shownOnce?.secret));
  for (const form of [secret.base32, secret.hex, secret.hex.toLowerCase(), Buffer.from(secret.bytes).toString("base64url")]) secrets.add(form);
  const code = (now: string): string => {
    const made = new TOTP({ secret }).generate({ timestamp: Date.parse(now) });
    secrets.add(`"${made}"`);
    return made;
  };
  await run("ConfirmMfa", { code: "abcdef" }, after(1));
  await run("ConfirmMfa", { code: code(after(1)) }, after(1));
  await run("LogIn", { password: OLD, code: code(after(1)) }, after(1));
  const opened = await run("LogIn", { password: OLD, code: code(after(2)), ip: "192.0.2.1", userAgent: "curl/8" }, after(2));
  await run("LogIn", { password: NEW, code: code(after(3)) }, after(3));
  await run("LogOut", { sessionId: opened.state.sessions[0] }, after(3));
  await run("ChangePassword", { oldPassword: NEW, newPassword: OLD }, after(3));
  await run("ChangePassword", { oldPassword: OLD, newPassword: WEAK }, after(3));
  await run("ChangePassword", { oldPassword: OLD, newPassword: NEW }, after(3));
  for (const time of [4, 5, 6, 7, 8]) await run("LogIn", { password: OLD, code: code(after(time)) }, after(time));
  await run("UnlockAccount", {}, after(9));
  return { kept: JSON.stringify(kept), shownOnce: JSON.stringify(shownOnce), outcomes, secrets };
}

const OUTCOMES = [
  "no_such_account",
  "weak_password",
  ["auth.Registered"],
  "already_registered",
  ["auth.MfaEnrolled"],
  "wrong_code",
  ["auth.MfaConfirmed"],
  ["auth.LoginFailed"],
  ["auth.LoginSucceeded"],
  ["auth.LoginFailed"],
  ["auth.LoggedOut"],
  "wrong_password",
  "weak_password",
  ["auth.PasswordChanged"],
  ["auth.LoginFailed"],
  ["auth.LoginFailed"],
  ["auth.LoginFailed"],
  ["auth.LoginFailed", "auth.AccountLocked"],
  "account_locked",
  ["auth.AccountUnlocked"],
];

test.each([
  ["ports of this test", fakePorts],
  ["the real ports", real],
])("no password, code or secret stands in clear in an event, a state, a rejection or a fingerprint, with %s", { timeout: 60_000 }, async (_, made) => {
  const { kept, shownOnce, outcomes, secrets } = await everything(made());
  expect(outcomes).toEqual(OUTCOMES);
  expect([...secrets].filter((secret) => kept.includes(secret))).toEqual([]);
  // The search finds what is there: the secret, in the one answer that shows it.
  expect([...secrets].filter((secret) => shownOnce.includes(secret))).toHaveLength(1);
});

test("what is shown leaves out hashes and sealed secrets too", async () => {
  const tell = accountWith(fakePorts());
  await tell("Register", { email: "ada@example.com", password: OLD }, NOW);
  const { shown, state } = await tell("EnrolMfa", {}, NOW);
  expect(JSON.stringify(state)).toContain(state.owner?.passwordHash);
  expect(JSON.stringify(state)).toContain("sealed-1");
  expect(JSON.stringify(shown)).not.toContain(state.owner?.passwordHash);
  expect(JSON.stringify(shown)).not.toContain("sealed-1");
});

test("every field that carries a password or a code is marked as secret", () => {
  const secretive = Object.entries(account.commands).filter(([, schema]) => hasSecrets(schema));
  expect(secretive.map(([name]) => name)).toEqual(["Register", "LogIn", "ChangePassword", "ConfirmMfa"]);
  const all = { password: "p", oldPassword: "o", newPassword: "n", code: "c", email: "e", ip: "i", userAgent: "u" };
  expect(secretive.map(([, schema]) => Object.keys(withoutSecrets(schema, all) as object))).toEqual([
    ["oldPassword", "newPassword", "code", "email", "ip", "userAgent"],
    ["oldPassword", "newPassword", "email", "ip", "userAgent"],
    ["password", "code", "email", "ip", "userAgent"],
    ["password", "oldPassword", "newPassword", "email", "ip", "userAgent"],
  ]);
});
