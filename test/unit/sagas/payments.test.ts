import { expect, test } from "vitest";
import { order, orderEvents, payment, paymentEvents, paymentProvider, payments } from "../../../src/domains/commerce/index.ts";
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
  const [one] = [await localPayments.charge({ ...charge, customerId: "twice" }, "test/e1")].flat();
  const capture = commandTo(payment, "o1", "CapturePayment", { reference: one?.outcome === "captured" ? one.reference : "" });
  await of("twice").thenOnce(capture, capture);
});

test("payments of orders that do not wait for one are left alone", async () => {
  await of("ann", orderEvents.OrderConfirmed({})).then();
  await givenHandler(payments, { ports }).when(requested).then();
  await givenHandler(payments, { ports })
    .when(happened("note-o1", paymentEvents.PaymentRequested({ amountCents: 100, currency: "EUR" })))
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
