import { SUBSCRIPTION_CATEGORY, subscriptionContext, type SubscriptionState } from "../../followers/subscription.ts";
import { ISSUER_CATEGORY, issuerContext, type IssuerState } from "../../identity/issuer.ts";
import type { SealContext } from "../../kernel/index.ts";
import { KEY_CATEGORY, keyContext, type KeyState } from "../../identity/key.ts";
import { secretContext, SOURCE_CATEGORY, type SourceState } from "../../webhooks/source.ts";

/** What seals a text anew; it throws `Unopened` where it opens with none of the keys. */
export type SealAnew = (sealed: string, context: SealContext) => Promise<string>;

/** A text that no key that is known opens: it stays as it is. */
export class Unopened extends Error {}

/** A command that has an aggregate keep its secrets as they are sealed now. */
export interface Anew {
  readonly name: string;
  readonly data: unknown;
}

/** A category whose aggregates hold sealed texts, and how they are sealed anew. */
export interface Holder {
  readonly category: string;
  /** Undefined where there is nothing to seal. Texts that are current already stay the same, and then the command decides nothing. */
  readonly anew: (state: unknown, place: { readonly tenant: string; readonly id: string }, seal: SealAnew) => Promise<Anew | undefined>;
}

/** Everything that holds sealed texts: what is not here is lost with the key it was sealed under. Those of accounts are sealed by the aggregate's own command. */
export const HOLDERS: readonly Holder[] = [
  {
    category: SOURCE_CATEGORY,
    async anew(state, { tenant, id }, seal) {
      const { configuration } = state as SourceState;
      if (configuration === undefined || configuration.secret === "") return undefined;
      const context = secretContext(tenant, id);
      const { secret, previousSecret } = configuration;
      const data = {
        ...configuration,
        secret: await seal(secret, context),
        ...(previousSecret !== undefined && { previousSecret: await seal(previousSecret, context) }),
      };
      return { name: "Configure", data };
    },
  },
  {
    category: SUBSCRIPTION_CATEGORY,
    async anew(state, { tenant, id }, seal) {
      const { settings } = state as SubscriptionState;
      if (settings?.sink.kind !== "push") return undefined;
      const context = subscriptionContext(tenant, id);
      const { headers, secret, previous } = settings.sink;
      const sink = {
        ...settings.sink,
        headers: headers === "" ? "" : await seal(headers, context),
        secret: await seal(secret, context),
        ...(previous && { previous: { ...previous, secret: await seal(previous.secret, context) } }),
      };
      return { name: "Change", data: { ...settings, sink } };
    },
  },
  {
    category: ISSUER_CATEGORY,
    async anew(state, { tenant, id }, seal) {
      const { settings } = state as IssuerState;
      return settings?.secret === undefined ? undefined : { name: "Reseal", data: { secret: await seal(settings.secret, issuerContext(tenant, id)) } };
    },
  },
  {
    category: KEY_CATEGORY,
    async anew(state, { tenant, id }, seal) {
      const { settings, previous, isRevoked } = state as KeyState;
      if (settings?.signing === undefined || isRevoked) return undefined;
      const context = keyContext(tenant, id);
      const before = previous?.signing;
      return {
        name: "Reseal",
        data: { signing: await seal(settings.signing, context), ...(before !== undefined && { previous: await seal(before, context) }) },
      };
    },
  },
  { category: "account", anew: async () => ({ name: "ResealSecrets", data: {} }) },
];
