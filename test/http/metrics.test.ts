import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { append, expectProblem, get, newerThan, ok, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";
import { eventually } from "./eventually.ts";

interface Metric {
  readonly name: string;
  readonly series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value?: number; readonly count?: number }[];
}

interface Figures {
  readonly metrics: readonly Metric[];
  readonly bill: { readonly items: readonly { readonly item: string; readonly quantity: number; readonly dollars: number }[]; readonly total: number };
}

const note = { type: "notes.NoteAdded", data: { n: 1 } };

async function tenant(name: string): Promise<{ authorization: string }> {
  return (await makeKey("all", ["*:*"], {}, { "tenant-id": name })).as;
}

const figures = async (as: object): Promise<Figures> => ok<Figures>(await get("/v1/metrics", { ...as }));

/** A series' number, or how many observations it has; 0 where it is not there. */
function valueOf({ metrics }: Figures, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const own = metrics.find((metric) => metric.name === name)?.series ?? [];
  const found = own.filter((series) => Object.entries(labels).every(([label, value]) => series.labels[label] === value));
  return found.reduce((sum, { value, count }) => sum + (value ?? count ?? 0), 0);
}

/** The figures, once this holds of them: what is not asked for arrives in its own time. */
const figuresWith = (as: object, holds: (figures: Figures) => boolean): Promise<Figures> => eventually("figures that say so", () => figures(as), holds);

test("what is published is counted once, by category, with its time until the log and the views have it", async () => {
  const as = await tenant("metrics-published");
  await append("desk-1", [note, note, note], as);
  await append("lamp-1", [{ ...note, id: "l-1" }], as);
  const last = await append("lamp-1", [{ ...note, id: "l-1" }], as);
  expect(last.status).toBe(200);
  await get("/v1/events", { ...as, ...newerThan(last) });
  // Whoever brought them into the log need not be in the isolate that moved the views: each tells in its own time.
  const counted = ["rivulet_events_published_total", "rivulet_log_delay_seconds", "rivulet_view_delay_seconds"];
  const isWhole = (found: Figures): boolean => counted.every((name) => valueOf(found, name) === valueOf(found, "rivulet_log_position"));
  const all = await figuresWith(as, (found) => valueOf(found, "rivulet_events_published_total", { category: "desk" }) === 3 && isWhole(found));
  expect(valueOf(all, "rivulet_events_published_total", { category: "desk" })).toBe(3);
  expect(valueOf(all, "rivulet_events_published_total", { category: "lamp" })).toBe(1);
  expect(valueOf(all, "rivulet_requests_total", { operation: "appendEvents", status: "201" })).toBe(2);
  // The tenant's key was made by a request that wrote, too.
  expect(valueOf(all, "rivulet_append_duration_seconds")).toBe(4);
  expect(valueOf(all, "rivulet_duplicates_total", { operation: "appendEvents" })).toBe(1);
  const published = valueOf(all, "rivulet_events_published_total");
  expect(valueOf(all, "rivulet_log_delay_seconds")).toBe(published);
  expect(valueOf(all, "rivulet_log_position")).toBe(published);
  expect(valueOf(all, "rivulet_view_delay_seconds")).toBe(published);
  expect(valueOf(all, "rivulet_view_lag_events")).toBe(0);
  expect(valueOf(all, "rivulet_log_gaps_total")).toBe(0);
  expect(valueOf(all, "rivulet_log_forks_total")).toBe(0);
});

test("what a domain counts is among the figures, once for each of its events", async () => {
  const as = await tenant("metrics-business");
  const order = { customerId: "c-1", items: [{ sku: "tea", quantity: 2, priceCents: 450 }], currency: "EUR" };
  for (const id of ["o-1", "o-2"]) ok(await send("POST", `/v1/aggregates/order/${id}/PlaceOrder`, order, as));
  const all = await figuresWith(as, (found) => valueOf(found, "rivulet_business_total", { counter: "commerce_orders_placed" }) >= 2);
  expect(valueOf(all, "rivulet_business_total", { counter: "commerce_orders_placed" })).toBe(2);
  expect(valueOf(all, "rivulet_business_total", { counter: "commerce_ordered_cents" })).toBe(1_800);
  // Built anew they are the same, and not counted on top of what was there.
  const built = await send("POST", "/v1/projections/rivulet_counters/rebuild", undefined, as);
  expect(built.status).toBe(202);
  const { VIEWS_0: db } = env as unknown as { readonly VIEWS_0: D1Database };
  const live = () => db.prepare("SELECT generation FROM view_generations WHERE tenant = 'metrics-business' AND view = 'rivulet_counters' AND state = 'live'");
  await eventually(
    "the counters to be built anew",
    () => live().first<number>("generation"),
    (generation) => generation === 1,
  );
  expect(valueOf(await figures(as), "rivulet_business_total", { counter: "commerce_ordered_cents" })).toBe(1_800);
});

test("use comes to a bill at list price", async () => {
  const as = await tenant("metrics-billed");
  const written = await append(
    "desk-1",
    Array.from({ length: 10 }, () => note),
    as,
  );
  await get("/v1/events", { ...as, ...newerThan(written) });
  const { bill } = await figuresWith(
    as,
    (found) => valueOf(found, "rivulet_view_rows_written_total") > 0 && valueOf(found, "rivulet_queue_operations_total") > 0,
  );
  const quantity = (item: string): number => bill.items.find((line) => line.item === item)?.quantity ?? 0;
  expect(quantity("object_rows_written")).toBeGreaterThanOrEqual(11);
  expect(quantity("database_rows_written")).toBeGreaterThan(20);
  expect(quantity("queue_operations") % 3).toBe(0);
  // The append, the read, and whoever asked for figures until now.
  expect(quantity("requests")).toBeGreaterThanOrEqual(3);
  // At least the stream that was appended to and the dispatcher that was told.
  expect(valueOf(await figures(as), "rivulet_object_requests_total", { object: "stream" })).toBeGreaterThanOrEqual(2);
  expect(valueOf(await figures(as), "rivulet_object_requests_total", { object: "dispatcher" })).toBeGreaterThanOrEqual(1);
  expect(quantity("object_requests")).toBeGreaterThanOrEqual(3);
  const priceOf = ({ dollars, quantity }: { dollars: number; quantity: number }): string => ((dollars / quantity) * 1_000_000).toFixed(4);
  expect(Object.fromEntries(bill.items.map((line) => [line.item, priceOf(line)]))).toEqual({
    requests: "0.3000",
    object_requests: "0.1500",
    object_rows_written: "1.0000",
    database_rows_written: "1.0000",
    queue_operations: "0.4000",
  });
  expect(bill.total).toBeCloseTo(bill.items.reduce((sum, { dollars }) => sum + dollars, 0));
});

test("a tenant sees its own series only, and needs metrics:read", async () => {
  const one = await tenant("metrics-one");
  const other = await tenant("metrics-other");
  await append("secretcategory-1", [note], one);
  await figuresWith(one, (found) => valueOf(found, "rivulet_events_published_total", { category: "secretcategory" }) === 1);
  for (const path of ["/metrics", "/v1/metrics"]) {
    expect((await get(path, one)).text).toContain("secretcategory");
    expect((await get(path, { ...other, "tenant-id": "metrics-one" })).text).not.toContain("secretcategory");
    const { as } = await makeKey(path.replaceAll("/", "x"), ["streams:read"], {}, { "tenant-id": "metrics-one" });
    expect(expectProblem(await get(path, as), 403, "missing_scope")).toMatchObject({ missingScope: "metrics:read" });
  }
});

test("/metrics says the same as /v1/metrics, in Prometheus' text format", async () => {
  const as = await tenant("metrics-text");
  await append("desk-1", [note], as);
  await figuresWith(as, (found) => valueOf(found, "rivulet_events_published_total", { category: "desk" }) === 1);
  const answer = await get("/metrics", as);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(answer.text).toContain('\nrivulet_events_published_total{category="desk"} 1\n');
  expect(answer.text).toMatch(/\n# TYPE rivulet_log_delay_seconds histogram\nrivulet_log_delay_seconds_bucket\{le="0.005"\} \d+\n/);
  expect(answer.text).toMatch(/\nrivulet_log_delay_seconds_count \d+\n/);
});

test("requests that a limit refuses are counted, and what the bill comes to is a figure as well", async () => {
  const admin = await tenant("metrics-limited");
  const { as } = await makeKey("two", ["streams:read"], { limits: { requests: { limit: 2, periodSeconds: 86_400 } } }, { "tenant-id": "metrics-limited" });
  const answers = [await get("/v1/streams/note-1", as), await get("/v1/streams/note-1", as), await get("/v1/streams/note-1", as)];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 429]);
  const all = await figures(admin);
  expect(valueOf(all, "rivulet_rate_limited_total")).toBe(1);
  expect(valueOf(all, "rivulet_requests_total", { status: "429" })).toBe(1);
  expect(valueOf(all, "rivulet_estimated_cost_dollars")).toBeGreaterThan(0);
  expect(valueOf(all, "rivulet_estimated_cost_dollars")).toBeCloseTo(all.bill.total, 12);
});

test("sagas are told by state, and how long those took that ended", async () => {
  const as = await tenant("metrics-sagas");
  ok(await send("POST", "/v1/aggregates/inventory/tea/Receive", { quantity: 5 }, as));
  const order = { customerId: "c-1", items: [{ sku: "tea", quantity: 2, priceCents: 450 }], currency: "EUR" };
  ok(await send("POST", "/v1/aggregates/order/o-1/PlaceOrder", order, as));
  const own = { saga: "order-fulfilment" };
  const all = await figuresWith(as, (found) => valueOf(found, "rivulet_sagas", { ...own, state: "completed" }) === 1);
  expect(valueOf(all, "rivulet_sagas", { ...own, state: "stuck" })).toBe(0);
  expect(valueOf(all, "rivulet_saga_duration_seconds", { ...own, percentile: "95" })).toBeGreaterThan(0);
});
