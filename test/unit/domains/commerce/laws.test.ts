import * as fc from "fast-check";
import { describe, test } from "vitest";
import { orderSummary, salesPerDay, stock } from "../../../../src/domains/commerce/index.ts";
import { COUNTS, inventoryCommands, orderCommands, paymentCommands, productCommands } from "./support/commands.ts";
import { expectSameInPages, logOf, pageSizes } from "./support/laws.ts";

describe("whatever is sent, in whatever state", () => {
  test.each([
    ["product", productCommands],
    ["inventory", inventoryCommands],
    ["order", orderCommands],
    ["payment", paymentCommands],
  ] as const)("the aggregate %s answers, keeps to its schemas, and decides the same command once", (_, commands) => {
    fc.assert(fc.property(fc.array(commands, { maxLength: 40 }), (sent) => void logOf(sent, COUNTS)));
  });

  test.each([orderSummary, salesPerDay, stock])("the view $name has the same rows in pages of any size", (projection) => {
    const commands = fc.array(fc.oneof(inventoryCommands, orderCommands), { maxLength: 60 });
    fc.assert(fc.property(commands, pageSizes, (sent, sizes) => expectSameInPages(projection, logOf(sent, COUNTS), sizes)));
  });
});
