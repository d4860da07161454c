import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sealContext } from "../../src/kernel/index.ts";
import { keysIn } from "../../src/webhooks/seal.ts";
import { sealerOf, Vault } from "../support/vault.ts";

const KEY = "a master key of more than 16 characters";
const CONTEXT = sealContext("default", "rivulet_source-shop");
const elsewhere = (place: string) => ({ ...CONTEXT, place });
const SECRET = "It's a Secret to Everybody";
const { seal, open } = sealerOf(KEY);

const bytesOf = (part: string): Buffer => Buffer.from(part, "base64url");
const parts = async (text = SECRET): Promise<[form: string, keyId: string, nonce: string, ciphertext: string]> => {
  const sealed = (await seal(text, CONTEXT)).split(".");
  expect(sealed).toHaveLength(4);
  return sealed as [string, string, string, string];
};

describe("what was sealed", () => {
  test("opens for its context, also by another sealer of the same key", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 100 }), fc.string({ unit: "binary" }), async (text, place) => {
        const sealed = await seal(text, elsewhere(place));
        expect(await open(sealed, elsewhere(place))).toBe(text);
        expect(await sealerOf(KEY).open(sealed, elsewhere(place))).toBe(text);
      }),
    );
  });

  test("opens to the character where it begins with a byte order mark", async () => {
    expect(await open(await seal("\ufeffsecret", CONTEXT), CONTEXT)).toBe("\ufeffsecret");
  });

  test("opens where it is large", async () => {
    const text = "é".repeat(16_384);
    expect(await open(await seal(text, CONTEXT), CONTEXT)).toBe(text);
  });

  test("has the form v2.<key id>.<nonce>.<ciphertext>, base64url, and shows nothing", async () => {
    const [form, keyId, nonce, ciphertext] = await parts();
    expect(form).toBe("v2");
    for (const part of [keyId, nonce, ciphertext]) expect(part).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(bytesOf(nonce)).toHaveLength(12);
    expect(bytesOf(ciphertext)).toHaveLength(SECRET.length + 16);
    expect(bytesOf(ciphertext).includes("Secret")).toBe(false);
  });

  test("differs each time, in its nonce and in its bytes", async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => parts()));
    expect(new Set(all.map(([, , nonce]) => nonce)).size).toBe(100);
    expect(new Set(all.map(([, , , ciphertext]) => ciphertext)).size).toBe(100);
    expect(new Set(all.map(([, keyId]) => keyId)).size).toBe(1);
  });
});

describe("it does not open", () => {
  test.each(["", "default/rivulet_source-shop2", "other/rivulet_source-shop", "default/rivulet_source-Shop"])("for another context: %j", async (place) => {
    expect(await open(await seal(SECRET, CONTEXT), elsewhere(place))).toBeUndefined();
  });

  test("under another key", async () => {
    expect(await sealerOf(`${KEY}.`).open(await seal(SECRET, CONTEXT), CONTEXT)).toBeUndefined();
  });

  test("under another key, though it bears that key's id", async () => {
    const other = sealerOf(`${KEY}.`);
    const [form, , nonce, ciphertext] = await parts();
    const [, otherId] = (await other.seal("x", CONTEXT)).split(".");
    expect(await other.open([form, otherId, nonce, ciphertext].join("."), CONTEXT)).toBeUndefined();
  });

  test("with the id of another key", async () => {
    const [form, , nonce, ciphertext] = await parts();
    const [, otherId] = (await sealerOf(`${KEY}.`).seal(SECRET, CONTEXT)).split(".");
    expect(await open([form, otherId, nonce, ciphertext].join("."), CONTEXT)).toBeUndefined();
  });

  test("with any one bit of nonce or ciphertext changed", async () => {
    const [form, keyId, ...secret] = await parts();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1), fc.nat(), fc.nat(7), async (which, at, bit) => {
        const bytes = secret.map(bytesOf);
        const changed = bytes[which] as Buffer;
        const place = at % changed.length;
        changed[place] = (changed[place] as number) ^ (1 << bit);
        expect(await open([form, keyId, ...bytes.map((each) => each.toString("base64url"))].join("."), CONTEXT)).toBeUndefined();
      }),
    );
  });

  test("with any one character changed", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const opened: string[] = [];
    // Three lengths, so that the last character has no, two and four bits to spare.
    for (const text of [SECRET, `${SECRET}.`, `${SECRET}..`]) {
      const sealed = await seal(text, CONTEXT);
      for (const [at, char] of [...sealed].entries()) {
        const changed = `${sealed.slice(0, at)}${alphabet[alphabet.indexOf(char) ^ 1] ?? "A"}${sealed.slice(at + 1)}`;
        if ((await open(changed, CONTEXT)) !== undefined) opened.push(`character ${at + 1} of ${sealed.length}`);
      }
    }
    expect(opened).toEqual([]);
  });

  test("cut short, at any place", async () => {
    const sealed = await seal(SECRET, CONTEXT);
    for (let length = 0; length < sealed.length; length++) expect(await open(sealed.slice(0, length), CONTEXT)).toBeUndefined();
  });

  test.each([".", ".x", "=", " ", "A"])("with %j behind it", async (tail) => {
    expect(await open(`${await seal(SECRET, CONTEXT)}${tail}`, CONTEXT)).toBeUndefined();
  });

  test("with the nonce of another", async () => {
    const [form, keyId, , ciphertext] = await parts();
    const [, , nonce] = await parts();
    expect(await open([form, keyId, nonce, ciphertext].join("."), CONTEXT)).toBeUndefined();
  });

  test("where it was never sealed", async () => {
    const [form, keyId, nonce] = await parts();
    for (const text of [
      "",
      "v1",
      SECRET,
      "v1...",
      "....",
      `v3.${keyId}.${nonce}.AAAA`,
      `v2.${keyId}.${nonce}.AAAA`,
      `${form}.${keyId}.${nonce}`,
      `${form}.${keyId}..`,
      `${form}.${keyId}.é.é`,
    ]) {
      expect(await open(text, CONTEXT)).toBeUndefined();
    }
    await fc.assert(fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => (await open(`${form}.${keyId}.${text}`, CONTEXT)) === undefined));
  });
});

describe("after the key was changed", () => {
  const changed = sealerOf("another master key of many characters", { older: [KEY] });

  test("what the one before has sealed still opens, where it was sealed for, and is known as its", async () => {
    const before = await seal(SECRET, CONTEXT);
    expect(await changed.open(before, CONTEXT)).toBe(SECRET);
    expect(await changed.open(before, elsewhere(`${CONTEXT.place}x`))).toBeUndefined();
    expect(await changed.isCurrent(before)).toBe(false);
  });

  test("what is sealed from now on does not open with the one before", async () => {
    const after = await changed.seal(SECRET, CONTEXT);
    expect(await changed.isCurrent(after)).toBe(true);
    expect(await changed.open(after, CONTEXT)).toBe(SECRET);
    expect(await open(after, CONTEXT)).toBeUndefined();
  });

  test("what is no sealed text is not current", async () => {
    for (const text of ["", "v1", "v1...", SECRET]) expect(await changed.isCurrent(text)).toBe(false);
  });
});

describe("a tenant's key", () => {
  const vault = new Vault();
  const ofTenant = (tenant: string) => ({ tenant, place: CONTEXT.place });
  const mine = sealerOf(KEY, { vault });

  test("opens nothing of another tenant, though its place is the same", async () => {
    expect(await mine.open(await mine.seal(SECRET, ofTenant("acme")), ofTenant("bolt"))).toBeUndefined();
  });

  test("opens nothing that was sealed with other bytes under the same master key", async () => {
    expect(await sealerOf(KEY, { vault: new Vault() }).open(await mine.seal(SECRET, ofTenant("acme")), ofTenant("acme"))).toBeUndefined();
  });

  test("is asked for once by an isolate, whatever is sealed and opened with it", async () => {
    const vault = new Vault();
    const isolate = sealerOf(KEY, { vault });
    const sealed = await isolate.seal(SECRET, ofTenant("acme"));
    for (let n = 0; n < 10; n++) expect(await isolate.open(sealed, ofTenant("acme"))).toBe(SECRET);
    expect(await isolate.open(await isolate.seal(SECRET, ofTenant("bolt")), ofTenant("bolt"))).toBe(SECRET);
    expect(await isolate.open(sealed, ofTenant("acme"))).toBe(SECRET);
    expect(vault.asked).toEqual(["acme", "bolt"]);
  });

  test("is not asked for where the master key is not known", async () => {
    const vault = new Vault();
    const sealed = await mine.seal(SECRET, ofTenant("acme"));
    expect(await sealerOf(`${KEY}.`, { vault }).open(sealed, ofTenant("acme"))).toBeUndefined();
    expect(vault.asked).toEqual([]);
  });

  test("that cannot be read now makes sealing and opening fail, which is not remembered", async () => {
    const vault = new Vault();
    const sealed = await sealerOf(KEY, { vault }).seal(SECRET, ofTenant("acme"));
    const isolate = sealerOf(KEY, { vault });
    vault.fault = new Error("not now");
    await expect(isolate.open(sealed, ofTenant("acme"))).rejects.toThrow("not now");
    await expect(isolate.seal(SECRET, ofTenant("acme"))).rejects.toThrow("not now");
    vault.fault = undefined;
    expect(await isolate.open(sealed, ofTenant("acme"))).toBe(SECRET);
  });

  test("is remembered for 1,000 tenants, those that were asked for last", async () => {
    const vault = new Vault();
    const isolate = sealerOf(KEY, { vault });
    const ask = (tenant: number) => isolate.seal("", ofTenant(`t${tenant}`));
    for (let n = 0; n < 1_000; n++) await ask(n);
    await ask(0);
    await ask(1_000);
    expect(vault.asked).toHaveLength(1_001);
    await ask(0);
    expect(vault.asked).toHaveLength(1_001);
    await ask(1);
    expect(vault.asked.slice(1_001)).toEqual(["t1"]);
  });
});

describe("a tenant's key that was destroyed", () => {
  const context = { tenant: "gone", place: "gone/rivulet_source-shop" };
  const beginning = Date.now();

  test("leaves what it has sealed closed, also to an isolate that knows every master key there ever was", async () => {
    const vault = new Vault();
    const sealed = await sealerOf(KEY, { vault }).seal(SECRET, context);
    const before = { older: [KEY], vault };
    expect(await sealerOf("another master key", before).open(sealed, context)).toBe(SECRET);
    vault.destroy("gone");
    for (const isolate of [sealerOf(KEY, { vault }), sealerOf("another master key", before)]) expect(await isolate.open(sealed, context)).toBeUndefined();
  });

  test("is used no longer than five minutes by an isolate that remembers it, however often it is asked for", async () => {
    const vault = new Vault();
    let now = beginning;
    const isolate = sealerOf(KEY, { vault, now: () => now });
    const sealed = await isolate.seal(SECRET, context);
    vault.destroy("gone");
    for (const later of [1, 150_000, 299_999]) {
      now = beginning + later;
      expect(await isolate.open(sealed, context)).toBe(SECRET);
    }
    now = beginning + 300_000;
    expect(await isolate.open(sealed, context)).toBeUndefined();
  });

  test("seals nothing any more: whoever tries is told that the tenant is deleted", async () => {
    const vault = new Vault();
    vault.destroy("gone");
    await expect(sealerOf(KEY, { vault }).seal(SECRET, context)).rejects.toMatchObject({ name: "TenantKeyDestroyed", code: "tenant_deleted", tenant: "gone" });
  });
});

describe("a text of the form before, v1, whose key was that of all tenants", () => {
  // Sealed by the version before this one, under KEY and for CONTEXT.
  const BEFORE = "v1.yGj9nmgR.TQ3xaTCN4IDQ6_9g.nG9mHcL31bHIHU0DW0qxYzV-RPQJnJgWqfF8QkUEFGkh5UNdckhuaR-l";
  const PARTS = BEFORE.split(".");

  test("opens, for its context and under its key only, and is not current", async () => {
    const changed = sealerOf("another master key of many characters", { older: [KEY] });
    expect(await open(BEFORE, CONTEXT)).toBe(SECRET);
    expect(await changed.open(BEFORE, CONTEXT)).toBe(SECRET);
    expect(await open(BEFORE, elsewhere(`${CONTEXT.place}x`))).toBeUndefined();
    expect(await sealerOf(`${KEY}.`).open(BEFORE, CONTEXT)).toBeUndefined();
    expect(await sealerOf(KEY).isCurrent(BEFORE)).toBe(false);
  });

  test("does not open as one of today's, nor one of today's as it", async () => {
    expect(await open(["v2", ...PARTS.slice(1)].join("."), CONTEXT)).toBeUndefined();
    const [, ...now] = await parts();
    expect(await open(["v1", ...now].join("."), CONTEXT)).toBeUndefined();
  });

  test("does not open here once its tenant's key is destroyed", async () => {
    const vault = new Vault();
    vault.destroy(CONTEXT.tenant);
    expect(await sealerOf(KEY, { vault }).open(BEFORE, CONTEXT)).toBeUndefined();
  });
});

test("the keys before stand in one variable, parted by spaces", () => {
  expect([undefined, "", " ", "a", " a  b\nc "].map(keysIn)).toEqual([[], [], [], ["a"], ["a", "b", "c"]]);
});
