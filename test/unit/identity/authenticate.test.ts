import { beforeEach, describe, expect, test } from "vitest";
import { authenticate, type Asking } from "../../../src/api/principal.ts";
import { Believed } from "../../../src/identity/believed.ts";
import { KeySets } from "../../../src/identity/jwks.ts";
import type { KeyState } from "../../../src/identity/key.ts";
import { newKeyText } from "../../../src/identity/key-text.ts";
import type { TenantState } from "../../../src/identity/tenant.ts";

const id = "0193b1c5-8d2f-7c41-9b0e-3f1d5a6b7c8d";
const made = newKeyText("acme", id);
const ask = (bearer?: string, headers: Record<string, string> = {}): Request =>
  new Request("https://rivulet.test/v1/streams", { headers: { ...headers, ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) } });

const ROLES = ["views:read:*", "streams:read"];

let calls: string[];
let state: KeyState;
let services: Asking;

beforeEach(() => {
  calls = [];
  state = { settings: { name: "ci", scopes: ["streams:read"], hash: made.hash }, isRevoked: false, usedAt: new Date().toISOString() };
  const read =
    <Value>(what: string, value: () => Value) =>
    async (name: string): Promise<Value> => {
      calls.push(`${what} ${name}`);
      return value();
    };
  services = {
    adminKey: "the-admin-key",
    keys: new Believed(
      read("key", () => state),
      Date.now,
    ),
    tenants: new Believed<TenantState>(
      read("tenant", () => ({ isSuspended: false })),
      Date.now,
    ),
    issuers: new Believed<Awaited<ReturnType<Asking["issuers"]["fresh"]>>>(
      read("issuer", () => undefined),
      Date.now,
    ),
    keySets: new KeySets(() => Promise.reject(new Error("nobody is called")), { allowLocal: false }),
    roles: new Believed<readonly string[] | undefined>(
      read("role", () => ROLES),
      Date.now,
    ),
    members: new Believed<readonly string[]>(
      read("member", () => []),
      Date.now,
    ),
    sealer: undefined,
    takeNonce: async () => true,
    send: async ({ command }) => {
      calls.push(`send ${command}`);
      return { ok: false, code: "fault", detail: "" };
    },
  };
});

describe("who asks is known", () => {
  test("by the admin key at once, with no call; for another tenant with one, which says that it is not deleted", async () => {
    expect(authenticate(ask("the-admin-key"), services)).toEqual({ tenant: "default", actor: "key:admin", scopes: ["*:*"] });
    expect(calls).toEqual([]);
    const admin = { tenant: "acme", actor: "key:admin", scopes: ["*:*"] };
    expect(await authenticate(ask("the-admin-key", { "tenant-id": "acme" }), services)).toEqual(admin);
    for (let time = 0; time < 100; time++) expect(authenticate(ask("the-admin-key", { "tenant-id": "acme" }), services)).toEqual(admin);
    expect(calls).toEqual(["tenant acme"]);
  });

  test("by a key with one call for it and one for its tenant, and then at once", async () => {
    const principal = await authenticate(ask(made.text), services);
    expect(calls).toEqual([`key acme/${id}`, "tenant acme"]);
    expect(principal).toMatchObject({ tenant: "acme", actor: "key:ci", scopes: ["streams:read"], credential: { key: id } });
    for (let time = 0; time < 100; time++) expect(authenticate(ask(made.text), services)).toEqual(principal);
    expect(calls).toHaveLength(2);
  });

  test("by a key with roles, whose scopes it has as well, with one more call for each, and then at once", async () => {
    state = { ...state, settings: { name: "ci", scopes: ["streams:read"], roles: ["reader"], hash: made.hash } };
    const first = await authenticate(ask(made.text), services);
    expect(first).toMatchObject({ scopes: ["streams:read", "views:read:*"] });
    expect(calls).toEqual([`key acme/${id}`, "tenant acme", "role acme/reader"]);
    expect(authenticate(ask(made.text), services)).toEqual(first);
    expect(calls).toHaveLength(3);
  });

  test("by a key though its use cannot be written down", async () => {
    state = { ...state, usedAt: "2020-01-01T00:00:00.000Z" };
    expect(await authenticate(ask(made.text), services)).toMatchObject({ actor: "key:ci" });
    expect(calls.at(-1)).toBe("send NoteUse");
  });
});

describe("nobody is known", () => {
  const refused = async (asked: Request): Promise<number> => ((await authenticate(asked, services)) as Response).status;

  test("without a key, by another, or by what only looks like one; and what can be none costs no call", async () => {
    for (const bearer of [undefined, "the-admin-kez", "the-admin-key2", "rvk_acme", "x".repeat(10_000)]) expect(await refused(ask(bearer))).toBe(401);
    expect(calls).toEqual([]);
    expect(await refused(ask(newKeyText("acme", id).text))).toBe(401);
    // Nor is a tenant asked for, and the key's own object once in five seconds, however often somebody guesses.
    for (let guess = 0; guess < 100; guess++) expect(await refused(ask(newKeyText("acme", id).text))).toBe(401);
    expect(calls).toEqual([`key acme/${id}`]);
  });

  test("by any key, where the deployment has no ADMIN_KEY: it fails closed", async () => {
    services = { ...services, adminKey: undefined };
    for (const bearer of [made.text, "the-admin-key", "", "undefined"]) expect(await refused(ask(bearer))).toBe(401);
    expect(calls).toEqual([]);
  });
});
