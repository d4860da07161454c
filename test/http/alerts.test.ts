import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { alertsFor, type ObjectNamespaces } from "../../durable-objects/object-for.ts";
import { append, expectProblem, get, ok, type Page, send, type StoredEvent } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { eventually } from "./eventually.ts";

interface Rule {
  readonly name: string;
  readonly isOn: boolean;
  readonly metric: string;
  readonly condition: object;
  readonly for: string;
}

interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly state: string;
  readonly labels: object;
  readonly silencedUntil?: string;
}

const objectOf = (tenant: string) => alertsFor(env as unknown as ObjectNamespaces, tenant);
/** Evaluates now what the alarm would in a while; says whether there is one. */
const evaluate = (tenant: string): Promise<boolean> => runDurableObjectAlarm(objectOf(tenant));
const isArmed = async (tenant: string): Promise<boolean> => (await runInDurableObject(objectOf(tenant), (_, { storage }) => storage.getAlarm())) !== null;

async function tenant(name: string): Promise<{ authorization: string }> {
  return (await makeKey("all", ["*:*"], {}, { "tenant-id": name })).as;
}

const put = (name: string, body: object, as: object) => send("PUT", `/v1/alert-rules/${name}`, body, { ...as });
const alertsOf = async (as: object): Promise<readonly Alert[]> => ok<Page<Alert>>(await get("/v1/alerts", { ...as })).items;
const note = { type: "notes.NoteAdded", data: { n: 1 } };

/** Any event in the log is reason enough. */
const anyEvent = { metric: "rivulet_log_position", condition: { threshold: 0 } };

async function told(as: object): Promise<readonly (readonly [type: string, alerts: number])[]> {
  const { items } = ok<Page>(await get("/v1/streams/rivulet_alerting-rules/events", { ...as }));
  const notifications = items.filter(({ type }) => /Alert(Fired|Resolved)$/.test(type));
  return notifications.map(({ type, data }: StoredEvent) => [type, (data as { alerts: readonly unknown[] }).alerts.length]);
}

test("a rule is set, shown, changed and removed; a repeat changes nothing", async () => {
  const as = await tenant("alert-rules");
  const body = { ...anyEvent, for: "PT1M", severity: "critical", labels: { team: "shop" }, summary: "There is something." };
  const made = await put("any", body, as);
  expect([made.status, made.headers.get("location")]).toEqual([201, "/v1/alert-rules/any"]);
  const shown = {
    name: "any",
    isOn: true,
    for: "PT60S",
    condition: { function: "value", operator: ">", threshold: 0, over: "PT300S", where: {} },
    labels: { team: "shop" },
  };
  expect(made.json<Rule>()).toMatchObject(shown);
  expect(ok<Rule>(await get("/v1/alert-rules/any", as))).toMatchObject(shown);
  const again = await put("any", body, as);
  expect([again.status, again.headers.get("consistency-token")]).toEqual([200, made.headers.get("consistency-token")]);
  expect(ok<Rule>(await put("any", { ...body, for: "PT0S" }, as))).toMatchObject({ for: "PT0S" });
  expect((await send("DELETE", "/v1/alert-rules/any", undefined, as)).status).toBe(204);
  expectProblem(await get("/v1/alert-rules/any", as), 404);
  expectProblem(await send("DELETE", "/v1/alert-rules/any", undefined, as), 404);
});

test("built-in rules stand ready, and {} turns one on", async () => {
  const as = await tenant("alert-built-in");
  const { items } = ok<Page<Rule>>(await get("/v1/alert-rules", as));
  expect(items.map(({ name, isOn }) => [name, isOn])).toContainEqual(["dead-letters", false]);
  expect(ok<Rule>(await get("/v1/alert-rules/fork", as))).toMatchObject({ isOn: false, metric: "rivulet_log_forked_streams" });
  expect((await put("dead-letters", {}, as)).json<Rule>()).toMatchObject({ isOn: true, metric: "rivulet_dead_letters" });
  expect(ok<Rule>(await put("gap", { for: "PT5M" }, as))).toMatchObject({ metric: "rivulet_log_missing_positions", for: "PT300S" });
});

test.each([
  ["no metric", { condition: { threshold: 0 } }, "metric"],
  ["no condition", { metric: "rivulet_dead_letters" }, "condition"],
  ["a metric that there is not", { ...anyEvent, metric: "rivulet_wishes" }, "metric"],
  ["a label that the metric has not", { ...anyEvent, condition: { threshold: 0, where: { follower: "x" } } }, "condition.where.follower"],
  ["a quantile of a number", { ...anyEvent, condition: { threshold: 0, function: "p95" } }, "condition.function"],
  ["a share of everything", { metric: "rivulet_requests_total", condition: { threshold: 0, function: "share" } }, "condition.where"],
  ["a window that is too long", { ...anyEvent, condition: { threshold: 0, over: "P1D" } }, "condition.over"],
  ["a time that is none", { ...anyEvent, for: "soon" }, "for"],
  ["a field that there is not", { ...anyEvent, forever: true }, ""],
])("a rule with %s is refused, with the place", async (_, body, path) => {
  const problem = expectProblem(await put("refused", body, {}), 422, "invalid_input");
  expect(problem.errors?.[0]?.path).toBe(path);
  expectProblem(await get("/v1/alert-rules/refused"), 404);
});

test("an alert fires when its rule holds, once, and is over when it holds no more; with the last rule goes the alarm", async () => {
  const as = await tenant("alert-fires");
  expect(await isArmed("alert-fires")).toBe(false);
  await put("any", anyEvent, as);
  await append("note-1", [note], as);
  await eventually(
    "the log to have it",
    async () => (await get("/v1/events", as)).text,
    (text) => text.includes("NoteAdded"),
  );
  await evaluate("alert-fires");
  expect(await alertsOf(as)).toMatchObject([{ rule: "any", state: "firing", labels: {} }]);
  expect(await evaluate("alert-fires")).toBe(true);
  expect(await told(as)).toEqual([["rivulet.AlertFired", 1]]);
  await put("any", { ...anyEvent, condition: { threshold: 1_000_000 } }, as);
  await evaluate("alert-fires");
  expect(await alertsOf(as)).toEqual([]);
  expect(await told(as)).toEqual([
    ["rivulet.AlertFired", 1],
    ["rivulet.AlertResolved", 1],
  ]);
  expect(await isArmed("alert-fires")).toBe(true);
  await send("DELETE", "/v1/alert-rules/any", undefined, as);
  expect(await evaluate("alert-fires")).toBe(true);
  expect(await evaluate("alert-fires")).toBe(false);
});

test("what fires together is told together; another tenant has nothing of it", async () => {
  const as = await tenant("alert-group");
  await append("note-1", [note], as);
  await put("every-view", { metric: "rivulet_view_lag_events", condition: { operator: ">=", threshold: 0 } }, as);
  await evaluate("alert-group");
  const [fired, ...more] = await told(as);
  expect(more).toEqual([]);
  expect(fired?.[1]).toBeGreaterThan(10);
  const other = await tenant("alert-other");
  expect(await alertsOf({ ...other, "tenant-id": "alert-group" })).toEqual([]);
  const [{ id }] = (await alertsOf(as)) as [Alert];
  expectProblem(await send("POST", `/v1/alerts/${id}/silence`, { for: "PT1H" }, other), 404);
});

test("a pending alert that is silenced does not fire: by itself, or with all that have its labels", async () => {
  const as = await tenant("alert-silence");
  await append("note-1", [note], as);
  const position = async (): Promise<number> => ok<Page<StoredEvent>>(await get("/v1/events", as)).items.length;
  await eventually("the log to have it", position, (length) => length > 0);
  for (const name of ["one", "two", "three"]) await put(name, { ...anyEvent, for: "PT1H", labels: { team: name === "three" ? "b" : "a" } }, as);
  await evaluate("alert-silence");
  const pending = await alertsOf(as);
  expect(pending.map(({ rule, state }) => [rule, state]).sort()).toEqual([
    ["one", "pending"],
    ["three", "pending"],
    ["two", "pending"],
  ]);
  const idOf = (rule: string): string => pending.find((alert) => alert.rule === rule)?.id ?? "";
  const silence = (rule: string, body: object) => send("POST", `/v1/alerts/${idOf(rule)}/silence`, body, as);
  expect(ok<object>(await silence("three", { for: "PT1H", reason: "known" }))).toMatchObject({ alert: idOf("three"), reason: "known" });
  expect(ok<object>(await silence("one", { for: "PT1H", labels: { team: "a" } }))).toMatchObject({ labels: { team: "a" } });
  for (const name of ["one", "two", "three"]) await put(name, { ...anyEvent, labels: { team: name === "three" ? "b" : "a" } }, as);
  await put("four", anyEvent, as);
  await evaluate("alert-silence");
  const after = await alertsOf(as);
  expect(after.map(({ rule, state, silencedUntil }) => [rule, state, silencedUntil !== undefined]).sort()).toEqual([
    ["four", "firing", false],
    ["one", "pending", true],
    ["three", "pending", true],
    ["two", "pending", true],
  ]);
});

test.each([[{}], [{ for: "PT1H", until: "2099-01-01T00:00:00Z" }], [{ until: "2020-01-01T00:00:00Z" }], [{ for: "PT0S" }]])(
  "a silence has one end, and one to come: %j is refused",
  async (body) => {
    expectProblem(await send("POST", "/v1/alerts/x/silence", body), 422, "invalid_input");
  },
);

test("rules are set with admin:alerts, and alerts read with alerts:read", async () => {
  const { as } = await makeKey("reader-of-alerts", ["alerts:read"]);
  expect((await get("/v1/alerts", as)).status).toBe(200);
  expect(expectProblem(await put("x", {}, as), 403, "missing_scope")).toMatchObject({ missingScope: "admin:alerts" });
});
