import { z } from "zod";
import { defineProjection } from "../../../kernel/index.ts";
import { customerEvents } from "../customer.ts";

/** The view `customer_milestones`: whose first order was it, whose hundredth, and who spent how much? */
export const customerMilestones = defineProjection({
  name: "customer_milestones",
  version: 1,
  events: [customerEvents],
  key: "milestoneId",
  row: z.object({
    /** The event's own id. */
    milestoneId: z.string(),
    customerId: z.string(),
    kind: z.enum(["orders", "spent"]),
    /** A number of orders, or whole cents of a currency. */
    value: z.int(),
    currency: z.string().nullable(),
    at: z.iso.datetime(),
  }),
  keyOf: { "commerce.CustomerMilestoneReached": ({ eventId }) => eventId },
  without: "nothing",
  on: { "commerce.CustomerMilestoneReached": (_, { data }) => data },
});
