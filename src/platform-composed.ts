import { alerting } from "./alerts/alerting.ts";
import { reservation } from "./commands/reservation.ts";
import { modules } from "./domains/index.ts";
import type { Overrides } from "./env.ts";
import { flows } from "./flows/index.ts";
import { handlerOperations } from "./followers/handler-operations.ts";
import { subscription } from "./followers/subscription.ts";
import { subscriptionsView } from "./followers/subscriptions-view.ts";
import { issuer, issuerClaim } from "./identity/issuer.ts";
import { issuersView } from "./identity/issuers-view.ts";
import { key } from "./identity/key.ts";
import { keysView } from "./identity/keys-view.ts";
import { origins } from "./identity/origins.ts";
import { role } from "./identity/role.ts";
import { rolesView } from "./identity/roles-view.ts";
import { tenant } from "./identity/tenant.ts";
import { tenantsView } from "./identity/tenants-view.ts";
import { type Decider, type Handler, type Module, type Saga, together, type View } from "./kernel/index.ts";
import { sagaDecider } from "./sagas/saga-decider.ts";
import { sagaHandler } from "./sagas/saga-handler.ts";
import { sagasView } from "./sagas/sagas-view.ts";
import { correlationsView } from "./views/correlations.ts";
import { countersView } from "./views/counters-view.ts";
import { eventTypesView } from "./views/event-types.ts";
import { rowView } from "./views/row-view.ts";
import { source, sourcesView } from "./webhooks/source.ts";

/** The platform's own aggregates. */
const OWN_DECIDERS: readonly Decider[] = [source, reservation, subscription, handlerOperations, key, tenant, issuer, issuerClaim, origins, role, alerting];
const OWN_VIEWS: readonly View[] = [eventTypesView, correlationsView, sourcesView, subscriptionsView, sagasView, keysView, tenantsView, issuersView, rolesView];

/** What the platform decides, shows and reacts with: its own and the domains'. */
export interface Platform {
  readonly domains: readonly Module[];
  /** By category; a saga's instances are aggregates, too. */
  readonly deciders: ReadonlyMap<string, Decider>;
  readonly sagas: readonly Saga[];
  /** The handlers that the domains declare. */
  readonly own: readonly Handler[];
  /** All handlers: those, and what starts and tells sagas. */
  readonly handlers: readonly Handler[];
  /** Which categories' deciders declare each event type. */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
  readonly views: readonly View[];
}

/** Puts together what is declared; throws where two declarations contradict each other. */
export function platformOf(overrides: Pick<Overrides, "modules" | "views">): Platform {
  const domains = overrides.modules ?? [...modules, flows];
  const all = together([{ name: "the platform", deciders: OWN_DECIDERS, projections: [], handlers: [], sagas: [] }, ...domains]);
  const deciders = new Map([...all.deciders, ...all.sagas.map(sagaDecider)].map((decider) => [decider.category, decider]));
  const owners = categoriesByType([...deciders.values()]);
  return {
    domains,
    deciders,
    sagas: all.sagas,
    own: all.handlers,
    handlers: [...all.handlers, ...all.sagas.map((saga) => sagaHandler(saga))],
    owners,
    views: overrides.views ?? [
      ...OWN_VIEWS,
      countersView(all.counters ?? [], (type) => owners.get(type)),
      ...all.projections.map((projection) => rowView(projection, (type) => owners.get(type))),
    ],
  };
}

/** Which categories' deciders declare each event type. */
function categoriesByType(deciders: readonly Decider[]): ReadonlyMap<string, ReadonlySet<string>> {
  const owners = new Map<string, Set<string>>();
  for (const { category, forms } of deciders) for (const type of forms.keys()) owners.set(type, (owners.get(type) ?? new Set()).add(category));
  return owners;
}
