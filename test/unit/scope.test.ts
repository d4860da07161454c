import { describe, expect, test } from "vitest";
import { allows, EVERYTHING, SCOPE_PATTERN } from "../../src/kernel/index.ts";

describe("a grant reaches", () => {
  test.each([
    ["events:write:note-1", "events:write:note-1"],
    ["events:write:note-*", "events:write:note-1"],
    ["events:write:*", "events:write:note-1"],
    ["events:write", "events:write:note-1"],
    ["events:*", "events:critical"],
    ["streams:read", "streams:read"],
    ["streams:read:*", "streams:read"],
    ["streams:read:order-*", "streams:read:order-*"],
    ["streams:read:o*-*", "streams:read:order-*"],
    ["streams:read:github-octo:*", "streams:read:github-octo:hello"],
    ["commands:order:Place*", "commands:order:PlaceOrder"],
    ["commands:*:PlaceOrder", "commands:order:PlaceOrder"],
    ["admin:*", "admin:keys"],
    ["admin:*", "admin:keys:any"],
    [EVERYTHING, "streams:purge:note-1"],
    ["views:read:*a*b*", "views:read:xxaxxbxx"],
  ])("%s: %s", (granted, needed) => {
    expect(allows(["x:y", granted], needed)).toBe(true);
  });
});

describe("a grant does not reach", () => {
  test.each([
    ["events:write:note-1", "events:write:note-12"],
    ["events:write:note-*", "events:write:notes-1"],
    ["events:write:note-*", "events:write"],
    ["events:write:note-*", "events:write:*"],
    ["events:write:note-*", "events:read:note-1"],
    ["events:write", "events:critical"],
    ["streams:read:order-1", "streams:read:order-*"],
    ["streams:read:order-*", "streams:read:*"],
    ["streams:read:order-*", "streams:read"],
    ["commands:order:*", "commands:orders:PlaceOrder"],
    ["admin:keys", "admin:*"],
    ["admin:*", EVERYTHING],
    ["*:read", "events:write:a-1"],
    ["views:read:*a*b", "views:read:xxaxxbx"],
    ["", "events:write:a-1"],
    ["events", "events:write:a-1"],
  ])("%s: %s", (granted, needed) => {
    expect(allows([granted], needed)).toBe(false);
    expect(allows([], needed)).toBe(false);
  });
});

test("a pattern of many stars is no work", () => {
  expect(allows([`views:read:${"*a".repeat(190)}`], `views:read:${"a".repeat(380)}b`)).toBe(false);
});

describe("a scope is written as", () => {
  test.each(["events:write:note-*", "streams:read", "commands:order:PlaceOrder", "admin:*", "*:*", "dead-letters:read", "commands:rivulet_key:X"])(
    "%s",
    (scope) => {
      expect(scope).toMatch(SCOPE_PATTERN);
    },
  );
  test.each([
    "",
    "*",
    "events",
    "events:",
    ":write",
    "Events:write",
    "events:write:",
    "events:write:a b",
    "events:write:a/b",
    `events:write:${"x".repeat(400)}`,
  ])("nothing like %s", (scope) => {
    expect(scope).not.toMatch(SCOPE_PATTERN);
  });
});
