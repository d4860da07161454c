import * as fc from "fast-check";
import { inventory, order, payment, product } from "../../../../../src/domains/commerce/index.ts";
import { anyCommands } from "./laws.ts";

const word = fc.constantFrom("a", "b");
const cents = fc.constantFrom(0, 1, 2_500, 100_000_000);
const quantity = fc.integer({ min: 1, max: 12 });
const currency = fc.constantFrom(undefined, "EUR", "USD");
const nothing = fc.constant({});
/** Names that every object inherits are names like any other. */
const orders = ["o1", "o2", "constructor", "__proto__"];
const orderId = fc.constantFrom(...orders);

export const productCommands = anyCommands(product, ["p1", "p2"], {
  AddProduct: fc.record({ sku: word, name: word, priceCents: cents, currency }),
  ChangePrice: fc.record({ priceCents: cents }),
  DiscontinueProduct: nothing,
});

export const inventoryCommands = anyCommands(inventory, ["mug", "pot"], {
  Receive: fc.record({ quantity }),
  Reserve: fc.record({ orderId, quantity }),
  Release: fc.record({ orderId }),
  Commit: fc.record({ orderId }),
  Return: fc.record({ orderId }),
  TakeBack: fc.record({ orderId }),
  Adjust: fc.record({ delta: fc.integer({ min: -12, max: 12 }), reason: word }),
  SetLowStockThreshold: fc.record({ threshold: fc.integer({ min: 0, max: 8 }) }),
});

/** What says only how many: a second receipt of five looks like the first. */
export const COUNTS = ["Receive", "Adjust"];

const item = fc.record({ sku: word, quantity, priceCents: fc.integer({ min: 0, max: 9_999 }) });

export const orderCommands = anyCommands(order, orders, {
  PlaceOrder: fc.record({ customerId: word, items: fc.array(item, { maxLength: 3 }), currency }),
  ConfirmOrder: nothing,
  ShipOrder: fc.record({ tracking: word }),
  DeliverOrder: nothing,
  CancelOrder: fc.record({ reason: word }),
});

export const paymentCommands = anyCommands(payment, orders, {
  RequestPayment: fc.record({ amountCents: cents, currency }),
  CapturePayment: fc.record({ reference: word }),
  FailPayment: fc.record({ reason: word }),
  RefundPayment: fc.record({ reason: word }),
});
