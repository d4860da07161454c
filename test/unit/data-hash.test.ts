import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dataHash, GENESIS_HASH, type JsonText, sha256 } from "../../src/kernel/index.ts";
import { json } from "./support/json-texts.ts";

const hashOf = (text: string): string => dataHash(text as JsonText);

test("SHA-256 is of the text's UTF-8 bytes", () => {
  // FIPS 180-2's vector "abc", and U+20AC by its three bytes.
  expect(sha256("abc")).toBe("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256("€")).toBe(sha256(Uint8Array.of(0xe2, 0x82, 0xac)));
});

test("a stream's first event follows 64 zeros", () => {
  expect(GENESIS_HASH).toBe("sha256:0000000000000000000000000000000000000000000000000000000000000000");
});

test("it is SHA-256 over the RFC 8785 form, computed here by others' code", () => {
  fc.assert(
    fc.property(json, ({ tight }) => {
      const digest = createHash("sha256")
        .update(canonicalize(JSON.parse(tight)) ?? "")
        .digest("hex");
      expect(hashOf(tight)).toBe(`sha256:${digest}`);
    }),
  );
});

test("key order, white space, escapes and spellings of a number do not change it", () => {
  const hash = hashOf('{"a":100,"b":{"c":"é","d":0}}');
  expect(hashOf('{"b":{"d":0,"c":"é"},"a":100}')).toBe(hash);
  expect(hashOf(' { "a" : 1E+2 , "b" : { "c" : "\\u00e9" , "d" : -0.0 } } ')).toBe(hash);
});

test("another value has another hash", () => {
  fc.assert(
    fc.property(json, json, (one, other) => {
      const isSame = canonicalize(JSON.parse(one.tight)) === canonicalize(JSON.parse(other.tight));
      expect(hashOf(one.tight) === hashOf(other.tight)).toBe(isSame);
    }),
  );
});

test.each([
  ['{"a":1}', '{"a":2}'],
  ['{"a":1}', '{"b":1}'],
  ['{"a":1}', '{"a":"1"}'],
  ['{"a":1}', '{"a":1,"b":null}'],
  ["[1,2]", "[2,1]"],
  ["[[1],2]", "[[1,2]]"],
  ["null", "{}"],
  ['"a"', '"A"'],
])("%s and %s have different hashes", (one, other) => {
  expect(hashOf(one)).not.toBe(hashOf(other));
});
