import { z } from "@hono/zod-openapi";
import { ADMIN } from "../principal.ts";
import type { KeyRow } from "../../identity/keys-view.ts";
import { MAX_ROLES, ROLE_PATTERN } from "../../identity/role.ts";
import { SCOPE_PATTERN } from "../../kernel/index.ts";
import { time } from "../schemas.ts";

/** Scopes of one key, and requests of one limit, at most. */
export const MAX_SCOPES = 100;
const MAX_REQUESTS = 100_000;
const MAX_PERIOD = 86_400;

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "Expected 1 to 63 of [A-Za-z0-9._-], a letter or digit first")
  .refine((name) => `key:${name}` !== ADMIN, "Expected another name: the events of ADMIN_KEY have this one");

export const scope = z
  .string()
  .regex(SCOPE_PATTERN, "Expected <area>:<verb> or <area>:<verb>:<topic>, such as events:write:note-*")
  .openapi({ example: "events:write:note-*" });

const roleName = z.string().regex(ROLE_PATTERN, "Expected a role's name: 1 to 63 of [A-Za-z0-9._-], a letter or digit first");

const limits = z.strictObject({ requests: z.strictObject({ limit: z.int().min(1).max(MAX_REQUESTS), periodSeconds: z.int().min(1).max(MAX_PERIOD) }) });

/** What makes a key: the body of `POST /v1/keys`. */
export const newKey = z
  .strictObject({
    name,
    scopes: z.array(scope).min(1).max(MAX_SCOPES).optional(),
    roles: z.array(roleName).min(1).max(MAX_ROLES).optional().describe("Roles whose scopes it has as well, as they are when it asks"),
    expiresAt: time.optional().describe("After this it is refused; left out, it is good until it is revoked"),
    signing: z.literal(true).optional().describe("It is never sent: requests are signed with its secret (RFC 9421), and it opens nothing as a Bearer"),
    limits: limits.optional().describe("Never more than `limit` requests in any `periodSeconds`"),
  })
  .refine(({ scopes, roles }) => scopes !== undefined || roles !== undefined, { path: ["scopes"], message: "Expected scopes, or roles, or both" })
  .openapi("NewKey", {
    anyOf: [{ required: ["scopes"] }, { required: ["roles"] }] as never,
    example: { name: "ci", scopes: ["events:write:note-*", "streams:read:note-*"] },
  });

/** A key as it is shown: nothing of it opens anything. */
export const keyLine = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    roles: z.array(z.string()).optional(),
    signing: z.literal(true).optional(),
    expiresAt: z.string().optional(),
    limits: z.object({ requests: z.object({ limit: z.int(), periodSeconds: z.int() }) }).optional(),
    createdAt: z.string(),
    rotatedAt: z.string().optional(),
    lastUsedAt: z.string().optional().describe("To the hour"),
  })
  .openapi("Key");

/** A key as it is shown once. */
export const keyShownOnce = keyLine.omit({ createdAt: true, rotatedAt: true, lastUsedAt: true }).extend({
  key: z.string().optional().describe("What is sent as `Authorization: Bearer`. It is shown here and never again, also not to a repeat"),
  signingKey: z
    .object({ keyid: z.string(), secret: z.string() })
    .optional()
    .describe("Of a key that signs, in the place of `key`: what its signatures name, and the secret, whose characters are the key of the HMAC. Shown once"),
  previousUntil: z.string().optional().describe("Until when the one before counts as well"),
});

/** What a row says, or the settings of an aggregate. */
export function shownKey({
  id,
  name,
  scopes,
  roles,
  signing,
  expiresAt,
  limits,
}: Pick<KeyRow, "id" | "name" | "scopes" | "roles" | "expiresAt" | "limits"> & { readonly signing?: unknown }) {
  return {
    id,
    name,
    scopes,
    ...(roles !== undefined && { roles }),
    ...(signing !== undefined && { signing: true as const }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(limits !== undefined && { limits }),
  };
}
