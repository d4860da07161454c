import { categoryOf, idOf } from "../../../src/kernel/index.ts";
import { SAGAS } from "./standings.ts";

/** An event of the log, as far as these checks look. */
export interface Fact {
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
}

/** Categories of which a stream has each type of event once: whatever comes twice there was done twice. */
const ONCE: ReadonlySet<string> = new Set(["order", "payment", "user", "profile", "membership", "tenant", "tenant_settings", "video", "subtitle"]);
const ENDS: ReadonlySet<string> = new Set(["saga.Completed", "saga.Compensated", "saga.Cancelled"]);

type Streams = ReadonlyMap<string, readonly Fact[]>;

/** What the streams of different aggregates say against each other, in sentences; none where all of it fits. Orders that wait for their money are `open`. */
export function inconsistencies(log: readonly Fact[], open: ReadonlySet<string> = new Set()): readonly string[] {
  const streams: Streams = Map.groupBy(log, ({ stream }) => stream);
  return [...streams].flatMap(([stream, facts]): readonly string[] => {
    const [category, id] = [categoryOf(stream), idOf(stream)];
    const twice = ONCE.has(category) ? twiceIn(stream, facts, ({ type }) => type) : [];
    if (category === "order") return [...twice, ...ofOrder(streams, id, open.has(id))];
    if (category === "inventory") return [...twice, ...ofStock(streams, id)];
    if (category === "user") return [...twice, ...ofUser(streams, id)];
    if (category === "batch") return [...twice, ...ofBatch(streams, id)];
    if (category === "subtitle") return [...twice, ...ofJob(streams, id)];
    if (category === "tenant") return [...twice, ...ofTenant(streams, id)];
    return SAGAS.some((saga) => saga.category === category) ? ofInstance(stream, facts, category === SAGAS[0]?.category && open.has(id)) : twice;
  });
}

/** Money taken is orders confirmed; an order that is neither confirmed nor open has no stock. */
function ofOrder(streams: Streams, id: string, isOpen: boolean): readonly string[] {
  const isConfirmed = has(streams, `order-${id}`, "commerce.OrderConfirmed") && !has(streams, `order-${id}`, "commerce.OrderCancelled");
  const isCancelled = has(streams, `order-${id}`, "commerce.OrderCancelled");
  const isPaid = has(streams, `payment-${id}`, "commerce.PaymentCaptured") && !has(streams, `payment-${id}`, "commerce.PaymentRefunded");
  const { items = [] } = firstOf(streams, `order-${id}`) as { readonly items?: readonly { readonly sku: string; readonly quantity: number }[] };
  const stock = items.map(({ sku, quantity }) => [stockOf(streams, sku, id), quantity] as const);
  const isAll = (count: (of: StockOfOrder) => number): boolean => stock.every(([of, quantity]) => count(of) === quantity);
  return said([
    [isOpen === (isConfirmed || isCancelled), `the order ${id} is ${isOpen ? "not open any more" : "neither confirmed nor cancelled"}`],
    [isPaid !== isConfirmed, `the order ${id} is ${isConfirmed ? "confirmed" : "not confirmed"}, and its money is ${isPaid ? "" : "not "}taken`],
    [isConfirmed && !isAll(({ left }) => left), `the order ${id} is confirmed, and its goods have not left`],
    [isOpen && !isAll(({ held }) => held), `the order ${id} is open, and its goods are not reserved`],
    [isCancelled && !stock.every(([{ held, left }]) => held + left === 0), `the order ${id} is cancelled, and goods were kept for it`],
  ]);
}

interface StockOfOrder {
  /** Pieces that are reserved, that have left, and how often they were reserved. */
  readonly held: number;
  readonly left: number;
  readonly reserved: number;
}

function stockOf(streams: Streams, sku: string, order: string): StockOfOrder {
  let [held, left, reserved] = [0, 0, 0];
  for (const { type, data } of of(streams, `inventory-${sku}`)) {
    const { orderId, quantity } = data as { readonly orderId?: string; readonly quantity: number };
    if (orderId !== order) continue;
    if (type === "commerce.StockReserved") [held, reserved] = [held + quantity, reserved + 1];
    if (type === "commerce.StockReleased") held -= quantity;
    if (type === "commerce.StockCommitted") [held, left] = [held - quantity, left + quantity];
    if (type === "commerce.StockReturned") left -= quantity;
  }
  return { held, left, reserved };
}

/** Nobody's stock is reserved who placed no order, nor anybody's twice; and there is never less than nothing. */
function ofStock(streams: Streams, sku: string): readonly string[] {
  const facts = of(streams, `inventory-${sku}`);
  const orders = new Set(facts.flatMap(({ data }) => (data as { readonly orderId?: string }).orderId ?? []));
  const received = sum(facts, "commerce.StockReceived");
  return [
    ...said([[sum(facts, "commerce.StockReserved") - sum(facts, "commerce.StockReleased") > received, `more of ${sku} was promised than there is`]]),
    ...[...orders].flatMap((order) =>
      said([
        [!streams.has(`order-${order}`), `${sku} is reserved for ${order}, which nobody placed`],
        [stockOf(streams, sku, order).reserved > 1, `${sku} was reserved more than once for ${order}`],
      ]),
    ),
  ];
}

function sum(facts: readonly Fact[], wanted: string): number {
  return facts.reduce((sum, { type, data }) => sum + (type === wanted ? (data as { readonly quantity: number }).quantity : 0), 0);
}

/** An active user has a profile and a role; nobody else has either. */
function ofUser(streams: Streams, id: string): readonly string[] {
  const isActive = !has(streams, `user-${id}`, "users.UserDeactivated");
  const hasProfile = has(streams, `profile-${id}`, "users.ProfileCreated") && !has(streams, `profile-${id}`, "users.ProfileRemoved");
  const membership = `membership-default:${id}`;
  const hasRole = has(streams, membership, "platform.RoleAssigned") && !has(streams, membership, "platform.RoleRemoved");
  return said([
    [hasProfile !== hasRole, `${id} has ${hasProfile ? "a profile without a role" : "a role without a profile"}`],
    [hasRole !== isActive, `${id} is ${isActive ? "active without a role" : "deactivated with a role"}`],
  ]);
}

/** A tenant is ready, or suspended. */
function ofTenant(streams: Streams, id: string): readonly string[] {
  const settings = `tenant_settings-${id}`;
  const isReady = has(streams, settings, "platform.settings.MarkedReady") && !has(streams, settings, "platform.settings.MarkedUnready");
  const isSuspended = has(streams, `tenant-${id}`, "platform.TenantSuspended");
  return said([[isReady === isSuspended, `the tenant ${id} is ${isReady ? "ready and suspended" : "neither ready nor suspended"}`]]);
}

/** Each of its jobs has ended and is recorded as it ended, once; then the batch is over. */
function ofBatch(streams: Streams, id: string): readonly string[] {
  const facts = of(streams, `batch-${id}`);
  const outcomes = facts.filter(({ type }) => type === "video.BatchOutcomeRecorded");
  const { jobs = [] } = firstOf(streams, `batch-${id}`) as { readonly jobs?: readonly { readonly jobId: string }[] };
  return [
    ...twiceIn(`batch-${id}`, outcomes, ({ data }) => (data as { readonly jobId: string }).jobId),
    ...said([[!has(streams, `batch-${id}`, "video.BatchCompleted"), `the batch ${id} is not over`]]),
    ...jobs.flatMap(({ jobId }) => {
      const [isDone, isFailed] = ["video.ProcessingCompleted", "video.ProcessingFailed"].map((type) => has(streams, `video-${jobId}`, type));
      const outcome = outcomes.find(({ data }) => (data as { readonly jobId: string }).jobId === jobId)?.data as { readonly ok: boolean } | undefined;
      return said([
        [isDone === isFailed, `the job ${jobId} has ${isDone ? "two ends" : "no end"}`],
        [outcome?.ok !== isDone, `the batch ${id} does not know how ${jobId} ended`],
      ]);
    }),
  ];
}

/** A job has one result: found, translated or failed. */
function ofJob(streams: Streams, id: string): readonly string[] {
  const ends = of(streams, `subtitle-${id}`).filter(({ type }) => ["subtitle.ready", "subtitle.translated", "job.failed"].includes(type));
  return said([[ends.length !== 1, `the job ${id} has ${ends.length} ends`]]);
}

/** An instance has one beginning and one end, each step began, was done and was undone once at most, and each call was done once. */
function ofInstance(stream: string, facts: readonly Fact[], isOpen: boolean): readonly string[] {
  const ends = facts.filter(({ type }) => ENDS.has(type)).length;
  const steps = facts.filter(({ type }) => /^saga\.(Started|Step(Started|Done|Undoing|Undone))$/.test(type));
  return [
    ...said([[ends !== (isOpen ? 0 : 1), `${stream} has ${ends} ends`]]),
    ...twiceIn(stream, steps, ({ type, data }) => `${type} ${(data as { readonly step?: string }).step ?? ""}`),
  ];
}

function of(streams: Streams, stream: string): readonly Fact[] {
  return streams.get(stream) ?? [];
}

/** What the first event of a stream says. */
function firstOf(streams: Streams, stream: string): object {
  return (of(streams, stream)[0]?.data ?? {}) as object;
}

function has(streams: Streams, stream: string, type: string): boolean {
  return of(streams, stream).some((fact) => fact.type === type);
}

function twiceIn(stream: string, facts: readonly Fact[], what: (fact: Fact) => string): readonly string[] {
  return [...Map.groupBy(facts, what)].flatMap(([name, those]) => (those.length > 1 ? [`${stream} has ${name} ${those.length} times`] : []));
}

/** The sentences of those that hold. */
function said(sentences: readonly (readonly [holds: boolean, sentence: string])[]): readonly string[] {
  return sentences.flatMap(([holds, sentence]) => (holds ? [sentence] : []));
}
