import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "../support/http.ts";
import { deliver, eventOf, idsOf, isNamed, post, putProducer } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const shopify = PRODUCERS["shopify"] as Producer;

beforeAll(async () => {
  await putProducer("shopify", shopify);
});

describe("an event of Shopify", () => {
  const order = '{"id":820982911946154508,"admin_graphql_api_id":"gid:\\/\\/shopify\\/Order\\/820982911946154508"}';
  test("has its topic as type, its shop, resource and id to the digit as stream, and the time it was triggered", async () => {
    await isNamed(
      "shopify",
      shopify,
      { id: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", body: order, headers: { "x-shopify-triggered-at": "2023-03-29T18:00:27.877041743Z" } },
      { type: "shopify.orders.create", stream: "shopify-tea.myshopify.com:orders:820982911946154508", time: "2023-03-29T18:00:27.877041743Z" },
    );
  });

  test("is another than the one of the same act under another topic", async () => {
    const act = { "x-shopify-event-id": "98880550-7158-44d4-b7cd-2c97c8a091b5" };
    await isNamed(
      "shopify",
      shopify,
      { id: "hook-created", body: order, headers: act },
      { type: "shopify.orders.create", stream: "shopify-tea.myshopify.com:orders:820982911946154508" },
    );
    await isNamed(
      "shopify",
      shopify,
      { id: "hook-paid", body: order, headers: { ...act, "x-shopify-topic": "orders/paid" } },
      { type: "shopify.orders.paid", stream: "shopify-tea.myshopify.com:orders:820982911946154508" },
    );
  });

  test("has the event's id where the delivery has none, and the shop as stream where nothing has an id", async () => {
    const answer = await deliver("shopify", shopify, {
      id: "",
      body: '{"shop_id":954889}',
      headers: { "x-shopify-webhook-id": undefined, "x-shopify-event-id": "act-1", "x-shopify-topic": "shop/redact" },
    });
    expect(await eventOf(answer, "shopify")).toMatchObject({ id: "act-1", type: "shopify.shop.redact", stream: "shopify-tea.myshopify.com:shop" });
  });

  test.each(["x-shopify-topic", "x-shopify-webhook-id"])("is 400 without %s", async (name) => {
    expectProblem(await deliver("shopify", shopify, { id: "headless", headers: { [name]: undefined } }), 400, "missing_header");
    expect(await idsOf("shopify")).not.toContain("headless");
  });

  test("signed with two signatures is 401", async () => {
    const { "x-shopify-hmac-sha256": right } = await shopify.sign({ body: order, secret: shopify.secret, timestamp: 0, id: "" });
    for (const signature of [`${right}, ${right}`, `${right} ${right}`, `${right?.slice(0, -1)}`, ` ${right}=`, right?.toLowerCase()])
      expectProblem(await post("shopify", order, { ...shopify.headers("two"), "x-shopify-hmac-sha256": signature }), 401);
  });
});
