import { describe, expect, test } from "vitest";
import { product, productEvents } from "../../../../src/domains/commerce/index.ts";
import { given } from "../../../../src/testing/index.ts";

const mug = { sku: "MUG-1", name: "Mug", priceCents: 900 };
const added = productEvents.ProductAdded({ ...mug, currency: "EUR" });
const changed = productEvents.PriceChanged({ priceCents: 1_000, previousCents: 900 });
const discontinued = productEvents.ProductDiscontinued({});

describe("AddProduct", () => {
  test("adds a product once, in euros unless it says another currency", () => {
    given(product).when("AddProduct", mug).then(added).thenOnce();
    given(product)
      .when("AddProduct", { ...mug, currency: "USD" })
      .then(productEvents.ProductAdded({ ...mug, currency: "USD" }))
      .thenOnce();
  });

  test("again with the same data decides nothing, even when the price has moved or the product is gone", () => {
    given(product, added, changed, discontinued).when("AddProduct", mug).then();
  });

  test.each([{ sku: "MUG-2" }, { name: "Cup" }, { priceCents: 1_000 }, { currency: "USD" }])("again with %o is refused", (other) => {
    given(product, added, changed)
      .when("AddProduct", { ...mug, ...other })
      .thenRejected("already_added");
  });

  test.each([
    { sku: "" },
    { sku: ".." },
    { sku: "a/b" },
    { sku: "x".repeat(201) },
    { name: "" },
    { priceCents: -1 },
    { priceCents: 0.5 },
    { priceCents: 100_000_001 },
    { currency: "euro" },
  ])("is of a sound product, not of %o", (unsound) => {
    expect(product.commands["AddProduct"]?.safeParse({ ...mug, ...unsound }).success).toBe(false);
  });
});

describe("ChangePrice", () => {
  test("changes the price once, and says what it was", () => {
    given(product, added).when("ChangePrice", { priceCents: 1_000 }).then(changed).thenOnce();
  });

  test("to the price that it has decides nothing", () => {
    given(product, added).when("ChangePrice", { priceCents: 900 }).then();
    given(product, added, changed, discontinued).when("ChangePrice", { priceCents: 1_000 }).then();
  });

  test("of a product that is not there, or not offered any more, is refused", () => {
    given(product).when("ChangePrice", { priceCents: 0 }).thenRejected("no_such_product");
    given(product, added, discontinued).when("ChangePrice", { priceCents: 1_000 }).thenRejected("discontinued");
  });
});

describe("DiscontinueProduct", () => {
  test("takes a product out of the catalogue once", () => {
    given(product, added).when("DiscontinueProduct", {}).then(discontinued).thenOnce();
  });

  test("of a product that is not there is refused", () => {
    given(product).when("DiscontinueProduct", {}).thenRejected("no_such_product");
  });
});

test("a product shows itself with the price that it has now", () => {
  const state = [added, changed].reduce((state, fact) => product.evolve(state, fact), product.initialState());
  expect(product.show(state)).toEqual({ ...mug, currency: "EUR", priceCents: 1_000, status: "offered" });
  expect(product.show(product.initialState())).toEqual({ status: "none", priceCents: 0 });
});
