import { z } from "@hono/zod-openapi";
import { silencedUntil } from "../../../durable-objects/alerts/progress.ts";
import type { Alert } from "../../../durable-objects/alerts/contract.ts";
import { ALERTING_STREAM, type AlertingState } from "../../alerts/alerting.ts";
import { canonicalJson, durationMilliseconds, sha256 } from "../../kernel/index.ts";
import type { Executed, IdempotencyKey, Refusal } from "../../../durable-objects/aggregate/contract.ts";
import { type AlertRule, BUILT_IN, FUNCTIONS, OPERATORS, SEVERITIES } from "../../metrics/rule.ts";
import { durationBetween, labelsInput, ruleInput, ruleOf } from "../alerts-input.ts";
import { json } from "../answer.ts";
import { consistencyToken } from "../consistency.ts";
import { type Call, type Endpoint, invalidInput } from "../endpoint.ts";
import { withKey } from "../idempotency.ts";
import { platformMetadata } from "../metadata.ts";
import { idempotencyKey, keyed } from "../preconditions.ts";
import { notFound } from "../problem.ts";
import { refused } from "../refusal.ts";
import { page, time } from "../schemas.ts";

const TAG = "Observability";
const params = z.object({ name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "Expected 1 to 63 of [A-Za-z0-9._-], a letter or digit first") });
const labels = z.record(z.string(), z.string());
const MAX_BYTES = 65_536;
/** The longest silence (seconds). */
const LONGEST_SILENCE = 31_536_000;

const rule = z
  .object({
    name: z.string(),
    isOn: z.boolean().describe("False for a built-in rule that nobody has put"),
    metric: z.string(),
    condition: z.object({ function: z.enum(FUNCTIONS), operator: z.enum(OPERATORS), threshold: z.number(), over: z.string(), where: labels }),
    for: z.string(),
    severity: z.enum(SEVERITIES),
    labels,
    summary: z.string(),
  })
  .openapi("AlertRule");

async function alertingOf({ services, principal }: Pick<Call<unknown, unknown, unknown>, "services" | "principal">): Promise<AlertingState> {
  const { state } = await services.objectFor(principal.tenant, ALERTING_STREAM).state();
  return JSON.parse(state) as AlertingState;
}

interface Command {
  readonly name: "SetRule" | "RemoveRule" | "Silence";
  readonly data: object;
  readonly idempotency?: IdempotencyKey | undefined;
}

/** Whoever evaluates is woken before: were it only told afterwards, a rule could stand there and nobody look at it. */
async function command(
  call: Pick<Call<unknown, unknown, unknown>, "services" | "principal" | "correlationId" | "trace">,
  given: Command,
): Promise<Executed | Refusal> {
  const { services, principal } = call;
  const { name, data, idempotency } = given;
  if (name === "SetRule") await services.alertsFor(principal.tenant).wake();
  const sent = await services.objectFor(principal.tenant, ALERTING_STREAM).execute({
    command: { name, data },
    precondition: { kind: "none" },
    ...(idempotency && { idempotency }),
    source: "/v1/alerts",
    metadata: platformMetadata(call, principal.actor),
  });
  // What was woken may have looked before there was a rule, and let go.
  if (name === "SetRule") await services.alertsFor(principal.tenant).changed();
  return sent as Executed | Refusal;
}

function shownRule(name: string, { condition, forSeconds, ...rule }: AlertRule, isOn: boolean): object {
  const { overSeconds, ...others } = condition;
  return { name, isOn, ...rule, condition: { ...others, over: `PT${overSeconds}S` }, for: `PT${forSeconds}S` };
}

const tokenOf = (sent: Executed): Record<string, string> => ({ "consistency-token": consistencyToken(ALERTING_STREAM, sent.version) });

const own = <Value>(all: Readonly<Record<string, Value>>, name: string): Value | undefined => (Object.hasOwn(all, name) ? all[name] : undefined);

export const putAlertRule: Endpoint<typeof params, z.ZodObject, typeof ruleInput> = {
  method: "put",
  path: "/v1/alert-rules/{name}",
  operationId: "putAlertRule",
  scope: "admin:alerts",
  summary: "Set an alert rule, or turn a built-in one on, for which {} is enough",
  tag: TAG,
  params,
  body: { schema: ruleInput, maxBytes: MAX_BYTES },
  answers: {
    200: { description: "Changed, or already so", schema: rule, headers: ["Consistency-Token"] },
    201: { description: "Set", schema: rule, headers: ["Consistency-Token"] },
  },
  problems: [409, 429],
  async handle(call) {
    const { name } = call.params;
    const wanted = ruleOf(call.body, own(BUILT_IN, name));
    if ("length" in wanted) return invalidInput(wanted);
    const isNew = own((await alertingOf(call)).rules, name) === undefined;
    const sent = await command(call, { name: "SetRule", data: { name, ...wanted } });
    if (!sent.ok) return refused(sent);
    const location = { location: `/v1/alert-rules/${name}` };
    return json(shownRule(name, wanted, true), isNew ? 201 : 200, { ...tokenOf(sent), ...(isNew && location) });
  },
};

export const getAlertRule: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/alert-rules/{name}",
  operationId: "getAlertRule",
  scope: "alerts:read",
  summary: "An alert rule",
  tag: TAG,
  params,
  answers: { 200: { description: "The rule", schema: rule } },
  problems: [404],
  async handle(call) {
    const { name } = call.params;
    const set = own((await alertingOf(call)).rules, name);
    const found = set ?? own(BUILT_IN, name);
    return found === undefined ? noRule(name) : json(shownRule(name, found, set !== undefined));
  },
};

export const alertRules: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/alert-rules",
  operationId: "listAlertRules",
  scope: "alerts:read",
  summary: "All alert rules, and the built-in ones that could be turned on",
  tag: TAG,
  answers: { 200: { description: "All of them, in the order of names", schema: page(rule) } },
  async handle(call) {
    const { rules } = await alertingOf(call);
    const all = Object.entries({ ...BUILT_IN, ...rules }).sort(([one], [other]) => (one < other ? -1 : 1));
    return json({ items: all.map(([name, found]) => shownRule(name, found, Object.hasOwn(rules, name))), next: null });
  },
};

export const deleteAlertRule: Endpoint<typeof params, z.ZodObject, z.ZodType> = {
  method: "delete",
  path: "/v1/alert-rules/{name}",
  operationId: "deleteAlertRule",
  scope: "admin:alerts",
  summary: "Remove an alert rule, or turn a built-in one off; what it has firing is over",
  tag: TAG,
  params,
  answers: { 204: { description: "Removed", headers: ["Consistency-Token"] } },
  problems: [404, 429],
  async handle(call) {
    const { name } = call.params;
    if (own((await alertingOf(call)).rules, name) === undefined) return noRule(name);
    const sent = await command(call, { name: "RemoveRule", data: { name } });
    return sent.ok ? new Response(null, { status: 204, headers: tokenOf(sent) }) : refused(sent);
  },
};

function noRule(name: string): Response {
  return notFound(`There is no alert rule ${name}.`);
}

const alert = z
  .object({
    id: z.string(),
    rule: z.string(),
    state: z.enum(["pending", "firing"]).describe("pending: it holds, and its time has not come, or it is silenced"),
    severity: z.enum(SEVERITIES),
    labels: labels.describe("Those of its rule, and of its series"),
    value: z.number().describe("When it began to hold, or to fire"),
    since: z.string(),
    summary: z.string(),
    silencedUntil: z.string().optional(),
  })
  .openapi("Alert");

async function allAlerts(call: Pick<Call<unknown, unknown, unknown>, "services" | "principal">): Promise<readonly z.output<typeof alert>[]> {
  const { services, principal } = call;
  const [alerting, pending] = await Promise.all([alertingOf(call), services.alertsFor(principal.tenant).pending() as Promise<readonly Alert[]>]);
  const shown = (found: Alert, state: "pending" | "firing"): z.output<typeof alert> => {
    const settings = own(alerting.rules, found.rule);
    const until = silencedUntil(found, settings, alerting.silences, Date.now());
    const { severity = "warning", summary = "" } = settings ?? {};
    const silenced = until === undefined ? {} : { silencedUntil: until };
    return { ...found, state, severity, summary, labels: { ...settings?.labels, ...found.labels }, ...silenced };
  };
  const waiting = pending.filter(({ id, rule }) => !Object.hasOwn(alerting.firing, id) && Object.hasOwn(alerting.rules, rule));
  return [...Object.values(alerting.firing).map((one) => shown(one, "firing")), ...waiting.map((one) => shown(one, "pending"))].sort((one, other) =>
    one.since === other.since ? (one.id < other.id ? -1 : 1) : one.since < other.since ? -1 : 1,
  );
}

export const alerts: Endpoint<z.ZodObject, z.ZodObject, z.ZodType> = {
  method: "get",
  path: "/v1/alerts",
  operationId: "listAlerts",
  scope: "alerts:read",
  summary: "The alerts that fire, or are about to",
  tag: TAG,
  answers: { 200: { description: "All of them, the oldest first", schema: page(alert) } },
  handle: async (call) => json({ items: await allAlerts(call), next: null }),
};

const silenceInput = z
  .strictObject({
    for: durationBetween(1, LONGEST_SILENCE).optional(),
    until: time.optional().describe("In the place of `for`"),
    labels: labelsInput.optional().describe("Silences all alerts with these labels; `rule` and `severity` count among an alert's"),
    reason: z.string().max(500).optional(),
  })
  .openapi("SilenceInput", { example: { for: "PT1H", reason: "known, and being worked on" } });
const silenced = z.object({ alert: z.string().optional(), labels: labels.optional(), until: z.string(), reason: z.string().optional() }).openapi("Silence");
const ofAlert = z.object({ id: z.string().max(200) });

export const silenceAlert: Endpoint<typeof ofAlert, z.ZodObject, typeof silenceInput> = {
  method: "post",
  path: "/v1/alerts/{id}/silence",
  operationId: "silenceAlert",
  scope: "admin:alerts",
  summary: "Keep an alert, or all with some labels, from firing for a while; what fires already is not told again anyway",
  tag: TAG,
  params: ofAlert,
  headers: keyed,
  body: { schema: silenceInput, maxBytes: MAX_BYTES },
  answers: { 200: { description: "Silenced", schema: silenced, headers: ["Consistency-Token"] } },
  problems: [404, 409, 429],
  handle: silence,
};

async function silence(call: Call<{ id: string }, unknown, z.output<typeof silenceInput>>): Promise<Response> {
  const { body, params, principal, services } = call;
  const until = untilOf(body);
  if (until === undefined) return invalidInput([{ path: "for", message: "Expected one of for and until, and a time to come" }]);
  const idempotency = idempotencyKey(call.request, call.bytes);
  if (idempotency instanceof Response) return idempotency;
  return withKey(services, principal.tenant, idempotency, async () => {
    const found = (await allAlerts(call)).find(({ id }) => id === params.id);
    if (found === undefined) return notFound(`There is no alert ${params.id}.`);
    const { labels, reason } = body;
    const meant = { ...(labels === undefined ? { alert: params.id } : { labels }), until, ...(reason !== undefined && { reason }) };
    const id = labels === undefined ? params.id : sha256(canonicalJson(labels as never));
    const sent = await command(call, { name: "Silence", data: { id, ...meant }, idempotency });
    return sent.ok ? json(meant, 200, { ...tokenOf(sent), ...(sent.replayed && { "idempotency-replayed": "true" }) }) : refused(sent);
  });
}

/** When a silence ends (RFC 3339 UTC); undefined where that is not said, said twice, or past. */
function untilOf(body: z.output<typeof silenceInput>): string | undefined {
  if ((body.for === undefined) === (body.until === undefined)) return undefined;
  const end = body.until === undefined ? Date.now() + (durationMilliseconds(body.for ?? "") ?? 0) : Date.parse(body.until);
  return end > Date.now() && end < Date.now() + 2 * LONGEST_SILENCE * 1_000 ? new Date(end).toISOString() : undefined;
}
