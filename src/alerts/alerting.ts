import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject } from "../kernel/index.ts";
import { FUNCTIONS, OPERATORS, SEVERITIES } from "../metrics/rule.ts";

/** The category that a tenant's alerting lives in: one small aggregate for all its rules, what fires, and what is silenced. */
export const ALERTING_CATEGORY = "rivulet_alerting";
/** Its stream: there is one in a tenant. */
export const ALERTING_STREAM = `${ALERTING_CATEGORY}-rules`;

/** Rules of a tenant, and alerts that fire at a time, at most. */
export const MAX_RULES = 100;
const MOST_FIRING = 1_000;

const labels = z.record(z.string(), z.string());

/** An alert rule as its events keep it. */
export const alertRule = z.object({
  metric: z.string(),
  condition: z.object({ function: z.enum(FUNCTIONS), operator: z.enum(OPERATORS), threshold: z.number(), overSeconds: z.int(), where: labels }),
  forSeconds: z.int(),
  severity: z.enum(SEVERITIES),
  labels,
  summary: z.string(),
});

const alert = z.object({ id: z.string(), labels, value: z.number(), since: z.string() });
/** What fires together comes together: one notification for a rule, whatever the number of its series. */
const notification = z.object({ rule: z.string(), severity: z.enum(SEVERITIES), labels, summary: z.string(), alerts: z.array(alert) });
const silence = z.object({
  id: z.string(),
  /** The one alert that is meant, or the labels of all that are. */
  alert: z.string().optional(),
  labels: labels.optional(),
  until: z.string(),
  reason: z.string().optional(),
});

const alertingEvents = defineEvents("rivulet", {
  AlertRuleSet: alertRule.extend({ name: z.string() }),
  AlertRuleRemoved: z.object({ name: z.string() }),
  AlertFired: notification,
  AlertResolved: notification,
  AlertSilenced: silence,
});

/** An alert that fires: its own labels are those of its series. */
export type FiringAlert = Readonly<z.output<typeof alert>> & { readonly rule: string };
export type Silence = Readonly<z.output<typeof silence>>;
type Rule = Readonly<z.output<typeof alertRule>>;

/** A tenant's alerting. */
export interface AlertingState {
  readonly rules: Readonly<Record<string, Rule>>;
  readonly firing: Readonly<Record<string, FiringAlert>>;
  readonly silences: readonly Silence[];
}

/** A tenant's alerting as an aggregate. What fires and what is over are events like others: a subscription delivers them, signed and retried. */
export const alerting = defineDecider({
  category: ALERTING_CATEGORY,
  events: alertingEvents,
  commands: {
    SetRule: alertRule.extend({ name: z.string() }),
    RemoveRule: z.object({ name: z.string() }),
    Fire: z.object({ rule: z.string(), alerts: z.array(alert) }),
    Resolve: z.object({ rule: z.string(), ids: z.array(z.string()) }),
    Silence: silence,
  },
  initialState: (): AlertingState => ({ rules: {}, firing: {}, silences: [] }),
  evolve: {
    AlertRuleSet: (state, { data: { name, ...rule } }) => ({ ...state, rules: { ...state.rules, [name]: rule } }),
    AlertRuleRemoved: (state, { data }) => ({ ...state, rules: without(state.rules, [data.name]) }),
    AlertFired: (state, { data: { rule, alerts } }) => ({
      ...state,
      firing: { ...state.firing, ...Object.fromEntries(alerts.map((one) => [one.id, { ...one, rule }])) },
    }),
    AlertResolved: (state, { data: { alerts } }) => ({
      ...state,
      firing: without(
        state.firing,
        alerts.map(({ id }) => id),
      ),
    }),
    // One that is over by the time that the next is set says nothing any more.
    AlertSilenced: (state, { data }) => ({ ...state, silences: [...state.silences.filter(({ id }) => id !== data.id).slice(-99), data] }),
  },
  decide: {
    SetRule({ data }, { rules }) {
      const { name, ...rule } = data;
      const known = Object.hasOwn(rules, name) ? rules[name] : undefined;
      if (known === undefined && Object.keys(rules).length >= MAX_RULES)
        return reject("too_many_rules", `Expected at most ${MAX_RULES} alert rules: delete one first.`);
      return known !== undefined && canonicalJson(known as never) === canonicalJson(rule as never) ? [] : alertingEvents.AlertRuleSet(data);
    },
    RemoveRule({ data: { name } }, state) {
      if (!Object.hasOwn(state.rules, name)) return [];
      const over = resolved(state, name, () => true);
      return over === undefined ? alertingEvents.AlertRuleRemoved({ name }) : [alertingEvents.AlertResolved(over), alertingEvents.AlertRuleRemoved({ name })];
    },
    Fire({ data: { rule, alerts } }, { rules, firing }) {
      const settings = Object.hasOwn(rules, rule) ? rules[rule] : undefined;
      const room = MOST_FIRING - Object.keys(firing).length;
      const news = alerts.filter(({ id }) => !Object.hasOwn(firing, id)).slice(0, Math.max(0, room));
      if (settings === undefined || news.length === 0) return [];
      const { severity, labels, summary } = settings;
      return alertingEvents.AlertFired({ rule, severity, labels, summary, alerts: news });
    },
    Resolve({ data: { rule, ids } }, state) {
      const over = resolved(state, rule, (id) => ids.includes(id));
      return over === undefined ? [] : alertingEvents.AlertResolved(over);
    },
    Silence: ({ data }, { silences }) =>
      silences.some((known) => canonicalJson(known as never) === canonicalJson(data as never)) ? [] : alertingEvents.AlertSilenced(data),
  },
});

function resolved({ rules, firing }: AlertingState, rule: string, isOver: (id: string) => boolean): z.output<typeof notification> | undefined {
  const alerts = Object.values(firing).flatMap(({ rule: own, ...one }) => (own === rule && isOver(one.id) ? [one] : []));
  if (alerts.length === 0) return undefined;
  const { severity = "warning", labels = {}, summary = "" } = rules[rule] ?? {};
  return { rule, severity, labels, summary, alerts };
}

function without<Value>(all: Readonly<Record<string, Value>>, names: readonly string[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
}
