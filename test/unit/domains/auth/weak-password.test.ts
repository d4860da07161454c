import { describe, expect, test } from "vitest";
import { isWeak } from "../../../../src/domains/auth/weak-password.ts";

const email = "ada.lovelace@example.com";

describe("a password is weak", () => {
  test.each([
    ["of nine characters", "tr0ub4dor"],
    ["of nothing", ""],
    ["of nine characters that are eighteen code units", "🐎🔋📎🐎🔋📎🐎🔋📎"],
    ["of one character repeated", "zzzzzzzzzzzzzzzz"],
    ["of one pair of code units repeated", "🐎".repeat(12)],
    ["that is the address's local part", "ada.lovelace"],
    ["that is the local part in capitals", "ADA.Lovelace"],
    ["that is the whole address", "ada.lovelace@example.com"],
    ["that is among the commonest", "password123"],
    ["that is among the commonest, in capitals", "QwertyUiop"],
    ["that is digits in a row", "1234567890"],
  ])("%s", (_, password) => {
    expect(isWeak(password, email)).toBe(true);
  });
});

describe("a password is not weak", () => {
  test.each([
    ["of ten characters", "tr0ub4dor&"],
    ["of ten characters beyond the first plane", "🐎🔋📎🐎🔋📎🐎🔋📎🔋"],
    ["of words", "correct horse battery"],
    ["that only contains the local part", "ada.lovelace1815"],
    ["of two characters in turn", "abababababab"],
  ])("%s", (_, password) => {
    expect(isWeak(password, email)).toBe(false);
  });
});

test("the local part ends at the last @", () => {
  expect(isWeak('"a@b@c@d@e"', '"a@b@c@d@e"@example.com')).toBe(true);
});
