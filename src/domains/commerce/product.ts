import { z } from "zod";
import { canonicalJson, defineDecider, defineEvents, reject } from "../../kernel/index.ts";
import { sku } from "./goods.ts";
import { cents, currency, DEFAULT_CURRENCY } from "./money.ts";

const added = z.object({ sku, name: z.string().min(1).max(200), priceCents: cents, currency });

/** What happens to a product. */
export const productEvents = defineEvents("commerce", {
  ProductAdded: added,
  PriceChanged: z.object({ priceCents: cents, previousCents: cents }),
  ProductDiscontinued: z.object({}),
});

/** A product of the catalogue. */
export interface Product {
  readonly status: "none" | "offered" | "discontinued";
  /** What it was when it was added: by this a repeated AddProduct is known. */
  readonly added?: z.output<typeof added>;
  /** The price now. */
  readonly priceCents: number;
}

/** The aggregate `product`; its id is the product's. */
export const product = defineDecider({
  category: "product",
  events: productEvents,
  commands: {
    AddProduct: added.extend({ currency: currency.default(DEFAULT_CURRENCY) }),
    ChangePrice: z.object({ priceCents: cents }),
    DiscontinueProduct: z.object({}),
  },
  initialState: (): Product => ({ status: "none", priceCents: 0 }),
  evolve: {
    ProductAdded: (_, { data }) => ({ status: "offered", added: data, priceCents: data.priceCents }),
    PriceChanged: (product, { data }) => ({ ...product, priceCents: data.priceCents }),
    ProductDiscontinued: (product) => ({ ...product, status: "discontinued" }),
  },
  decide: {
    AddProduct({ data }, { status, added }) {
      if (status === "none") return productEvents.ProductAdded(data);
      return canonicalJson(data) === canonicalJson(added)
        ? []
        : reject("already_added", "There is a product of this id already, with other data: choose another id, or change its price by ChangePrice.");
    },
    ChangePrice({ data: { priceCents } }, product) {
      if (product.status === "none") return noSuchProduct();
      if (product.priceCents === priceCents) return [];
      if (product.status === "discontinued") return reject("discontinued", "The product is discontinued, so its price stays.");
      return productEvents.PriceChanged({ priceCents, previousCents: product.priceCents });
    },
    DiscontinueProduct(_, { status }) {
      if (status === "none") return noSuchProduct();
      return status === "discontinued" ? [] : productEvents.ProductDiscontinued({});
    },
  },
  show: ({ status, added, priceCents }) => ({ ...added, status, priceCents }),
});

const noSuchProduct = () => reject("no_such_product", "There is no such product: AddProduct makes one.");
