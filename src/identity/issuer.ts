import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject, type SealContext, sealContext, sha256 } from "../kernel/index.ts";
import { countedLimit } from "./key.ts";

/** The category that issuers of tokens live in: one small aggregate for each, in the log of the tenant that takes them. */
export const ISSUER_CATEGORY = "rivulet_issuer";
/** And the one, in the tenant `default`, that says whose an issuer with an audience is: a token names no tenant. */
export const CLAIM_CATEGORY = "rivulet_issuer_claim";

const settings = z.object({
  issuer: z.string(),
  audience: z.string(),
  /** Public keys, as RFC 7517 has them; or where they are. */
  jwks: z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) }).optional(),
  jwksUri: z.string().optional(),
  /** Sealed: what it signs with, where it has no public keys. */
  secret: z.string().optional(),
  algorithms: z.array(z.string()),
  /** Which claims say what a token may do, and who it speaks for. */
  claims: z.object({ scopes: z.string(), actor: z.string(), roles: z.string().optional() }),
  /** Whether the actor also has the roles that the platform domain's membership gives him in this tenant. */
  memberships: z.boolean().optional(),
  /** What the one who registered it may do: no token may more. */
  grants: z.array(z.string()),
  /** The limits of the one who registered it: its tokens' requests count there. */
  within: z.array(countedLimit).optional(),
});

/** An issuer's settings as its events keep them. */
export type IssuerSettings = Readonly<z.output<typeof settings>>;

const issuerEvents = defineEvents("rivulet", {
  IssuerRegistered: settings,
  /** Under another MASTER_KEY; the secret is the same. */
  IssuerResealed: z.object({ secret: z.string() }),
  IssuerRemoved: z.object({}),
});
const claimEvents = defineEvents("rivulet", {
  IssuerClaimed: z.object({ tenant: z.string() }),
  IssuerReleased: z.object({}),
});

/** What is known of an issuer; no settings where it was never registered, or was removed. */
export interface IssuerState {
  readonly settings?: IssuerSettings;
}

/** Who makes tokens that a tenant takes. */
export const issuer = defineDecider({
  category: ISSUER_CATEGORY,
  events: issuerEvents,
  commands: { Register: settings, Reseal: z.object({ secret: z.string() }), Remove: z.object({}) },
  initialState: (): IssuerState => ({}),
  evolve: {
    IssuerRegistered: (_, { data }) => ({ settings: data }),
    IssuerResealed: (state, { data: { secret } }) => (state.settings === undefined ? state : { settings: { ...state.settings, secret } }),
    IssuerRemoved: () => ({}),
  },
  decide: {
    Register({ data }, { settings }) {
      if (settings === undefined) return issuerEvents.IssuerRegistered(data);
      return canonicalJson(settings) === canonicalJson(data)
        ? []
        : reject("issuer_exists", "This issuer is registered with this audience and other settings: delete it first.");
    },
    Reseal: ({ data }, { settings }) => (settings?.secret === undefined || settings.secret === data.secret ? [] : issuerEvents.IssuerResealed(data)),
    Remove: (_, { settings }) => (settings === undefined ? [] : issuerEvents.IssuerRemoved({})),
  },
  // What leaves the object is kept with answers, and nobody needs the secret there, sealed as it is.
  show({ settings }) {
    if (settings === undefined) return {};
    const { secret: _, ...open } = settings;
    return { settings: open };
  },
});

/** Whose an issuer with an audience is; nobody's before the first claim. */
export interface ClaimState {
  readonly tenant?: string;
}

/** One tenant for one issuer with one audience: otherwise a token would be good in two houses. */
export const issuerClaim = defineDecider({
  category: CLAIM_CATEGORY,
  events: claimEvents,
  commands: { Claim: z.object({ tenant: z.string() }), Release: z.object({ tenant: z.string() }) },
  initialState: (): ClaimState => ({}),
  evolve: {
    IssuerClaimed: (_, { data: { tenant } }) => ({ tenant }),
    IssuerReleased: () => ({}),
  },
  decide: {
    Claim: ({ data }, { tenant }) =>
      tenant === undefined
        ? claimEvents.IssuerClaimed(data)
        : tenant === data.tenant
          ? []
          : reject("issuer_exists", "This issuer is registered with this audience by another tenant."),
    Release: ({ data }, { tenant }) => (tenant === data.tenant ? claimEvents.IssuerReleased({}) : []),
  },
});

/** What an issuer with an audience is found by: 32 hexadecimal digits. */
export function issuerId(issuer: string, audience: string): string {
  return sha256(JSON.stringify([issuer, audience])).slice("sha256:".length, "sha256:".length + 32);
}

/** What binds an issuer's sealed secret to its place. */
export function issuerContext(tenant: string, id: string): SealContext {
  return sealContext(tenant, issuerStream(id));
}

/** The streams of an issuer and of its claim. */
export function issuerStream(id: string): string {
  return `${ISSUER_CATEGORY}-${id}`;
}
export function claimStream(id: string): string {
  return `${CLAIM_CATEGORY}-${id}`;
}
