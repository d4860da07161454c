import { randomBytes, scryptSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { sealContext, uuid7Time } from "../../src/kernel/index.ts";
import { ports } from "../../src/ports.ts";
import { sealerOf } from "../support/vault.ts";

const MASTER_KEY = "a master key of many characters";
const of = (stream: string, masterKey: string = MASTER_KEY) => ports({ sealer: sealerOf(masterKey), context: sealContext("t", stream) });
const { passwords, secrets, random, newId } = of("account-1");
const without = ports({ sealer: undefined, context: sealContext("t", "account-1") });

/** A hash of another cost, as an older or a newer version of the platform may have made it. */
const hashOf = (password: string, { N, r, p, bytes = 32 }: { N: number; r: number; p: number; bytes?: number }): string => {
  const salt = randomBytes(16);
  return `scrypt$${N}$${r}$${p}$${salt.toString("base64url")}$${scryptSync(password, salt, bytes, { N, r, p }).toString("base64url")}`;
};

describe("a password's hash", () => {
  test("names how it was made, with a salt of 16 bytes and a hash of 32", async () => {
    expect(await passwords.hash("correct horse battery")).toMatch(/^scrypt\$16384\$8\$2\$[\w-]{22}\$[\w-]{43}$/);
  });

  test("is another each time, and holds for its password and no other", async () => {
    const [one, other] = [await passwords.hash("correct horse battery"), await passwords.hash("correct horse battery")];
    expect(one).not.toBe(other);
    expect(await passwords.verify("correct horse battery", one)).toBe(true);
    expect(await passwords.verify("correct horse battery", other)).toBe(true);
    for (const wrong of ["", "correct horse batterY", "correct horse battery ", one]) expect(await passwords.verify(wrong, one), wrong).toBe(false);
  });

  test("holds for a password that was typed another way", async () => {
    expect(await passwords.verify("cafe\u0301 \u2460 eine Tasse", await passwords.hash("caf\u00e9 1 eine Tasse"))).toBe(true);
  });

  test("of an older cost, a newer one or another length still holds", async () => {
    for (const cost of [
      { N: 1024, r: 8, p: 1 },
      { N: 16_384, r: 8, p: 1 },
      { N: 1024, r: 8, p: 1, bytes: 64 },
      { N: 1024, r: 8, p: 1, bytes: 16 },
    ]) {
      expect(await passwords.verify("old", hashOf("old", cost)), JSON.stringify(cost)).toBe(true);
      expect(await passwords.verify("new", hashOf("old", cost)), JSON.stringify(cost)).toBe(false);
    }
  });

  test("works without a MASTER_KEY", async () => {
    expect(await without.passwords.verify("a", await without.passwords.hash("a"))).toBe(true);
  });
});

describe("a text that is no hash", () => {
  const salt = "A".repeat(22);

  test.each([
    ["nothing", ""],
    ["of another function", `bcrypt$10$${salt}$${"A".repeat(43)}`],
    ["of no bytes, which would fit every password", `scrypt$1024$8$1$${salt}$`],
    ["of fewer than 16 bytes", `scrypt$1024$8$1$${salt}$${"A".repeat(21)}`],
    ["with more behind it", `scrypt$1024$8$1$${salt}$${"A".repeat(43)}$`],
  ])("fits no password, and makes nothing fail: %s", async (_, text) => {
    expect(await passwords.verify("a", text)).toBe(false);
  });

  test.each([
    ["more memory than there may be", "131072$8$1"],
    ["more memory than there may be, by its blocks", "16384$99$1"],
    ["a cost that is no power of two", "1000$8$1"],
    ["no cost at all", "1$8$1"],
    ["blocks of nothing", "1024$0$1"],
    ["nothing at a time", "1024$8$0"],
  ])("fits no password, and makes nothing fail: one that asks for %s", async (_, cost) => {
    expect(await passwords.verify("a", `scrypt$${cost}$${salt}$${"A".repeat(43)}`)).toBe(false);
  });

  test("fits no password, not even its own: one that asks for more work than there may be", async () => {
    const made = "scrypt$16384$8$9$AAAAAAAAAAAAAAAAAAAAAA$Jnk446vhYNQsYKm4OJhIRgGVuc28xKTLGLoBFRcJMzQ";
    expect(await passwords.verify("a", made)).toBe(false);
  });
});

describe("a secret", () => {
  test("comes back as it was, and its sealed text says nothing of it", async () => {
    const sealed = await secrets.seal("JBSWY3DPEHPK3PXP");
    expect(sealed).not.toContain("JBSWY3DPEHPK3PXP");
    expect(await secrets.open(sealed)).toBe("JBSWY3DPEHPK3PXP");
    expect(await of("account-1").secrets.open(sealed)).toBe("JBSWY3DPEHPK3PXP");
  });

  test("opens for no other aggregate, under no other key, and not when it was changed", async () => {
    const sealed = await secrets.seal("JBSWY3DPEHPK3PXP");
    const refused = "expected a secret that was sealed under this MASTER_KEY, for this aggregate";
    await expect(of("account-2").secrets.open(sealed)).rejects.toThrow(refused);
    await expect(of("account-1", "another key of many characters").secrets.open(sealed)).rejects.toThrow(refused);
    await expect(secrets.open(`${sealed.slice(0, -2)}AA`)).rejects.toThrow(refused);
  });

  test("is neither sealed nor opened without a MASTER_KEY, and the error says so", async () => {
    const refused = "expected MASTER_KEY to be set, since secrets are sealed under it";
    await expect(without.secrets.seal("a")).rejects.toThrow(refused);
    await expect(without.secrets.open(await secrets.seal("a"))).rejects.toThrow(refused);
  });
});

test("random bytes are as many as were asked for, and others each time", () => {
  expect([0, 1, 20].map((bytes) => random(bytes).length)).toEqual([0, 1, 20]);
  expect(random(20)).not.toEqual(random(20));
});

test("a new id is a UUIDv7 of now", () => {
  const before = Date.now();
  const [one, other] = [newId(), newId()];
  expect(one).not.toBe(other);
  expect(uuid7Time(one)).toBeGreaterThanOrEqual(before);
  expect(uuid7Time(one)).toBeLessThanOrEqual(Date.now());
});
