import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyHmac } from "../../src/webhooks/hmac.ts";

/** GitHub's documented vector: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation */
const SECRET = "It's a Secret to Everybody";
const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));
const PAYLOAD = utf8("Hello, World!");
const DIGITS = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

const HASHES = ["SHA-256", "SHA-1", "SHA-512"] as const;
const digitsOf = (hash: string, secret: string, bytes: Uint8Array): string => createHmac(hash.replace("-", ""), secret).update(bytes).digest("hex");

describe("the HMAC of the bytes", () => {
  test("is GitHub's documented one", async () => {
    expect(await verifyHmac("SHA-256", SECRET, DIGITS, PAYLOAD)).toBe(true);
  });

  test.each([
    // RFC 4231, test cases 1 and 2, and RFC 2202's test case 2.
    ["SHA-256", "\u000b".repeat(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    ["SHA-256", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    [
      "SHA-512",
      "Jefe",
      "what do ya want for nothing?",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ],
    ["SHA-1", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
  ] as const)("%s under %j of %j is the RFC's", async (hash, secret, text, digits) => {
    expect(await verifyHmac(hash, secret, digits, utf8(text))).toBe(true);
  });

  test("is node:crypto's, for any secret and bytes, in either case of digits", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...HASHES),
        fc.string({ unit: "binary", minLength: 1 }),
        fc.uint8Array({ maxLength: 300 }),
        async (hash, secret, bytes) => {
          const digits = digitsOf(hash, secret, bytes);
          expect(await verifyHmac(hash, secret, digits, bytes.slice())).toBe(true);
          expect(await verifyHmac(hash, secret, digits.toUpperCase(), bytes.slice())).toBe(true);
        },
      ),
    );
  });
});

describe("it is not", () => {
  test("of other bytes", async () => {
    for (const text of ["Hello, World", "Hello, World!\n", "hello, World!", ""]) {
      expect(await verifyHmac("SHA-256", SECRET, DIGITS, utf8(text))).toBe(false);
    }
  });

  test("under another secret", async () => {
    for (const secret of ["it's a Secret to Everybody", `${SECRET} `, "x"]) expect(await verifyHmac("SHA-256", secret, DIGITS, PAYLOAD)).toBe(false);
  });

  test("of another hash", async () => {
    for (const hash of ["SHA-1", "SHA-512"] as const) expect(await verifyHmac(hash, SECRET, DIGITS, PAYLOAD)).toBe(false);
  });

  test("with any one digit changed", async () => {
    for (const [at, digit] of [...DIGITS].entries()) {
      const changed = `${DIGITS.slice(0, at)}${((Number.parseInt(digit, 16) + 1) % 16).toString(16)}${DIGITS.slice(at + 1)}`;
      expect(await verifyHmac("SHA-256", SECRET, changed, PAYLOAD)).toBe(false);
    }
  });

  test.each(["", "7", "75", DIGITS.slice(2), DIGITS.slice(0, -2), DIGITS.slice(0, -1), `${DIGITS}00`, `00${DIGITS}`, `sha256=${DIGITS}`])(
    "of another length: %s",
    async (digits) => {
      expect(await verifyHmac("SHA-256", SECRET, digits, PAYLOAD)).toBe(false);
    },
  );

  test.each([`${DIGITS}0`, `${DIGITS}\n`, DIGITS.replace("07", "7g"), DIGITS.replace("07", " 7"), DIGITS.replace("04", "+4")])(
    "where the text is not its digits: %j",
    async (digits) => {
      expect(await verifyHmac("SHA-256", SECRET, digits, PAYLOAD)).toBe(false);
    },
  );
});
