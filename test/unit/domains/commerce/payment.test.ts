import { describe, test } from "vitest";
import { payment, paymentEvents } from "../../../../src/domains/commerce/index.ts";
import { given } from "../../../../src/testing/index.ts";

const requested = paymentEvents.PaymentRequested({ amountCents: 4_300, currency: "EUR" });
const captured = paymentEvents.PaymentCaptured({ reference: "R1" });
const failed = paymentEvents.PaymentFailed({ reason: "declined" });
const refunded = paymentEvents.PaymentRefunded({ reason: "order cancelled" });

const nothing = given(payment);
const isRequested = given(payment, requested);
const isCaptured = given(payment, requested, captured);
const hasFailed = given(payment, requested, failed);
const isRefunded = given(payment, requested, captured, refunded);

describe("RequestPayment", () => {
  test("asks for money once, in euros unless it says another currency", () => {
    nothing.when("RequestPayment", { amountCents: 4_300 }).then(requested).thenOnce();
    nothing
      .when("RequestPayment", { amountCents: 0, currency: "USD" })
      .then(paymentEvents.PaymentRequested({ amountCents: 0, currency: "USD" }))
      .thenOnce();
  });

  test("asks anew after a failure", () => {
    hasFailed.when("RequestPayment", { amountCents: 4_300 }).then(requested).thenState({ status: "requested", amountCents: 4_300, currency: "EUR" }).thenOnce();
  });

  test("of the same amount decides nothing, of another it is refused", () => {
    for (const state of [isRequested, isCaptured, isRefunded]) {
      state.when("RequestPayment", { amountCents: 4_300 }).then();
      state.when("RequestPayment", { amountCents: 4_301 }).thenRejected("already_requested");
      state.when("RequestPayment", { amountCents: 4_300, currency: "USD" }).thenRejected("already_requested");
    }
  });
});

describe("CapturePayment", () => {
  test("takes note of the money once", () => {
    isRequested.when("CapturePayment", { reference: "R1" }).then(captured).thenOnce();
  });

  test("with the same reference decides nothing, with another it is refused", () => {
    for (const state of [isCaptured, isRefunded]) {
      state.when("CapturePayment", { reference: "R1" }).then();
      state.when("CapturePayment", { reference: "R2" }).thenRejected("already_captured");
    }
  });

  test("of a payment that nobody asked for is refused", () => {
    nothing.when("CapturePayment", { reference: "R1" }).thenRejected("no_such_payment");
  });

  test("of a payment that has failed gives the money back at once", () => {
    hasFailed
      .when("CapturePayment", { reference: "R1" })
      .then(captured, paymentEvents.PaymentRefunded({ reason: "It came after the payment had failed." }))
      .thenOnce();
  });
});

describe("FailPayment", () => {
  test("takes note of the failure once, for whatever reason it is said again", () => {
    isRequested.when("FailPayment", { reason: "declined" }).then(failed).thenOnce();
    hasFailed.when("FailPayment", { reason: "no answer" }).then();
  });

  test("of a payment that nobody asked for, or whose money is there, is refused", () => {
    nothing.when("FailPayment", { reason: "declined" }).thenRejected("no_such_payment");
    isCaptured.when("FailPayment", { reason: "declined" }).thenRejected("already_captured");
    isRefunded.when("FailPayment", { reason: "declined" }).thenRejected("already_captured");
  });
});

describe("RefundPayment", () => {
  test("gives the money back once", () => {
    isCaptured.when("RefundPayment", { reason: "order cancelled" }).then(refunded).thenOnce();
    isRefunded.when("RefundPayment", { reason: "another" }).then();
  });

  test("of money that never came is refused", () => {
    for (const state of [nothing, isRequested, hasFailed]) state.when("RefundPayment", { reason: "order cancelled" }).thenRejected("not_captured");
  });
});
