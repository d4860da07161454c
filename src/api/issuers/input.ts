import { z } from "@hono/zod-openapi";
import { ALGORITHMS, keysFault } from "../../identity/jwks.ts";
import { LONGEST_SECRET, SECRET_ALGORITHMS, secretFault } from "../../identity/shared-secret.ts";
import { targetFault } from "../../kernel/index.ts";

const text = z.string().min(1).max(1_000);
/** What `keysFault` takes: told in the description alone, since its sentences teach more. */
const publicKeys = { minItems: 1, maxItems: 20, items: { type: "object", required: ["kty"], properties: { kty: { enum: ["RSA", "EC", "OKP"] } } } };
const jwks = z.strictObject({ keys: z.array(z.looseObject({ kty: z.string() })).openapi(publicKeys as object) });

const listed = (names: readonly string[]) => ({ type: "array", minItems: 1, maxItems: ALGORITHMS.length, items: { type: "string", enum: names } });
const none = { not: {} };
const ofSecret = (strongest: string, others: readonly string[], minLength: number) => ({
  required: ["secret", ...(strongest === "HS256" ? [] : ["algorithms"])],
  properties: {
    jwks: none,
    jwksUri: none,
    secret: { type: "string", minLength, maxLength: LONGEST_SECRET },
    algorithms: { ...listed([strongest, ...others]), contains: { const: strongest } },
  },
});
/** What proves the tokens: one of three; a secret as long as the strongest of its algorithms wants. The description alone has it, for the sentences of `issuerFault` teach more. */
const oneSource = [
  { required: ["jwks"], properties: { jwksUri: none, secret: none, algorithms: listed(ALGORITHMS) } },
  { required: ["jwksUri"], properties: { jwks: none, secret: none, algorithms: listed(ALGORITHMS) } },
  ofSecret("HS256", [], 32),
  ofSecret("HS384", ["HS256"], 48),
  ofSecret("HS512", ["HS384", "HS256"], 64),
];

const claimNames = z.strictObject({
  scopes: z.string().min(1).max(200),
  actor: z.string().min(1).max(200).optional(),
  roles: z.string().min(1).max(200).optional(),
});

/** What registers an issuer: the body of `POST /v1/issuers`. */
export const newIssuer = z
  .strictObject({
    issuer: text.describe("As it stands in `iss`"),
    audience: text.describe("What must stand in `aud`: best one that means this tenant alone"),
    jwks: jwks.optional().describe("Its public keys (RFC 7517)"),
    jwksUri: z.string().max(2_000).optional().describe("Where its public keys are, in the place of jwks"),
    secret: z
      .string()
      .optional()
      .describe(
        "What it signs with where it has no public keys: at least as long as the hash of its algorithm. Whoever knows it makes tokens. Sealed, and never shown",
      ),
    algorithms: z
      .array(z.enum([...ALGORITHMS, ...SECRET_ALGORITHMS]))
      .min(1)
      .max(ALGORITHMS.length)
      .optional()
      .describe(
        "What its tokens may be signed with; left out, RS256, ES256 and EdDSA, or HS256 with a secret. Those of secrets and those of public keys are never mixed",
      ),
    claims: claimNames.describe(
      "Which claims hold the scopes (a list, or parted by spaces) and the actor, `sub` where left out; a dot goes into an object; `roles` names the one that holds names of roles",
    ),
    memberships: z.boolean().optional().describe("Whether the actor also has the roles that `membership` of the platform domain gives to `<tenant>:<actor>`"),
  })
  .openapi("NewIssuer", {
    oneOf: oneSource as never,
    example: { issuer: "https://login.acme.example/", audience: "rivulet-acme", jwksUri: "https://login.acme.example/jwks.json", claims: { scopes: "scope" } },
  });

/** An issuer as it is asked for. */
export type NewIssuer = z.output<typeof newIssuer>;

/** What an issuer's tokens may be signed with where nothing is said. */
export function algorithmsOf({ algorithms, secret }: Pick<NewIssuer, "algorithms" | "secret">): readonly string[] {
  return algorithms ?? (secret === undefined ? ["RS256", "ES256", "EdDSA"] : ["HS256"]);
}

/** Why an issuer is not registered as it is asked for; undefined where it may be. */
export function issuerFault(asked: NewIssuer, allowLocal: boolean): { readonly path: string; readonly message: string } | undefined {
  const { jwks, jwksUri, secret } = asked;
  const [source, ...others] = Object.entries({ jwks, jwksUri, secret }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (source === undefined || others.length > 0) return { path: "jwks", message: "Expected one of jwks, jwksUri and secret" };
  const algorithms = algorithmsOf(asked);
  // With both on the list, a public key could be taken for a secret.
  const strange = algorithms.find((name) => SECRET_ALGORITHMS.includes(name as "HS256") !== (source === "secret"));
  if (strange !== undefined)
    return { path: "algorithms", message: `Expected algorithms of ${source === "secret" ? "secrets" : "public keys"}, got ${strange}` };
  const message =
    secret !== undefined ? secretFault(secret, algorithms) : jwks === undefined ? targetFault(jwksUri ?? "", { allowLocal }) : keysFault(jwks.keys);
  return message === undefined ? undefined : { path: source, message };
}
