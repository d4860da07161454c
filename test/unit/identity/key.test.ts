import { describe, expect, test } from "vitest";
import { goodUntil, key, type KeyState } from "../../../src/identity/key.ts";
import { isKeyId, newKeyText, readKeyText } from "../../../src/identity/key-text.ts";
import { keysView } from "../../../src/identity/keys-view.ts";
import type { LoggedEvent } from "../../../src/kernel/index.ts";
import { given } from "../../../src/testing/index.ts";

const settings = { name: "ci", scopes: ["events:write:note-*"], hash: "h1" };
const created = { type: "rivulet.KeyCreated", data: settings } as const;
const revoked = { type: "rivulet.KeyRevoked", data: {} } as const;
const everything = ["*:*"];
const NOON = Date.parse("2026-01-01T12:00:00.000Z");

describe("a key", () => {
  test("is made once, and again with another secret it is not", () => {
    given(key).when("Create", settings).then(created).thenOnce();
    given(key, created)
      .when("Create", { ...settings, hash: "h2" })
      .thenRejected("key_exists");
  });

  test("is revoked for good", () => {
    given(key, created).when("Revoke", {}).then(revoked).thenOnce();
    given(key, created, revoked).when("Rotate", { hash: "h2", scopes: everything }).thenRejected("no_such_key");
    given(key).when("Revoke", {}).then();
  });

  test("is rotated; the secret before counts until then", () => {
    const until = "2026-01-02T00:00:00.000Z";
    const rotated = { type: "rivulet.KeyRotated", data: { hash: "h2", previous: { hash: "h1", until } } } as const;
    given(key, created).when("Rotate", { hash: "h2", until, scopes: everything }).then(rotated).thenOnce();
    given(key, created)
      .when("Rotate", { hash: "h2", scopes: everything })
      .thenState({ settings: { ...settings, hash: "h2" }, isRevoked: false });
  });

  test("is rotated by nobody who could do more with it than he may", () => {
    given(key, created)
      .when("Rotate", { hash: "h2", scopes: ["events:write:note-1", "admin:*"] })
      .thenRejected("missing_scope");
    given(key, created)
      .when("Rotate", { hash: "h2", scopes: ["events:write"] })
      .thenOnce();
  });

  test("says once an hour that it was used", () => {
    const used = (at: string) => ({ type: "rivulet.KeyUsed", data: { at } }) as const;
    given(key, created).when("NoteUse", { at: "2026-01-01T10:00:00.000Z" }).then(used("2026-01-01T10:00:00.000Z")).thenOnce();
    given(key, created, used("2026-01-01T10:00:00.000Z")).when("NoteUse", { at: "2026-01-01T10:59:59.999Z" }).then();
    given(key, created, used("2026-01-01T10:00:00.000Z")).when("NoteUse", { at: "2026-01-01T11:00:00.000Z" }).then(used("2026-01-01T11:00:00.000Z"));
    given(key, created, revoked).when("NoteUse", { at: "2026-01-01T10:00:00.000Z" }).then();
  });

  test("shows no hash", () => {
    const state: KeyState = { settings, previous: { hash: "h0", until: "2026-01-02T00:00:00.000Z" }, isRevoked: false };
    expect(JSON.stringify(key.show(state))).not.toMatch(/h0|h1|hash/);
  });

  test("has a name that is free again once it is revoked", () => {
    expect(key.holds({ settings, isRevoked: false })).toEqual([{ scope: "rivulet/key", value: "ci" }]);
    expect(key.holds({ settings, isRevoked: true })).toEqual([]);
  });
});

describe("a secret opens a key", () => {
  const expiring = { ...settings, expiresAt: "2026-01-01T13:00:00.000Z" };
  const previous = { hash: "h0", until: "2026-01-01T12:30:00.000Z" };
  test.each<[string, KeyState, string, string | undefined]>([
    ["for ever", { settings, isRevoked: false }, "h1", "forever"],
    ["until it expires", { settings: expiring, isRevoked: false }, "h1", expiring.expiresAt],
    ["until the overlap is over", { settings: expiring, previous, isRevoked: false }, "h0", previous.until],
    ["not with another secret", { settings, isRevoked: false }, "h0", undefined],
    ["not where it is revoked", { settings, previous, isRevoked: true }, "h1", undefined],
    ["not where it was never made", { isRevoked: false }, "h1", undefined],
    ["not at the moment when it expires", { settings: { ...settings, expiresAt: "2026-01-01T12:00:00.000Z" }, isRevoked: false }, "h1", undefined],
    [
      "not at the moment when the overlap is over",
      { settings, previous: { hash: "h0", until: "2026-01-01T12:00:00.000Z" }, isRevoked: false },
      "h0",
      undefined,
    ],
  ])("%s", (_, state, hash, until) => {
    expect(goodUntil(state, hash, NOON)).toBe(until);
  });
});

describe("a key's text", () => {
  const id = "0193b1c5-8d2f-7c41-9b0e-3f1d5a6b7c8d";

  test("says whose it is and which, and is as long as chance of 256 bits", () => {
    const { text, hash } = newKeyText("acme-eu", id);
    expect(text).toMatch(/^rvk_acme-eu\.0193b1c5-8d2f-7c41-9b0e-3f1d5a6b7c8d\.[\w-]{43}$/);
    expect(readKeyText(text)).toEqual({ tenant: "acme-eu", id, hash });
    expect(newKeyText("acme-eu", id).hash).not.toBe(hash);
    expect(isKeyId(id)).toBe(true);
  });

  test.each([
    "",
    "rvk_",
    `rvk_acme.${id}`,
    `rvk_Acme.${id}.${"x".repeat(43)}`,
    `rvk_acme.${id}.${"x".repeat(42)}`,
    `rvk_acme.${id}.${"x".repeat(44)}`,
    `rvk_a/b.${id}.${"x".repeat(43)}`,
    `xrvk_acme.${id}.${"x".repeat(43)}`,
  ])("is nothing like %s", (text) => {
    expect(readKeyText(text)).toBeUndefined();
  });
});

test("the list of keys has no hash, and none that was revoked", () => {
  const event = (id: string, type: string, data: object): LoggedEvent =>
    ({ stream: `rivulet_key-${id}`, type, data: JSON.stringify(data), recorded: "2026-01-01T00:00:00.000Z" }) as unknown as LoggedEvent;
  const used = { at: "2026-01-01T10:00:00.000Z" };
  const events = [event("a", created.type, settings), event("b", created.type, settings), event("a", "rivulet.KeyUsed", used), event("b", revoked.type, {})];
  const statements = keysView.fold("default", events, []);
  expect(statements).toHaveLength(1);
  const row = { id: "a", name: "ci", scopes: settings.scopes, createdAt: "2026-01-01T00:00:00.000Z", lastUsedAt: used.at };
  expect(JSON.stringify(statements)).toContain(JSON.stringify(JSON.stringify([["a", JSON.stringify(row)]])));
  expect(keysView.concerns?.(event("a", "x.Y", {}))).toBe(true);
  expect(keysView.concerns?.({ stream: "rivulet_keys-a" } as LoggedEvent)).toBe(false);
});
