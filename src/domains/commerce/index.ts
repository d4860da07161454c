import { defineModule } from "../../kernel/index.ts";
import { inventory } from "./inventory.ts";
import { order } from "./order.ts";
import { orderSummary } from "./views/order-summary.ts";
import { payment } from "./payment.ts";
import { product } from "./product.ts";
import { salesPerDay } from "./views/sales-per-day.ts";
import { stock } from "./views/stock.ts";

export { type Inventory, inventory, inventoryEvents } from "./inventory.ts";
export { type Order, order, orderEvents } from "./order.ts";
export { orderSummary } from "./views/order-summary.ts";
export { type Payment, payment, paymentEvents } from "./payment.ts";
export { type Product, product, productEvents } from "./product.ts";
export { salesPerDay } from "./views/sales-per-day.ts";
export { stock } from "./views/stock.ts";

/** Selling things: catalogue, stock, orders and their payments. */
export const commerce = defineModule({ name: "commerce", deciders: [product, inventory, order, payment], projections: [orderSummary, stock, salesPerDay] });
