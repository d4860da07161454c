import { defineModule } from "../../kernel/index.ts";
import { orderedCents, ordersCancelled, ordersPlaced } from "./counters.ts";
import { customer } from "./customer.ts";
import { cancelledGoods } from "./handlers/cancelled-goods.ts";
import { commerceAnalytics } from "./handlers/commerce-analytics.ts";
import { inventoryHandler } from "./handlers/inventory.ts";
import { orderLifecycleHandler } from "./handlers/order-lifecycle.ts";
import { payments } from "./handlers/payments.ts";
import { inventory } from "./inventory.ts";
import { order } from "./order.ts";
import { orderLifecycle } from "./order-lifecycle.ts";
import { payment } from "./payment.ts";
import { product } from "./product.ts";
import { restock } from "./restock.ts";
import { orderFulfilment } from "./sagas/order-fulfilment.ts";
import { customerMilestones } from "./views/customer-milestones.ts";
import { customerValue } from "./views/customer-value.ts";
import { lowStockAlerts } from "./views/low-stock-alerts.ts";
import { orderMetrics } from "./views/order-metrics.ts";
import { orderSummary } from "./views/order-summary.ts";
import { productSales } from "./views/product-sales.ts";
import { salesPerDay } from "./views/sales-per-day.ts";
import { stock } from "./views/stock.ts";
import { stockMovements } from "./views/stock-movements.ts";

export { orderedCents, ordersCancelled, ordersPlaced } from "./counters.ts";
export { customer, customerEvents, customerRecordId } from "./customer.ts";
export { cancelledGoods } from "./handlers/cancelled-goods.ts";
export { commerceAnalytics } from "./handlers/commerce-analytics.ts";
export { inventoryHandler } from "./handlers/inventory.ts";
export { orderLifecycleHandler } from "./handlers/order-lifecycle.ts";
export { payments } from "./handlers/payments.ts";
export { type Inventory, inventory, inventoryEvents } from "./inventory.ts";
export { type Order, order, orderEvents } from "./order.ts";
export { orderLifecycle, orderLifecycleEvents } from "./order-lifecycle.ts";
export { type Payment, payment, paymentEvents } from "./payment.ts";
export { type Charge, type ChargeAnswer, paymentProvider, type PaymentProvider, type Refund } from "./payment-provider.ts";
export { type Product, product, productEvents } from "./product.ts";
export { restock, restockEvents } from "./restock.ts";
export { orderFulfilment } from "./sagas/order-fulfilment.ts";
export { customerMilestones } from "./views/customer-milestones.ts";
export { customerValue } from "./views/customer-value.ts";
export { lowStockAlerts } from "./views/low-stock-alerts.ts";
export { orderMetrics } from "./views/order-metrics.ts";
export { orderSummary } from "./views/order-summary.ts";
export { productSales } from "./views/product-sales.ts";
export { salesPerDay } from "./views/sales-per-day.ts";
export { stock } from "./views/stock.ts";
export { stockMovements } from "./views/stock-movements.ts";

/** Selling things: catalogue, stock, orders and their payments, and what can be learned from them. */
export const commerce = defineModule({
  name: "commerce",
  deciders: [product, inventory, order, payment, orderLifecycle, restock, customer],
  projections: [orderSummary, stock, salesPerDay, orderMetrics, stockMovements, lowStockAlerts, customerValue, customerMilestones, productSales],
  handlers: [orderLifecycleHandler, inventoryHandler, payments, cancelledGoods, commerceAnalytics],
  sagas: [orderFulfilment],
  counters: [ordersPlaced, ordersCancelled, orderedCents],
});
