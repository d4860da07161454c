import { expect, test, vi } from "vitest";
import {
  type Charge,
  order,
  orderEvents,
  payment,
  paymentEvents,
  type PaymentProvider,
  paymentProvider,
  payments,
  type Refund,
} from "../../../src/domains/commerce/index.ts";
import { commandTo } from "../../../src/kernel/index.ts";
import { handlerPorts } from "../../../src/ports/handler-ports.ts";
import { localPayments } from "../../../src/ports/local-payments.ts";
import { localMail } from "../../../src/ports/local-mail.ts";
import { mail } from "../../../src/flows/index.ts";
import { aggregate, behind, givenHandler, happened } from "../../../src/testing/index.ts";

const items = [{ sku: "tea", quantity: 1, priceCents: 100 }];
const placed = (customerId: string) => orderEvents.OrderPlaced({ customerId, items, totalCents: 100, currency: "EUR", placedAt: "2026-01-01T00:00:00.000Z" });
const requested = happened("payment-o1", paymentEvents.PaymentRequested({ amountCents: 100, currency: "EUR" }));
const ports = [behind(paymentProvider, localPayments)];
const of = (customerId: string, ...facts: readonly ReturnType<typeof orderEvents.OrderConfirmed>[]) =>
  givenHandler(payments, { found: [aggregate(order, "o1", placed(customerId), ...facts)], ports, deciders: [payment] }).when(requested);
const charge = { orderId: "o1", customerId: "ann", amountCents: 100, currency: "EUR" };

test("money is taken for an order that waits for it, the same at each attempt", async () => {
  const answer = await localPayments.charge(charge, "test/e1");
  if (!("outcome" in answer) || answer.outcome !== "captured") throw new Error("expected it to be captured");
  await of("ann").thenOnce(commandTo(payment, "o1", "CapturePayment", { reference: answer.reference }));
  expect(await localPayments.charge(charge, "another key")).not.toEqual(answer);
});

test("a customer who is declined fails the payment; one who is silent is waited for; one who answers twice says the same", async () => {
  await of("declined-bob").thenOnce(commandTo(payment, "o1", "FailPayment", { reason: "The card of declined-bob is declined." }));
  await of("silent").thenOnce();
  await of("silent-carl").thenOnce();
  const [one] = [await localPayments.charge({ ...charge, customerId: "twice" }, "test/e1")].flat();
  const capture = commandTo(payment, "o1", "CapturePayment", { reference: one?.outcome === "captured" ? one.reference : "" });
  await of("twice").thenOnce(capture, capture);
  await of("twice-dora").thenOnce(capture, capture);
});

test("payments of orders that do not wait for one are left alone", async () => {
  await of("ann", orderEvents.OrderConfirmed({})).then();
  await givenHandler(payments, { ports }).when(requested).then();
  await givenHandler(payments, { ports })
    .when(happened("note-o1", paymentEvents.PaymentRequested({ amountCents: 100, currency: "EUR" })))
    .then();
});

test("money that is refunded is given back by whoever took it, under one key, and only of an order that there is", async () => {
  const given: (readonly [Refund, string])[] = [];
  const provider: PaymentProvider = { ...localPayments, refund: async (refund, key) => void given.push([refund, key]) };
  const money = aggregate(
    payment,
    "o1",
    paymentEvents.PaymentRequested({ amountCents: 100, currency: "EUR" }),
    paymentEvents.PaymentCaptured({ reference: "r" }),
    paymentEvents.PaymentRefunded({ reason: "too late" }),
  );
  const refunded = happened("payment-o1", paymentEvents.PaymentRefunded({ reason: "too late" }));
  const world = { ports: [behind(paymentProvider, provider)], deciders: [payment] };
  const cancelled = aggregate(order, "o1", placed("ann"), orderEvents.OrderCancelled({ reason: "late" }));
  await givenHandler(payments, { ...world, found: [cancelled, money] })
    .when(refunded)
    .thenOnce();
  expect(new Set(given.map(([, key]) => key)).size).toBe(1);
  expect(given[0]?.[0]).toEqual({ orderId: "o1", reference: "r", amountCents: 100, currency: "EUR" });
  given.length = 0;
  await givenHandler(payments, { ...world, found: [money] })
    .when(refunded)
    .then();
  expect(given).toEqual([]);
  const down: PaymentProvider = { ...localPayments, refund: () => Promise.reject(new Error("no line")) };
  await givenHandler(payments, { found: [cancelled, money], ports: [behind(paymentProvider, down)] })
    .when(refunded)
    .thenFails(/no line/);
  await expect(localPayments.refund({ orderId: "o1", reference: "r", amountCents: 100, currency: "EUR" }, "k")).resolves.toBeUndefined();
});

test("money that an attempt may have taken for an order that is cancelled by now is none of ours: it is cancelled, and the payment fails", async () => {
  const cancelled: (readonly [Charge, string])[] = [];
  const provider: PaymentProvider = {
    ...localPayments,
    charge: () => Promise.reject(new Error("expected no charge of an order that is cancelled")),
    cancel: async (charge, key) => void cancelled.push([charge, key]),
  };
  const gone = aggregate(order, "o1", placed("ann"), orderEvents.OrderCancelled({ reason: "late" }));
  const asked = paymentEvents.PaymentRequested({ amountCents: 100, currency: "EUR" });
  const given = (money: ReturnType<typeof aggregate>) =>
    givenHandler(payments, { found: [gone, money], ports: [behind(paymentProvider, provider)], deciders: [payment] }).when(requested);
  const fail = commandTo(payment, "o1", "FailPayment", { reason: "The order is cancelled." });
  await given(aggregate(payment, "o1", asked)).thenOnce(fail);
  await given(aggregate(payment, "o1", asked, paymentEvents.PaymentFailed({ reason: "too late" }))).thenOnce(fail);
  expect(new Set(cancelled.map(([, key]) => key)).size).toBe(1);
  expect(cancelled[0]?.[0]).toEqual(charge);
  cancelled.length = 0;
  // What was captured has a reference, by which it is given back.
  await given(aggregate(payment, "o1", asked, paymentEvents.PaymentCaptured({ reference: "r" }))).then();
  expect(cancelled).toEqual([]);
  await expect(localPayments.cancel(charge, "k")).resolves.toBeUndefined();
});

test("an order that is cancelled, whenever it is, waits for no money and keeps none", async () => {
  const cancelled = happened("order-o1", orderEvents.OrderCancelled({ reason: "changed my mind" }));
  await givenHandler(payments, { ports, deciders: [payment] })
    .when(cancelled)
    .thenOnce(
      commandTo(payment, "o1", "FailPayment", { reason: "The order is cancelled." }),
      commandTo(payment, "o1", "RefundPayment", { reason: "The order is cancelled." }),
    );
  await givenHandler(payments, { ports })
    .when(happened("note-o1", orderEvents.OrderCancelled({ reason: "changed my mind" })))
    .then();
});

test("the local ones stand behind the ports", async () => {
  const port = handlerPorts({ open: () => ({}) as never });
  expect(port("t", paymentProvider.name)).toBe(localPayments);
  expect(port("t", mail.name)).toBe(localMail);
  expect(await localMail.send({ to: "ann@refused.example", subject: "", text: "" }, "k")).toEqual({
    ok: false,
    reason: "Nobody takes mail for ann@refused.example.",
  });
  expect(await localMail.send({ to: "ann@notrefused.example", subject: "", text: "" }, "k")).toEqual({ ok: true });
});

test("the local mail takes its time for addresses at slow.example", async () => {
  vi.useFakeTimers();
  try {
    let sent: unknown;
    void localMail.send({ to: "ann@slow.example", subject: "", text: "" }, "k").then((mailed) => (sent = mailed));
    await vi.advanceTimersByTimeAsync(999);
    expect(sent).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual({ ok: true });
  } finally {
    vi.useRealTimers();
  }
});
