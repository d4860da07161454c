import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "../../src/kernel/index.ts";
import { SHORT, shortSha256 } from "../../src/kernel/sha256.ts";

const theirs = (text: string): string => createHash("sha256").update(text).digest("hex");

test.each([
  // FIPS 180-2, appendix B, and the empty text.
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
])("%j has the digest of the standard", (text, digest) => {
  expect(shortSha256(text)).toBe(digest);
});

test("a text of any length up to its end has the digest that the runtime gives, also after a longer one", () => {
  for (let length = SHORT; length >= 0; length--) expect(shortSha256("a".repeat(length))).toBe(theirs("a".repeat(length)));
});

test("a text of any characters has it too", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: SHORT / 2 }), (text) => shortSha256(text) === theirs(text)),
    { numRuns: 200 },
  );
});

test.each(["é", "€", "\u{1f600}"])("the longest text of %s has it", (character) => {
  const text = character.repeat(SHORT / character.length);
  expect(shortSha256(text)).toBe(theirs(text));
});

test("where the one way ends and the other begins nothing changes", () => {
  for (const length of [SHORT - 1, SHORT, SHORT + 1]) expect(sha256("€".repeat(length))).toBe(`sha256:${theirs("€".repeat(length))}`);
});
