import { expect, test } from "vitest";
import { type Fact, inconsistencies } from "../../evidence/sagas/consistent.ts";

const fact = (stream: string, type: string, data: object = {}): Fact => ({ stream, type, data });
const order = (id: string, isPaid: boolean): readonly Fact[] => [
  fact(`order-${id}`, "commerce.OrderPlaced", { items: [{ sku: "tea", quantity: 2 }] }),
  fact(`saga_order_fulfilment-${id}`, "saga.Started"),
  fact("inventory-tea", "commerce.StockReserved", { orderId: id, quantity: 2 }),
  fact(`payment-${id}`, "commerce.PaymentRequested"),
  fact(`payment-${id}`, isPaid ? "commerce.PaymentCaptured" : "commerce.PaymentFailed"),
  fact(`order-${id}`, isPaid ? "commerce.OrderConfirmed" : "commerce.OrderCancelled"),
  fact("inventory-tea", isPaid ? "commerce.StockCommitted" : "commerce.StockReleased", { orderId: id, quantity: 2 }),
  fact(`saga_order_fulfilment-${id}`, isPaid ? "saga.Completed" : "saga.Compensated"),
];
const SOUND: readonly Fact[] = [
  fact("inventory-tea", "commerce.StockReceived", { quantity: 10 }),
  ...order("paid", true),
  ...order("declined", false),
  fact("order-open", "commerce.OrderPlaced", { items: [{ sku: "tea", quantity: 2 }] }),
  fact("inventory-tea", "commerce.StockReserved", { orderId: "open", quantity: 2 }),
  fact("user-u", "users.UserRegistered"),
  fact("profile-u", "users.ProfileCreated"),
  fact("membership-default:u", "platform.RoleAssigned"),
  fact("tenant-t", "platform.TenantCreated"),
  fact("tenant_settings-t", "platform.settings.MarkedReady"),
  fact("batch-b", "video.BatchStarted", { jobs: [{ jobId: "b:1" }] }),
  fact("video-b:1", "video.ProcessingFailed"),
  fact("batch-b", "video.BatchOutcomeRecorded", { jobId: "b:1", ok: false }),
  fact("batch-b", "video.BatchCompleted"),
  fact("subtitle-j", "subtitle.download.requested"),
  fact("subtitle-j", "subtitle.ready"),
];
const OPEN = new Set(["open"]);
const without = (stream: string, type: string): readonly Fact[] => SOUND.filter((one) => one.stream !== stream || one.type !== type);

test("streams that fit together are consistent", () => {
  expect(inconsistencies(SOUND, OPEN)).toEqual([]);
});

test.each<[string, readonly Fact[], RegExp]>([
  ["money without an order", without("order-paid", "commerce.OrderConfirmed"), /its money is taken/],
  ["an order without money", without("payment-paid", "commerce.PaymentCaptured"), /its money is not taken/],
  ["goods that stay", without("inventory-tea", "commerce.StockCommitted"), /its goods have not left/],
  ["stock that stays reserved", without("inventory-tea", "commerce.StockReleased"), /goods were kept for it/],
  ["stock for nobody", [...SOUND, fact("inventory-tea", "commerce.StockReserved", { orderId: "x", quantity: 1 })], /which nobody placed/],
  ["stock that is not there", [...SOUND, fact("inventory-tea", "commerce.StockReserved", { orderId: "open", quantity: 9 })], /more of tea was promised/],
  ["stock that is reserved twice", [...SOUND, fact("inventory-tea", "commerce.StockReserved", { orderId: "open", quantity: 2 })], /more than once for open/],
  ["an open order without goods", SOUND.filter(({ data }) => (data as { orderId?: string }).orderId !== "open"), /its goods are not reserved/],
  ["an order that is forgotten", without("order-declined", "commerce.OrderCancelled"), /neither confirmed nor cancelled/],
  ["money that is taken twice", [...SOUND, fact("payment-paid", "commerce.PaymentCaptured")], /PaymentCaptured 2 times/],
  ["a profile without a role", without("membership-default:u", "platform.RoleAssigned"), /a profile without a role/],
  ["a role of nobody", [...SOUND, fact("user-u", "users.UserDeactivated")], /deactivated with a role/],
  ["a tenant that is neither", without("tenant_settings-t", "platform.settings.MarkedReady"), /neither ready nor suspended/],
  ["a batch that is not over", without("batch-b", "video.BatchCompleted"), /is not over/],
  ["an outcome that is not known", without("batch-b", "video.BatchOutcomeRecorded"), /does not know how b:1 ended/],
  ["a job without an end", without("video-b:1", "video.ProcessingFailed"), /has no end/],
  ["a subtitle with two ends", [...SOUND, fact("subtitle-j", "job.failed")], /has 2 ends/],
  ["an instance without an end", without("saga_order_fulfilment-paid", "saga.Completed"), /has 0 ends/],
  ["an instance with two ends", [...SOUND, fact("saga_order_fulfilment-paid", "saga.Compensated")], /has 2 ends/],
  [
    "a step that is done twice",
    [...SOUND, ...[1, 2].map(() => fact("saga_order_fulfilment-paid", "saga.StepDone", { step: "reserve" }))],
    /saga\.StepDone reserve 2 times/,
  ],
])("%s is told", (_, log, message) => {
  expect(inconsistencies(log, OPEN).join("\n")).toMatch(message);
});
