import { z } from "zod";
import { allows, defineDecider, defineEvents, reject, type SealContext, sealContext } from "../kernel/index.ts";

/** The category that keys live in: one small aggregate for each, in the log of the tenant that it belongs to. */
export const KEY_CATEGORY = "rivulet_key";

/** How often (milliseconds) it is written down that a key was used. */
export const USE_NOTED = 3_600_000;

const requestLimit = z.object({ limit: z.int(), periodSeconds: z.int() });

/** What a key may ask for, at most. */
const limits = z.object({ requests: requestLimit });

/** A limit, and the key whose requests it counts: those of all that was made with that key among them. */
export const countedLimit = z.object({ key: z.string(), requests: requestLimit });
export type CountedLimit = Readonly<z.output<typeof countedLimit>>;

/** Limits that one request is counted in, at most: each is a call. */
export const MOST_LIMITS = 5;

const settings = z.object({
  name: z.string(),
  scopes: z.array(z.string()),
  /** Roles whose scopes it has as well, as they are when it asks. */
  roles: z.array(z.string()).optional(),
  /** RFC 3339. */
  expiresAt: z.string().optional(),
  limits: limits.optional(),
  /** The limits of what made it: its requests count there as well, so nobody asks more often by making keys. */
  within: z.array(countedLimit).optional(),
  /**
   * SHA-256 of the secret. A password needs a slow hash because people choose few of them; this is 256 bits of chance, which nobody
   * guesses however fast the hash is, and a fast one lets every request be checked.
   */
  hash: z.string(),
  /** Sealed: the secret of a key that signs requests. It never stands in one, so it must be known here too. */
  signing: z.string().optional(),
});

/** What a key is made with, as its events keep it. */
export type KeySettings = Readonly<z.output<typeof settings>>;

/** How many requests in how many seconds. */
export type RequestLimit = Readonly<z.output<typeof requestLimit>>;

const resealed = z.object({ signing: z.string(), previous: z.string().optional() });

const keyEvents = defineEvents("rivulet", {
  KeyCreated: settings,
  KeyRotated: z.object({
    hash: z.string(),
    signing: z.string().optional(),
    previous: z.object({ hash: z.string(), until: z.string(), signing: z.string().optional() }).optional(),
  }),
  /** Under another MASTER_KEY; the secrets are the same. */
  KeyResealed: resealed,
  KeyUsed: z.object({ at: z.string() }),
  KeyRevoked: z.object({}),
});

/** What is known of a key; no settings before it is made. */
export interface KeyState {
  readonly settings?: KeySettings;
  /** The secret before, which counts until then (RFC 3339). */
  readonly previous?: { readonly hash: string; readonly until: string; readonly signing?: string | undefined };
  readonly isRevoked: boolean;
  /** To the hour. */
  readonly usedAt?: string;
}

/** A key of a tenant, as an aggregate: whoever makes, rotates or revokes one leaves a trace like any other event's. */
export const key = defineDecider({
  category: KEY_CATEGORY,
  events: keyEvents,
  commands: {
    Create: settings,
    /** `until`: how long the secret before counts as well (RFC 3339); `scopes`: what the one who rotates it may do. */
    Rotate: z.object({ hash: z.string(), signing: z.string().optional(), until: z.string().optional(), scopes: z.array(z.string()) }),
    Reseal: resealed,
    NoteUse: z.object({ at: z.string() }),
    Revoke: z.object({}),
  },
  initialState: (): KeyState => ({ isRevoked: false }),
  evolve: {
    KeyCreated: (_, { data }) => ({ settings: data, isRevoked: false }),
    KeyRotated: ({ settings, isRevoked, usedAt }, { data: { hash, signing, previous } }) => ({
      ...(settings && { settings: { ...settings, hash, ...(signing !== undefined && { signing }) } }),
      ...(previous && { previous }),
      isRevoked,
      ...(usedAt !== undefined && { usedAt }),
    }),
    KeyResealed: (state, { data: { signing, previous } }) => ({
      ...state,
      ...(state.settings && { settings: { ...state.settings, signing } }),
      ...(state.previous && previous !== undefined && { previous: { ...state.previous, signing: previous } }),
    }),
    KeyUsed: (state, { data: { at } }) => ({ ...state, usedAt: at }),
    KeyRevoked: (state) => ({ ...state, isRevoked: true }),
  },
  decide: {
    Create: ({ data }, { settings }) =>
      settings === undefined ? keyEvents.KeyCreated(data) : settings.hash === data.hash ? [] : reject("key_exists", "There is a key of this id already."),
    Rotate({ data: { hash, signing, until, scopes } }, { settings, isRevoked }) {
      if (settings === undefined || isRevoked) return reject("no_such_key", "There is no such key: it was never made, or was revoked.");
      if (settings.hash === hash) return [];
      // Who rotates a key is shown it, and could do with it what he may not do himself.
      const missing = settings.scopes.find((scope) => !allows(scopes, scope));
      if (missing !== undefined) return reject("missing_scope", missing);
      const previous = { hash: settings.hash, ...(settings.signing !== undefined && { signing: settings.signing }) };
      return keyEvents.KeyRotated({ hash, ...(signing !== undefined && { signing }), ...(until !== undefined && { previous: { ...previous, until } }) });
    },
    Reseal({ data }, { settings, previous, isRevoked }) {
      if (settings?.signing === undefined || isRevoked) return [];
      return settings.signing === data.signing && previous?.signing === data.previous ? [] : keyEvents.KeyResealed(data);
    },
    NoteUse({ data: { at } }, { settings, isRevoked, usedAt }) {
      const isNoted = usedAt !== undefined && Date.parse(at) - Date.parse(usedAt) < USE_NOTED;
      return settings === undefined || isRevoked || isNoted ? [] : keyEvents.KeyUsed({ at });
    },
    Revoke: (_, { settings, isRevoked }) => (settings === undefined || isRevoked ? [] : keyEvents.KeyRevoked({})),
  },
  // Nobody needs the hashes outside, and what leaves the object is kept with answers.
  show({ settings, previous, ...state }) {
    if (settings === undefined) return state;
    const { hash: _hash, signing, ...others } = settings;
    const open = { ...others, ...(signing !== undefined && { signing: true }) };
    return { ...state, settings: open, ...(previous && { previous: { until: previous.until } }) };
  },
  unique: {
    wants: { Create: ({ data: { name } }) => [{ scope: "rivulet/key", value: name }] },
    holds: ({ settings, isRevoked }) => (settings === undefined || isRevoked ? [] : [{ scope: "rivulet/key", value: settings.name }]),
    frees: ["Revoke"],
    taken: reject("key_exists", "There is a key of this name already: choose another name, or revoke that key first."),
  },
});

/** Every limit that a key's requests count in, its own first. */
export function limitsOf(id: string, { limits, within = [] }: Pick<KeySettings, "limits" | "within">): readonly CountedLimit[] {
  return [...(limits ? [{ key: id, requests: limits.requests }] : []), ...within];
}

/** What binds a key's sealed secrets to their place. */
export function keyContext(tenant: string, id: string): SealContext {
  return sealContext(tenant, keyStream(id));
}

/** The stream that a key lives in. */
export function keyStream(id: string): string {
  return `${KEY_CATEGORY}-${id}`;
}

/** Until when (RFC 3339) a secret with this hash opens a key, `forever` where nothing ends it; undefined where it does not, at this time. */
export function goodUntil({ settings, previous, isRevoked }: KeyState, hash: string, now: number): string | "forever" | undefined {
  if (settings === undefined || isRevoked) return undefined;
  const isPrevious = previous?.hash === hash;
  if (settings.hash !== hash && !isPrevious) return undefined;
  const ends = [settings.expiresAt, isPrevious ? previous.until : undefined].filter((end) => end !== undefined).sort((a, b) => Date.parse(a) - Date.parse(b));
  const [first] = ends;
  if (first === undefined) return "forever";
  return Date.parse(first) > now ? first : undefined;
}
