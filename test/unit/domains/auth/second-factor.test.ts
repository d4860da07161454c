import { Secret, TOTP } from "otpauth";
import { describe, expect, test } from "vitest";
import { account, accountEvents } from "../../../../src/domains/auth/index.ts";
import { enrolment, stepOf } from "../../../../src/domains/auth/totp.ts";
import { given } from "../../../../src/testing/index.ts";
import { fakePorts } from "./fake-ports.ts";
import { after, confirmed, enrolled, NOW, registered } from "./history.ts";
import { accountWith, outcome } from "./told.ts";

const RFC_SECRET = Secret.fromLatin1("12345678901234567890").base32;
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const codeOf = (secret: string, now: string): string => new TOTP({ secret }).generate({ timestamp: Date.parse(now) });

describe("EnrolMfa", () => {
  const found = { secret: "ABC", uri: "otpauth://totp/x", sealedSecret: "sealed-1" };

  test("keeps the sealed secret only", () => {
    given(account, registered)
      .when("EnrolMfa", {}, found)
      .then(accountEvents.MfaEnrolled({ sealedSecret: "sealed-1", at: NOW }));
  });

  test("is a fact each time: a secret is shown once, so the next one is another", () => {
    given(account, registered, enrolled("sealed-0"))
      .when("EnrolMfa", {}, found)
      .then(accountEvents.MfaEnrolled({ sealedSecret: "sealed-1", at: NOW }));
  });

  test("shows secret and address for the authenticator, once", async () => {
    const ports = { ...fakePorts(), random: () => new TextEncoder().encode("12345678901234567890") };
    const tell = accountWith(ports);
    await tell("Register", { email: "ada+1@example.com", password: "correct horse battery" }, NOW);
    const { shownOnce, shown } = await tell("EnrolMfa", {}, NOW);
    expect(shownOnce).toEqual({
      secret: RFC_SECRET,
      uri: `otpauth://totp/Rivulet:ada%2B1%40example.com?issuer=Rivulet&secret=${RFC_SECRET}&algorithm=SHA1&digits=6&period=30`,
    });
    expect(shown).toMatchObject({ mfa: "enrolled" });
  });

  test("asks for 20 unguessable bytes", async () => {
    const sizes: number[] = [];
    const ports = { ...fakePorts(), random: (bytes: number) => (sizes.push(bytes), new Uint8Array(bytes)) };
    await accountWith(ports)("EnrolMfa", {}, NOW);
    expect(sizes).toEqual([20]);
  });
});

describe("ConfirmMfa", () => {
  test("with a code that holds turns the second factor on, once", () => {
    given(account, registered, enrolled("sealed-1"))
      .when("ConfirmMfa", { code: "123456" }, { codeStep: 100 })
      .then(accountEvents.MfaConfirmed({ codeStep: 100, at: NOW }))
      .thenOnce()
      .thenState({
        isLocked: false,
        failures: [],
        sessions: [],
        owner: { email: "ada@example.com", passwordHash: "hash-1", registeredAt: NOW },
        mfa: { sealedSecret: "sealed-1", lastStep: 100 },
      });
  });

  test("with another code is rejected", () => {
    given(account, registered, enrolled("sealed-1")).when("ConfirmMfa", { code: "000000" }, { codeStep: undefined }).thenRejected("wrong_code");
  });

  test("before EnrolMfa is rejected", () => {
    given(account, registered).when("ConfirmMfa", { code: "123456" }, { codeStep: undefined }).thenRejected("not_enrolled");
  });

  test("of a factor that is on is wrong_code with any code but the last that was accepted", () => {
    given(account, registered, enrolled("sealed-1"), confirmed(100)).when("ConfirmMfa", { code: "654321" }, { codeStep: 101 }).thenRejected("wrong_code");
    given(account, registered, enrolled("sealed-1"), confirmed(100)).when("ConfirmMfa", { code: "x" }, { codeStep: undefined }).thenRejected("wrong_code");
  });
});

describe("a second factor", () => {
  const password = "correct horse battery";
  const begin = async () => {
    const tell = accountWith({ ...fakePorts(), random: randomBytes() });
    await tell("Register", { email: "ada@example.com", password }, NOW);
    const { shownOnce } = await tell("EnrolMfa", {}, NOW);
    return { tell, secret: String(shownOnce?.secret) };
  };
  /** Other bytes each time. */
  const randomBytes = () => {
    let calls = 0;
    return (bytes: number) => new Uint8Array(bytes).fill((calls += 1));
  };

  test("goes from enrolment to logging in, and each code is accepted once only", async () => {
    const { tell, secret } = await begin();
    expect(outcome(await tell("ConfirmMfa", { code: codeOf(secret, after(1)) }, after(1)))).toEqual(["auth.MfaConfirmed"]);
    const tried = async (code: string | undefined, now: string) => {
      const { events } = await tell("LogIn", { password, ...(code !== undefined && { code }) }, now);
      return events[0]?.type === "auth.LoginFailed" ? (events[0].data as { reason: string }).reason : events[0]?.type;
    };
    expect(await tried(undefined, after(1))).toBe("code_required");
    expect(await tried(codeOf(secret, after(1)), after(1))).toBe("wrong_code");
    expect(await tried(codeOf(secret, after(2)), after(2))).toBe("auth.LoginSucceeded");
    expect(await tried(codeOf(secret, after(2)), after(2))).toBe("wrong_code");
    expect(await tried(codeOf(secret, after(2)), after(2, 30_000))).toBe("wrong_code");
    expect(await tried(codeOf(secret, after(3)), after(3, 30_000))).toBe("auth.LoginSucceeded");
  });

  test("is not opened for a wrong password, so that the attempt is told though the secret cannot be read", async () => {
    const fake = fakePorts();
    let isReadable = true;
    const open = (sealed: string): Promise<string> => (isReadable ? fake.secrets.open(sealed) : Promise.reject(new Error("no MASTER_KEY")));
    const tell = accountWith({ ...fake, secrets: { ...fake.secrets, open } });
    await tell("Register", { email: "ada@example.com", password }, NOW);
    const secret = String((await tell("EnrolMfa", {}, NOW)).shownOnce?.secret);
    await tell("ConfirmMfa", { code: codeOf(secret, after(1)) }, after(1));
    isReadable = false;
    expect(outcome(await tell("LogIn", { password: "wrong", code: "123456" }, after(2)))).toEqual(["auth.LoginFailed"]);
    await expect(tell("LogIn", { password, code: codeOf(secret, after(2)) }, after(2))).rejects.toThrow("no MASTER_KEY");
  });

  test("that is on holds until the next one is confirmed", async () => {
    const { tell, secret } = await begin();
    await tell("ConfirmMfa", { code: codeOf(secret, after(1)) }, after(1));
    const next = String((await tell("EnrolMfa", {}, after(2))).shownOnce?.secret);
    expect(next).not.toBe(secret);
    expect(outcome(await tell("ConfirmMfa", { code: codeOf(secret, after(3)) }, after(3)))).toBe("wrong_code");
    expect(outcome(await tell("LogIn", { password, code: codeOf(next, after(4)) }, after(4)))).toEqual(["auth.LoginFailed"]);
    expect(outcome(await tell("LogIn", { password, code: codeOf(secret, after(5)) }, after(5)))).toEqual(["auth.LoginSucceeded"]);
    expect(outcome(await tell("ConfirmMfa", { code: codeOf(next, after(6)) }, after(6)))).toEqual(["auth.MfaConfirmed"]);
    expect(outcome(await tell("LogIn", { password, code: codeOf(secret, after(7)) }, after(7)))).toEqual(["auth.LoginFailed"]);
    expect(outcome(await tell("LogIn", { password, code: codeOf(next, after(8)) }, after(8)))).toEqual(["auth.LoginSucceeded"]);
  });
});

describe("a code", () => {
  test.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("is that of RFC 6238 at second %d", (seconds, code) => {
    expect(stepOf(code, RFC_SECRET, at(seconds))).toBe(Math.floor(seconds / 30));
  });

  test("holds in its own period and in those beside it, and its step is its own", () => {
    const code = codeOf(RFC_SECRET, at(3000));
    const steps = [2969, 2970, 2999, 3000, 3029, 3030, 3059, 3060].map((seconds) => stepOf(code, RFC_SECRET, at(seconds)));
    expect(steps).toEqual([undefined, 100, 100, 100, 100, 100, 100, undefined]);
  });

  test.each(["", "12345", "1234567", "12345a", " 287082", "287 082", "२८७०८२", "-28708"])("that is not six digits is none: %j", (code) => {
    expect(stepOf(code, RFC_SECRET, at(59))).toBeUndefined();
  });

  test("belongs to its secret", () => {
    const { secret } = enrolment(
      Uint8Array.from({ length: 20 }, (_, index) => index),
      "ada",
    );
    expect(stepOf("287082", secret, at(59))).toBeUndefined();
  });
});
