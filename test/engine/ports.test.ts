import { scryptSync } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import { describe, expect, test } from "vitest";
import { account } from "../../src/domains/auth/index.ts";
import { stepOf } from "../../src/domains/auth/totp.ts";
import { isRejection, type NewFact, sealContext } from "../../src/kernel/index.ts";
import { ports } from "../../src/ports.ts";
import { sealerOf } from "../support/vault.ts";

const given = ports({ sealer: sealerOf("a master key of many characters"), context: sealContext("t", "account-u1") });
const { passwords, secrets } = given;
const hash = (cost: string, salt: string, hex: string): string =>
  `scrypt$${cost}$${Buffer.from(salt).toString("base64url")}$${Buffer.from(hex, "hex").toString("base64url")}`;

describe("scrypt in the runtime", () => {
  test.each([
    [
      "",
      hash("16$1$1", "", "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"),
    ],
    [
      "password",
      hash(
        "1024$8$16",
        "NaCl",
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
      ),
    ],
    [
      "pleaseletmein",
      hash(
        "16384$8$1",
        "SodiumChloride",
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
      ),
    ],
  ])("is that of RFC 7914 for %j", async (password, vector) => {
    expect(await passwords.verify(password, vector)).toBe(true);
    expect(await passwords.verify(`${password}x`, vector)).toBe(false);
  });

  test("makes hashes that hold for their password and no other", async () => {
    const made = await passwords.hash("correct horse battery");
    expect(made).toMatch(/^scrypt\$16384\$8\$2\$[\w-]{22}\$[\w-]{43}$/);
    expect(await passwords.verify("correct horse battery", made)).toBe(true);
    expect(await passwords.verify("correct horse batterY", made)).toBe(false);
  });

  test("is not begun for a hash that asks for more memory or work than there may be: no password fits it", async () => {
    for (const cost of ["1048576$8$1", "16384$8$9", "1000$8$1", "1024$0$1"])
      expect(await passwords.verify("a", `scrypt$${cost}$${"A".repeat(22)}$${"A".repeat(43)}`)).toBe(false);
  });

  test("takes a cost of twice the memory, which a later version may ask for", async () => {
    const salt = "a salt of 16 byte";
    const derived = scryptSync("later", salt, 32, { N: 2 ** 15, r: 8, p: 2, maxmem: 2 ** 26 });
    expect(await passwords.verify("later", hash("32768$8$2", salt, derived.toString("hex")))).toBe(true);
  });
});

test("a secret is sealed and opened in the runtime", async () => {
  const sealed = await secrets.seal("JBSWY3DPEHPK3PXP");
  expect(sealed).not.toContain("JBSWY3DPEHPK3PXP");
  expect(await secrets.open(sealed)).toBe("JBSWY3DPEHPK3PXP");
  await expect(ports({ sealer: undefined, context: sealContext("t", "account-u1") }).secrets.open(sealed)).rejects.toThrow("expected MASTER_KEY to be set");
});

test.each([
  [59, "287082"],
  [1_111_111_109, "081804"],
  [20_000_000_000, "353130"],
])("a code at second %d is that of RFC 6238, in the runtime", (seconds, code) => {
  expect(stepOf(code, Secret.fromLatin1("12345678901234567890").base32, new Date(seconds * 1000).toISOString())).toBe(Math.floor(seconds / 30));
});

test("an account registers, turns its second factor on and logs in, in the runtime", async () => {
  const now = "2026-01-01T00:00:00.000Z";
  const password = "correct horse battery";
  let state = account.initialState();
  const tell = async (name: string, data: object, at = now): Promise<{ readonly facts: readonly NewFact[]; readonly found: unknown }> => {
    const found = await account.prepare({ name, data }, state, { now: at, id: "u1", ports: given });
    const decision = account.decide({ name, data, found }, state, { now: at, id: "u1" });
    if (isRejection(decision)) expect.unreachable(decision.code);
    state = decision.reduce((state, event) => account.evolve(state, event), state);
    return { facts: decision, found };
  };
  await tell("Register", { email: "ada@example.com", password });
  const { secret } = (await tell("EnrolMfa", {})).found as { secret: string };
  const codeAt = (time: string) => new TOTP({ secret }).generate({ timestamp: Date.parse(time) });
  expect((await tell("ConfirmMfa", { code: codeAt(now) })).facts).toMatchObject([{ type: "auth.MfaConfirmed" }]);
  const later = "2026-01-01T00:01:00.000Z";
  expect((await tell("LogIn", { password: "wrong", code: codeAt(later) }, later)).facts).toMatchObject([{ data: { reason: "wrong_password" } }]);
  expect((await tell("LogIn", { password, code: codeAt(later) }, later)).facts).toMatchObject([{ type: "auth.LoginSucceeded" }]);
  expect((await tell("LogIn", { password, code: codeAt(later) }, later)).facts).toMatchObject([{ data: { reason: "wrong_code" } }]);
});
