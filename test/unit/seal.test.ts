import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keysIn, sealer } from "../../src/webhooks/seal.ts";

const KEY = "a master key of more than 16 characters";
const CONTEXT = "default/rivulet_source-shop";
const SECRET = "It's a Secret to Everybody";
const { seal, open } = sealer(KEY);

const bytesOf = (part: string): Buffer => Buffer.from(part, "base64url");
const parts = async (text = SECRET): Promise<[form: string, keyId: string, nonce: string, ciphertext: string]> => {
  const sealed = (await seal(text, CONTEXT)).split(".");
  expect(sealed).toHaveLength(4);
  return sealed as [string, string, string, string];
};

describe("what was sealed", () => {
  test("opens for its context, also by another sealer of the same key", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 100 }), fc.string({ unit: "binary" }), async (text, context) => {
        const sealed = await seal(text, context);
        expect(await open(sealed, context)).toBe(text);
        expect(await sealer(KEY).open(sealed, context)).toBe(text);
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

  test("has the form v1.<key id>.<nonce>.<ciphertext>, base64url, and shows nothing", async () => {
    const [form, keyId, nonce, ciphertext] = await parts();
    expect(form).toBe("v1");
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
  test.each(["", "default/rivulet_source-shop2", "other/rivulet_source-shop", "default/rivulet_source-Shop"])("for another context: %j", async (context) => {
    expect(await open(await seal(SECRET, CONTEXT), context)).toBeUndefined();
  });

  test("under another key", async () => {
    expect(await sealer(`${KEY}.`).open(await seal(SECRET, CONTEXT), CONTEXT)).toBeUndefined();
  });

  test("under another key, though it bears that key's id", async () => {
    const other = sealer(`${KEY}.`);
    const [form, , nonce, ciphertext] = await parts();
    const [, otherId] = (await other.seal("x", CONTEXT)).split(".");
    expect(await other.open([form, otherId, nonce, ciphertext].join("."), CONTEXT)).toBeUndefined();
  });

  test("with the id of another key", async () => {
    const [form, , nonce, ciphertext] = await parts();
    const [, otherId] = (await sealer(`${KEY}.`).seal(SECRET, CONTEXT)).split(".");
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
  const changed = sealer("another master key of many characters", [KEY]);

  test("what the one before has sealed still opens, where it was sealed for, and is known as its", async () => {
    const before = await seal(SECRET, CONTEXT);
    expect(await changed.open(before, CONTEXT)).toBe(SECRET);
    expect(await changed.open(before, `${CONTEXT}x`)).toBeUndefined();
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

test("the keys before stand in one variable, parted by spaces", () => {
  expect([undefined, "", " ", "a", " a  b\nc "].map(keysIn)).toEqual([[], [], [], ["a"], ["a", "b", "c"]]);
});
